"""`croissant.json`: the dataset in the terms of Croissant 1.0 (MLCommons), for catalogues and loaders that read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from datasets import ClassLabel, List

from annotate.corpus import files
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


class About(NamedTuple):
    """What a catalogue says of the whole dataset."""

    title: str
    licences: Sequence[str]
    """SPDX identifiers."""
    version: str | None
    date: str | None
    """Of the version, as ISO 8601."""


def render(folder: Path, files: Iterable[Path], schema: Schema, about: About) -> bytes:
    """A record set for each config and split, named `config/split`; labels are numbers, as in the files.

    A list inside a list (the arguments of `documents` and `events`) has no form in Croissant: it is left out here and
    named in its record set's description.
    """
    configs = {config.name: config for config in CONFIGS}
    paths = sorted(files)
    licences = [licence_url(licence) for licence in about.licences]
    dataset: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": NAME,
        "description": (
            "News of conflict, annotated with who did what to whom, where and when, and according"
            " to whom."
        ),
        **({"license": licences[0] if len(licences) == 1 else licences} if licences else {}),
        # No `url`: the corpus has no address of its own; who publishes it has one.
        "version": about.version or "0.0.0",
        **({"datePublished": about.date} if about.date else {}),
        "citeAs": about.title + (f", version {about.version}" if about.version else ""),
        "distribution": [_file(folder, path) for path in paths],
        "recordSet": [_records(path, configs[path.parent.name], schema) for path in paths],
    }
    return (json.dumps(dataset, indent=1, ensure_ascii=False) + "\n").encode()


def licence_url(licence: str) -> str:
    """The address of a licence by its SPDX identifier; what is none, as `LicenseRef-…`, stays as it is.

    `CC-BY-4.0` is `https://creativecommons.org/licenses/by/4.0/`, where the licence itself stands.
    """
    creative_commons = re.fullmatch(r"CC-(BY[A-Z-]*)-(\d\.\d)", licence)
    if creative_commons:
        kind, version = creative_commons[1].lower(), creative_commons[2]
        return f"https://creativecommons.org/licenses/{kind}/{version}/"
    if licence == "other" or licence.startswith("LicenseRef-"):
        return licence
    return f"https://spdx.org/licenses/{licence}.html"


def _file(folder: Path, path: Path) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": _name(path),
        "name": _name(path),
        "contentUrl": path.as_posix(),
        "encodingFormat": "application/x-parquet",
        "sha256": files.digest(folder / path),
    }


def _name(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}.parquet"


def _records(path: Path, config: Config, schema: Schema) -> dict[str, Any]:
    name = f"{config.name}/{path.stem}"
    about = {column: words for column, (_kind, words) in config.columns(schema).items()}
    fields: list[dict[str, Any]] = []
    deep: list[str] = []
    for column, kind in features(config, schema).items():
        field = _field(f"{name}/{column}", column, kind, _name(path), about[column])
        fields.append(field)
        inner_kinds = _inner(kind).items()
        deep += [f"{column}.{inner}" for inner, of_inner in inner_kinds if _is_nested(of_inner)]
    omitted = f" Not described here, and in the file: {', '.join(deep)}." if deep else ""
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": (
            f"A row is {config.row}; split {path.stem}. Offsets are half-open code points.{omitted}"
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
                "dataType": _type(inner_kind),
                "source": source | {"transform": {"jsonPath": inner}},
            }
            for inner, inner_kind in _inner(kind).items()
            if not _is_nested(inner_kind)
        ]
    else:
        field |= {
            "dataType": _type(kind.feature if isinstance(kind, List) else kind),
            "source": source,
        }
    return field | ({"repeated": True} if isinstance(kind, List) else {})


def _inner(kind: Any) -> dict[str, Any]:
    """The fields of a struct, or of a list of structs."""
    element = kind.feature if isinstance(kind, List) else kind
    return dict(element) if isinstance(element, dict) else {}


def _is_nested(kind: Any) -> bool:
    return isinstance(kind, List | dict)


def _type(kind: Any) -> str:
    return "sc:Integer" if isinstance(kind, ClassLabel) else _TYPES[kind.dtype]
