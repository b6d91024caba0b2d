"""A new corpus: a folder in which `acre add`, `serve`, `load`, `pull` and `build` work at once."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

import yaml

from annotate.corpus import store
from annotate.corpus.store import StoreError
from annotate.model import ids, plain_yaml
from annotate.model.issues import UsageError
from annotate.model.schema import ANY_EVENT, ANY_MENTION

# Of the guidelines: all that is true of any corpus. Migrations and their changelog belong to this project's own.
_GUIDELINES = (
    "schema.yaml", "README.md", "trees.md", "trees.yaml", "labels", "roles", "topics", "trees", "qualification",
)  # fmt: skip
_COLOUR_LUMINANCE = 0.18
"""Relative luminance (WCAG 2.2) at which a colour has a contrast of at least 3 to black and to white."""


def init(folder: Path, labels: Path | None = None) -> list[str]:
    """Make the folder; returns the paths of the files in it, in order.

    `labels` is a YAML file with a label set of one's own: `mentions` and `events`, each a list of names or a mapping
    of names to definitions; a plain list of names is one of mentions. The schema then has those labels, and the
    attribution layer as it is. UsageError where the folder is not empty, or the label set can't be read.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: is not an empty folder; name a new one")
    files = dict(_starter())
    if labels is not None:
        default = plain_yaml.load(files["guidelines/schema.yaml"].decode())
        # Pages, examples and the qualification set are of the labels that are replaced.
        files = {
            name: content
            for name, content in files.items()
            if not name.startswith(("guidelines/", "corpus/articles/qualification/"))
        }
        files["guidelines/schema.yaml"] = _dump(own_schema(default, _label_set(labels)))
    for name, content in sorted(files.items()):
        store.write(folder / name, content)
    return sorted(files)


def _starter() -> Iterator[tuple[str, bytes]]:
    """Path in the new folder and content of each file."""
    starter = resources.files("annotate.corpus").joinpath("starter")
    names = {
        "collections.yaml": "corpus/collections.yaml",
        "annotators.yaml": "corpus/annotators.yaml",
        "gitignore": ".gitignore",
        "sample.txt": "sample.txt",
        "README.md": "README.md",
    }
    for name, target in names.items():
        yield target, starter.joinpath(name).read_bytes()
    for name in _GUIDELINES:
        yield from _files(_shipped("guidelines").joinpath(name), f"guidelines/{name}")
    articles = _shipped("corpus").joinpath("articles", "qualification")
    yield from _files(articles, "corpus/articles/qualification")


def _shipped(folder: str) -> Traversable:
    """A folder of the repository: in a wheel it lies beside the starter's files, in a clone beside the package."""
    packaged = resources.files("annotate.corpus").joinpath("starter", folder)
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / folder


def _files(entry: Traversable, target: str) -> Iterator[tuple[str, bytes]]:
    if entry.is_file():
        yield target, entry.read_bytes()
        return
    for inner in entry.iterdir():
        if not inner.name.startswith("."):
            yield from _files(inner, f"{target}/{inner.name}")


