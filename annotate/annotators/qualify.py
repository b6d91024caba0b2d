"""Compares an annotator's passes over the qualification set with the reference, and shows the ruling for each difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from annotate.annotators import guidelines
from annotate.corpus import store, validate
from annotate.corpus.store import Corpus
from annotate.measure.align import Unit, units
from annotate.model import graph, notation
from annotate.model.issues import AcreError, errors
from annotate.model.records import Annotation, Article, Mark
from annotate.model.schema import MARK_LAYERS, SAME_AS, UNIT_LAYERS, Layer, Schema


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
        matched, reference, given = (
            self.count(counts, layer, label)
            for counts in (self.matched, self.reference, self.given)
        )
        return 2 * matched / (reference + given) if reference + given else None

    @staticmethod
    def count(counts: Counter[tuple[str, str]], layer: str, label: str | None = None) -> int:
        """How many of the counted units are of the layer, and of the label where one is named."""
        return sum(
            number for (of, name), number in counts.items() if of == layer and label in (None, name)
        )


def read_reference(
    folder: Path, corpus: Corpus, schema: Schema
) -> Iterator[tuple[Article, Annotation, dict[str, str]]]:
    """Each article of the set, its reference annotation, and the ruling for each hard mark by id."""
    for path in sorted(folder.glob("*.acre")):
        article = corpus.article("qualification", path.stem)
        if article is None:
            raise AcreError(
                f"{path}: the corpus has no article {path.stem} in its collection qualification;"
                " add it"
            )
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
            raise AcreError(
                f"{path}: it is not valid, so it can't be compared; see what is wrong with: acre"
                " validate"
            )
        ours, theirs = _units(reference), _units(given)
        for counted, counts in (
            (ours, found.reference),
            (theirs, found.given),
            (ours.keys() & theirs.keys(), found.matched),
        ):
            counts.update((unit.layer, unit.label) for unit in counted)
        for unit in sorted(
            ours.keys() ^ theirs.keys(),
            key=lambda unit: (unit.start, unit.end, UNIT_LAYERS.index(unit.layer), unit),
        ):
            missing = unit in ours
            whole, mark = (ours if missing else theirs)[unit]
            shown = _shown(article, reference if missing else given, mark, whole)
            found.differences.append(
                Difference(
                    article.id, unit, missing, shown, _ruling(unit, reference, rulings, tests)
                )
            )
    return found


def _units(annotation: Annotation) -> dict[Unit, tuple[Unit, Mark]]:
    return {unit.bare: (unit, mark) for unit, mark in units(annotation).items()}


def _shown(article: Article, annotation: Annotation, mark: Mark, unit: Unit) -> str:
    """The zone in which the mark stands, in the notation, with the marks that the unit is about and nothing else."""
    zone = next(zone for zone in article.zones if zone.start <= mark.start < zone.end)
    marks, links = graph.disassemble(annotation)
    kept = [
        found.model_copy(
            update={
                "attributes": {
                    name: value
                    for name, value in found.attributes.items()
                    if unit.layer == Layer.ATTRIBUTE and name == unit.label
                }
            }
        )
        for found in marks
        if found.id == mark.id or (found.label, found.start, found.end) == unit.other
    ]
    joining = [
        link
        for link in links
        if link.label == (SAME_AS if unit.layer == Layer.COREFERENCE else unit.label)
    ]
    return notation.excerpt(article.text or "", zone, kept, joining)


def _ruling(
    unit: Unit,
    reference: Annotation,
    rulings: Mapping[str, str],
    tests: Mapping[tuple[str, str], guidelines.Page],
) -> str:
    """The ruling of the reference's mark over the same words, or else the test of the page that is about the unit."""
    # A ruling is about a mark and its answers; what it is linked to is decided by the page of the role or the topic.
    by_mark = unit.layer in (*MARK_LAYERS, Layer.ATTRIBUTE)
    exact = [
        mark.id
        for mark in reference.marks()
        if (mark.start, mark.end) == (unit.start, unit.end) and mark.id in rulings
    ]
    if exact and by_mark:
        return rulings[exact[0]]
    subject = _PAGES.get(unit.label if unit.layer == Layer.ATTRIBUTE else unit.layer, unit.label)
    page = tests.get(
        (_FOLDERS.get(unit.layer, "labels" if subject == unit.label else "topics"), subject)
    )
    return f"{page.kind}/{page.subject}: {page.test}" if page is not None else "see the guidelines"


# The page that decides, where it is not the one of the label itself.
_PAGES = {
    Layer.COREFERENCE: "coreference",
    "min": "quantities",
    "max": "quantities",
    "unit": "quantities",
    "value": "times",
    "distanced": "distance",
    "source_status": "anonymous-and-unattributed",
}
_FOLDERS = {Layer.ARGUMENT: "roles", Layer.ATTRIBUTE: "topics", Layer.COREFERENCE: "topics"}
