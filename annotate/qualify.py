"""Compares an annotator's passes over the qualification set with the reference, and shows the ruling for each difference."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import yaml

from annotate import guidelines, notation, store, validate
from annotate.issues import AcreError, errors
from annotate.model import Annotation, Article, EventMention, Mark
from annotate.schema import Schema
from annotate.store import Corpus

LAYERS = ("mention", "event", "attribution span", "attribute", "argument", "attribution link", "coreference")


class Unit(NamedTuple):
    """One thing that two annotations can agree on: where, what, and what it is linked to; offsets in code points."""

    layer: str
    label: str
    start: int
    end: int
    rest: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Difference:
    """A unit that only the reference has, or only the annotator."""

    article: str
    unit: Unit
    missing: bool
    """In the reference only."""
    shown: str
    """The words around it in the notation, as the one who has it marked it."""
    ruling: str


@dataclass
class Qualification:
    """What came out of the comparison."""

    reference: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Units of the reference, by layer and label."""
    given: Counter[tuple[str, str]] = field(default_factory=Counter)
    matched: Counter[tuple[str, str]] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    unannotated: list[str] = field(default_factory=list)

    def f1(self, layer: str, label: str | None = None) -> float | None:
        """Harmonic mean of precision and recall, over exact matches; None where neither has a unit."""
        total = [
            sum(count for (of, name), count in counts.items() if of == layer and label in (None, name))
            for counts in (self.matched, self.reference, self.given)
        ]
        return 2 * total[0] / (total[1] + total[2]) if total[1] + total[2] else None


def read_reference(
    folder: Path, corpus: Corpus, schema: Schema
) -> Iterator[tuple[Article, Annotation, dict[str, str]]]:
    """Each article of the set, its reference annotation, and the ruling for each hard mark by id."""
    for path in sorted(folder.glob("*.acre")):
        article = corpus.article("qualification", path.stem)
        if article is None:
            raise AcreError(f"{path}: the corpus has no article {path.stem} in its collection qualification; add it")
        example = guidelines.Example(str(path), path.read_text(encoding="utf-8"), False, "")
        parsed, annotation = guidelines.parse(example, schema)
        if parsed.text != article.text:
            raise AcreError(f"{path}: its text is not that of article {path.stem}; restore it")
        rulings = yaml.safe_load(path.with_suffix(".yaml").read_text(encoding="utf-8"))["rulings"]
        yield article, annotation, {str(name): str(ruling) for name, ruling in rulings.items()}


def qualify(annotator: str, folder: Path, corpus: Corpus, schema: Schema) -> Qualification:
    """Compare the annotator's pass over every article of the set with the reference, unit by unit, exactly."""
    found = Qualification()
    tests = {(page.kind, page.subject): page for page in guidelines.read(folder.parent)}
    for article, reference, rulings in read_reference(folder, corpus, schema):
        path = corpus.annotation_path(annotator, article.id)
        if not path.exists():
            found.unannotated.append(article.id)
            continue
        given = store.read_annotation(path)
        if errors(validate.check(given, article, schema)):
            raise AcreError(f"{path}: it is not valid, so it can't be compared; see what is wrong with: acre validate")
        ours, theirs = _units(reference), _units(given)
        for units, counts in (
            (ours, found.reference),
            (theirs, found.given),
            (ours.keys() & theirs.keys(), found.matched),
        ):
            counts.update((unit.layer, unit.label) for unit in units)
        for unit in sorted(
            ours.keys() ^ theirs.keys(), key=lambda unit: (unit.start, unit.end, LAYERS.index(unit.layer), unit)
        ):
            missing = unit in ours
            mark = (ours if missing else theirs)[unit]
            shown = _shown(article, reference if missing else given, mark, unit)
            found.differences.append(
                Difference(article.id, unit, missing, shown, _ruling(unit, reference, rulings, tests))
            )
    return found