def _label_set(path: Path) -> dict[str, dict[str, str]]:
    """Definitions by name, for `mentions` and `events`."""
    try:
        document = plain_yaml.load(store.read_text(path))
    except StoreError as error:
        raise UsageError(str(error)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = f"{path}: not YAML: {' '.join(str(error).split())}; correct it"
        raise UsageError(message) from None
    sections = document if isinstance(document, dict) else {"mentions": document}
    unknown = sorted(set(map(str, sections)) - {"mentions", "events"})
    if unknown or not sections:
        raise UsageError(
            f"{path}: names {', '.join(unknown) or 'nothing'}; give a list of labels under mentions, events or both",
        )
    return {section: _definitions(path, entries) for section, entries in sections.items()}


def _definitions(path: Path, entries: Any) -> dict[str, str]:
    if isinstance(entries, str):
        entries = entries.split()
    if isinstance(entries, list):
        entries = dict.fromkeys(entries)
    if not isinstance(entries, dict) or not entries:
        raise UsageError(
            f"{path}: a section is no list of labels; write for example: mentions: [person, place]"
        )
    definitions = {}
    for label, definition in entries.items():
        if not isinstance(label, str):
            raise UsageError(
                f"{path}: {label!r} is no name in YAML; put a label such as no, on or 1 in quotes"
            )
        name = ids.label_name(label)
        if not re.match(r"[a-z]", name):
            raise UsageError(
                f"{path}: {label!r} can't be a label's name, which begins with a letter a–z; rename it",
            )
        if name in definitions:
            raise UsageError(f"{path}: {label!r} is there twice, as {name!r}; keep one")
        text = str(definition or "")
        definitions[name] = (
            text if len(text) >= 10 else f"What is labelled {label} in the source corpus."
        )
    return definitions


def own_schema(default: Mapping[str, Any], own: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The default schema with mentions and events of one's own, each with a colour and a key that are free.

    Any mention or event may fill any role of an event. Attributes that no label has any more are left out.
    """
    attribution = {
        name: label
        | {
            "confused_with": [
                other for other in label["confused_with"] if other in default["attribution"]
            ]
        }
        for name, label in default["attribution"].items()
    }
    # `source`, `cue` and `content` of a foreign label set are the attribution layer's.
    sections = {
        section: {
            name: text for name, text in own.get(section, {}).items() if name not in attribution
        }
        for section in ("mentions", "events")
    }
    shared = set(sections["mentions"]) & set(sections["events"])
    if shared:
        raise UsageError(
            f"{', '.join(sorted(shared))}: both a mention and an event; rename one of them"
        )
    attributes = {name: default["attributes"][name] for name in _attributes(default, sections)}
    taken = {label["hotkey"] for label in attribution.values()}
    for attribute in attributes.values():
        taken |= {value["hotkey"] for value in attribute.get("values", {}).values()}
    count = sum(map(len, sections.values()))
    keys = [key for key in _keys() if key not in taken]
    if count > len(keys):
        raise UsageError(f"{count} labels, and {len(keys)} keys are free for them; leave some out")
    looks = zip(
        keys, _colours(count, {label["colour"] for label in attribution.values()}), strict=False
    )
    labels = {
        section: {name: _label(section, text, *next(looks)) for name, text in entries.items()}
        for section, entries in sections.items()
    }
    fillers = [
        kind
        for kind, entries in ((ANY_MENTION, "mentions"), (ANY_EVENT, "events"))
        if labels[entries]
    ]
    for event in labels["events"].values():
        event["roles"] = {
            role: {"fillers": fillers, "gloss": entry["definition"]}
            for role, entry in default["roles"].items()
        }
    return {
        "version": "0.1.0",
        "filler_sets": {},
        **labels,
        "roles": default["roles"],
        "attribution": attribution,
        "links": default["links"],
        "attributes": attributes,
        "zones": default["zones"],
        "silent_zones": default["silent_zones"],
    }


def _attributes(default: Mapping[str, Any], sections: Mapping[str, Any]) -> list[str]:
    """The names of the attributes that stay, in the schema's order: those that a label has."""
    used: set[str] = set().union(
        *(label["attributes"] for label in default["attribution"].values())
    )
    if sections["mentions"]:
        used.add("distanced")
    if sections["events"]:
        used.add("realis")
    return [name for name in default["attributes"] if name in used]


def _label(section: str, definition: str, hotkey: str, colour: str) -> dict[str, Any]:
    label: dict[str, Any] = {
        "definition": definition,
        "colour": colour,
        "hotkey": hotkey,
        "confused_with": [],
    }
    if section == "mentions":
        return label | {"attributes": ["distanced"]}
    crosswalk: dict[str, list[str]] = {
        scheme: [] for scheme in ("acled", "plover", "ucdp_ged", "muc4")
    }
    return label | {
        "attributes": ["realis"],
        "group": "events",
        "roles": {},
        "crosswalk": crosswalk,
    }


def _keys() -> list[str]:
    return [*ascii_lowercase, *digits, *(f"shift+{key.lower()}" for key in ascii_uppercase)]


def _colours(count: int, taken: set[str]) -> list[str]:
    """So many colours of one luminance, as far apart in hue as they can be; none that is taken."""
    colours: list[str] = []
    step = 0
    while len(colours) < count:
        colour = _of_luminance(step / max(count, 1), 0.55 if step % 2 else 0.8)
        if colour not in taken and colour not in colours:
            colours.append(colour)
        step += 1
    return colours


def _of_luminance(hue: float, saturation: float) -> str:
    """The colour of that hue and saturation (HSL) whose relative luminance is nearest to what text needs."""

    def luminance(lightness: float) -> float:
        linear = [
            channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
            for channel in colorsys.hls_to_rgb(hue % 1, lightness, saturation)
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lightness = min(
        (step / 200 for step in range(1, 200)),
        key=lambda lightness: abs(luminance(lightness) - _COLOUR_LUMINANCE),
    )
    channels: Sequence[float] = colorsys.hls_to_rgb(hue % 1, lightness, saturation)
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


class _Plain(yaml.SafeDumper):
    """Writes what occurs twice out twice: the file is for people to edit."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _dump(schema: Mapping[str, Any]) -> bytes:
    options: dict[str, Any] = {"allow_unicode": True, "sort_keys": False, "width": 120}
    return str(yaml.dump(schema, Dumper=_Plain, **options)).encode()
