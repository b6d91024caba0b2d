"""Compares an annotator's passes over the qualification set with the reference, with a ruling for each difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from annotate.annotators import guidelines
from annotate.corpus import store, validate
from annotate.corpus.store import Corpus
from annotate.measure.align import Unit, mark_key, units
from annotate.model import graph, notation, plain_yaml
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
        matched = self.count(self.matched, layer, label)
        units = self.count(self.reference, layer, label) + self.count(self.given, layer, label)
        return 2 * matched / units if units else None

    @staticmethod
    def count(counts: Counter[tuple[str, str]], layer: str, label: str | None = None) -> int:
        """How many of the counted units are of the layer, and of the label where one is named."""
        if label is not None:
            return counts[layer, label]
        return sum(number for (of, _label), number in counts.items() if of == layer)


def read_reference(
    folder: Path, corpus: Corpus, schema: Schema
) -> Iterator[tuple[Article, Annotation, dict[str, str]]]:
    """Each article of the set, its reference annotation, and the ruling for each hard mark by id.

    The articles are in the collection that has the folder's name.
    """
    for path in sorted(folder.glob("*.acre")):
        article = corpus.article(folder.name, path.stem)
        if article is None:
            raise AcreError(
                f"{path}: the corpus has no article {path.stem} in its collection {folder.name};"
                " add it"
            )
        example = guidelines.Example(str(path), path.read_text(encoding="utf-8"), False, "")
        parsed, annotation = guidelines.parse(example, schema)
        if parsed.text != article.text:
            raise AcreError(f"{path}: its text is not that of article {path.stem}; restore it")
        rulings = plain_yaml.load(path.with_suffix(".yaml").read_text(encoding="utf-8"))["rulings"]
        yield article, annotation, {str(name): str(ruling) for name, ruling in rulings.items()}


def qualify(annotator: str, folder: Path, corpus: Corpus, schema: Schema) -> Qualification:
    """Compare the annotator's pass over every article of the set with the reference, unit by unit, exactly."""
    result = Qualification()
    pages = _pages(folder.parent)
    for article, reference, rulings in read_reference(folder, corpus, schema):
        path = corpus.annotation_path(annotator, article.id)
        if not path.exists():
            result.unannotated.append(article.id)
            continue
        annotation = store.read_annotation(path)
        if errors(validate.check(annotation, article, schema)):
            raise AcreError(
                f"{path}: it is not valid, so it can't be compared; see what is wrong with: acre"
                " validate"
            )
        ours, theirs = _units(reference), _units(annotation)
        result.reference.update(_layers_and_labels(ours))
        result.given.update(_layers_and_labels(theirs))
        result.matched.update(_layers_and_labels(ours.keys() & theirs.keys()))
        for unit in sorted(ours.keys() ^ theirs.keys(), key=_order):
            is_missing = unit in ours
            whole, mark = ours[unit] if is_missing else theirs[unit]
            shown = _shown(article, reference if is_missing else annotation, mark, whole)
            ruling = _ruling(unit, reference, rulings, pages)
            result.differences.append(Difference(article.id, unit, is_missing, shown, ruling))
    return result


def _layers_and_labels(units: Iterable[Unit]) -> Iterator[tuple[str, str]]:
    return ((unit.layer, unit.label) for unit in units)


def _order(unit: Unit) -> tuple[int, int, int, Unit]:
    return unit.start, unit.end, UNIT_LAYERS.index(unit.layer), unit


def _units(annotation: Annotation) -> dict[Unit, tuple[Unit, Mark]]:
    return {unit.bare: (unit, mark) for unit, mark in units(annotation).items()}


def _shown(article: Article, annotation: Annotation, mark: Mark, unit: Unit) -> str:
    """The zone in which the mark stands, in the notation, with the marks that the unit is about and nothing else."""
    zone = next(zone for zone in article.zones if zone.start <= mark.start < zone.end)
    marks, links = graph.disassemble(annotation)
    label = unit.label if unit.layer == Layer.ATTRIBUTE else None
    concerned = []
    for candidate in marks:
        if candidate.id == mark.id or mark_key(candidate) == unit.other:
            attributes = {
                name: value for name, value in candidate.attributes.items() if name == label
            }
            concerned.append(candidate.model_copy(update={"attributes": attributes}))
    link_label = SAME_AS if unit.layer == Layer.COREFERENCE else unit.label
    joining = [link for link in links if link.label == link_label]
    return notation.excerpt(article.text or "", zone, concerned, joining)


_Pages = Mapping[tuple[str, str], guidelines.Page]
"""By folder, and by what the page decides: its subject, or an attribute that the page names."""


def _pages(folder: Path) -> _Pages:
    pages = {}
    for page in guidelines.read(folder):
        for name in (page.subject, *page.decides):
            pages[page.kind, name] = page
    return pages


def _ruling(unit: Unit, reference: Annotation, rulings: Mapping[str, str], pages: _Pages) -> str:
    """The ruling of the reference's mark over the same words, or else the test of the page that is about the unit."""
    # A ruling is about a mark and its answers; what it is linked to is decided by the page of the role or the topic.
    if unit.layer in (*MARK_LAYERS, Layer.ATTRIBUTE):
        for mark in reference.marks():
            if (mark.start, mark.end) == (unit.start, unit.end) and mark.id in rulings:
                return rulings[mark.id]
    page = pages.get(_deciding(unit))
    return f"{page.kind}/{page.subject}: {page.test}" if page is not None else "see the guidelines"


def _deciding(unit: Unit) -> tuple[str, str]:
    """Folder and subject of the page that decides the unit."""
    match unit.layer:
        case Layer.ARGUMENT:
            return "roles", unit.label
        case Layer.ATTRIBUTE:
            return "topics", unit.label
        case Layer.COREFERENCE:
            return "topics", Layer.COREFERENCE
        case _:
            return "labels", unit.label
