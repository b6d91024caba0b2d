"""`croissant.json`: the dataset in the terms of Croissant 1.0 (MLCommons), for catalogues and loaders that read it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from datasets import ClassLabel, List

from annotate.dataset.features import CONFIGS, Config, features
from annotate.model.schema import Schema

NAME = "acre"
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TYPES = {"string": "sc:Text", "int64": "sc:Integer", "float64": "sc:Float", "bool": "sc:Boolean"}


def render(
    folder: Path, files: Iterable[Path], schema: Schema, version: str | None, date: str | None
) -> bytes:
    """A record set for each config and split, named `config/split`; labels are numbers, as in the files.

    A list inside a list (the arguments of `documents` and `events`) has no form in Croissant: it is left out here and
    named in its record set's description.
    """
    configs = {config.name: config for config in CONFIGS}
    paths = sorted(files)
    told: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": NAME,
        "description": (
            "News of conflict, annotated with who did what to whom, where and when, and according"
            " to whom."
        ),
        "license": "https://creativecommons.org/licenses/by/4.0/",
        # No `url`: the corpus has no address of its own; who publishes it has one.
        "version": version or "0.0.0",
        **({"datePublished": date} if date else {}),
        "citeAs": f"ACRE: Attributed Conflict REporting{f', version {version}' if version else ''}",
        "distribution": [_file(folder, path) for path in paths],
        "recordSet": [_records(path, configs[path.parent.name], schema) for path in paths],
    }
    return (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()


def _file(folder: Path, path: Path) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": _name(path),
        "name": _name(path),
        "contentUrl": path.as_posix(),
        "encodingFormat": "application/x-parquet",
        "sha256": hashlib.sha256((folder / path).read_bytes()).hexdigest(),
    }


def _name(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}.parquet"


def _records(path: Path, config: Config, schema: Schema) -> dict[str, Any]:
    name = f"{config.name}/{path.stem}"
    about = {column: words for column, (_kind, words) in config.columns(schema).items()}
    fields, deep = [], []
    for column, kind in features(config, schema).items():
        field = _field(f"{name}/{column}", column, kind, _name(path), about[column])
        fields.append(field)
        deep += [f"{column}.{inner}" for inner, found in _inner(kind).items() if _is_nested(found)]
    left = f" Not described here, and in the file: {', '.join(deep)}." if deep else ""
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": (
            f"A row is {config.row}; split {path.stem}. Offsets are half-open code points.{left}"
        ),
        "key": {"@id": f"{name}/id"},
        "field": fields,
    }


def _field(name: str, column: str, kind: Any, file: str, about: str) -> dict[str, Any]:
    field: dict[str, Any] = {"@type": "cr:Field", "@id": name, "name": name, "description": about}
    source = {"fileObject": {"@id": file}, "extract": {"column": column}}
    if _inner(kind):
        field["subField"] = [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{inner}",
                "name": f"{name}/{inner}",
                "dataType": _type(found),
                "source": source | {"transform": {"jsonPath": inner}},
            }
            for inner, found in _inner(kind).items()
            if not _is_nested(found)
        ]
    else:
        field |= {
            "dataType": _type(kind.feature if isinstance(kind, List) else kind),
            "source": source,
        }
    return field | ({"repeated": True} if isinstance(kind, List) else {})


def _inner(kind: Any) -> dict[str, Any]:
    """The fields of a struct, or of a list of structs."""
    found = kind.feature if isinstance(kind, List) else kind
    return dict(found) if isinstance(found, dict) else {}


def _is_nested(kind: Any) -> bool:
    return isinstance(kind, List | dict)


def _type(kind: Any) -> str:
    return "sc:Integer" if isinstance(kind, ClassLabel) else _TYPES[kind.dtype]