def _units(annotation: Annotation) -> dict[Unit, Mark]:
    """Every unit of the annotation, with the mark it hangs on."""
    marks = {mark.id: mark for mark in annotation.marks()}
    units: dict[Unit, Mark] = {}
    layers = {
        **{mark.id: "mention" for mark in annotation.mentions},
        **{mark.id: "event" for mark in annotation.event_mentions},
    }
    for mark in annotation.marks():
        units[Unit(layers.get(mark.id, "attribution span"), mark.label, mark.start, mark.end)] = mark
        for name, value in mark.attributes.items():
            units[Unit("attribute", name, mark.start, mark.end, (str(value),))] = mark
        for label, head in _links(mark):
            other = marks[head]
            layer = "argument" if isinstance(mark, EventMention) else "attribution link"
            units[Unit(layer, label, mark.start, mark.end, (other.start, other.end))] = mark
    for cluster in (*annotation.entities, *annotation.events):
        members = sorted((marks[name] for name in cluster.mentions), key=lambda mark: mark.order)
        for index, one in enumerate(members):
            for other in members[index + 1 :]:
                units[Unit("coreference", "same", one.start, one.end, (other.start, other.end))] = one
    return units


def _links(mark: Mark) -> Iterator[tuple[str, str]]:
    for argument in getattr(mark, "arguments", ()):
        yield argument.role, argument.target
    for label in ("source", "cue"):
        head = getattr(mark, label, None)
        if head is not None:
            yield label, head


def _shown(article: Article, annotation: Annotation, mark: Mark, unit: Unit) -> str:
    """The zone in which the mark stands, in the notation, with the marks that the unit is about and nothing else."""
    text = article.text or ""
    zone = next(zone for zone in article.zones if zone.start <= mark.start < zone.end)
    ends = {mark.id}
    if unit.layer in ("argument", "attribution link"):
        ends |= {head for label, head in _links(mark) if label == unit.label}
    if unit.layer == "coreference":
        ends |= {other.id for other in annotation.marks() if (other.start, other.end) == unit.rest}
    fields: dict[str, list[Mark]] = defaultdict(list)
    inside = [
        found
        for found in annotation.marks()
        if found.id in ends and zone.start <= found.start and found.end <= zone.end
    ]
    for found in inside:
        moved = {"start": found.start - zone.start, "end": found.end - zone.start, "attributes": {}}
        if unit.layer == "attribute" and found.id == mark.id:
            moved["attributes"] = {unit.label: found.attributes[unit.label]}
        if hasattr(found, "arguments"):
            kept = tuple(
                argument for argument in found.arguments if unit.layer == "argument" and argument.role == unit.label
            )
            moved["arguments"] = (
                kept if all(argument.target in {other.id for other in inside} for argument in kept) else ()
            )
        for end in ("source", "cue"):
            if hasattr(found, end) and not (
                unit.layer == "attribution link" and end == unit.label and getattr(found, end) in ends
            ):
                moved[end] = None
        fields[_layer(annotation, found.id)].append(found.model_copy(update=moved))
    only = annotation.model_copy(
        update=dict.fromkeys(annotation.layers(), ()) | {name: tuple(found) for name, found in fields.items()}
    )
    return notation.render(zone.slice(text), only).replace("\n---\n", "\n").rstrip("\n")


def _layer(annotation: Annotation, name: str) -> str:
    return next(
        layer
        for layer, units in annotation.layers().items()
        if any(unit.id == name for unit in units) and layer not in ("entities", "events")
    )


def _ruling(
    unit: Unit, reference: Annotation, rulings: Mapping[str, str], tests: Mapping[tuple[str, str], guidelines.Page]
) -> str:
    """The ruling of the reference's mark over the same words, or else the test of the page that is about the unit."""
    # A ruling is about a mark and its answers; what it is linked to is decided by the page of the role or the topic.
    by_mark = unit.layer in ("mention", "event", "attribution span", "attribute")
    exact = [
        mark.id for mark in reference.marks() if (mark.start, mark.end) == (unit.start, unit.end) and mark.id in rulings
    ]
    if exact and by_mark:
        return rulings[exact[0]]
    subject = _PAGES.get(unit.label if unit.layer == "attribute" else unit.layer, unit.label)
    page = tests.get((_FOLDERS.get(unit.layer, "labels" if subject == unit.label else "topics"), subject))
    return f"{page.kind}/{page.subject}: {page.test}" if page is not None else "see the guidelines"


# The page that decides, where it is not the one of the label itself.
_PAGES = {
    "coreference": "coreference",
    "min": "quantities",
    "max": "quantities",
    "unit": "quantities",
    "value": "times",
    "distanced": "distance",
    "source_status": "anonymous-and-unattributed",
}
_FOLDERS = {"argument": "roles", "attribute": "topics", "coreference": "topics"}
