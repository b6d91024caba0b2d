"""The dataset card, `corpus/README.md`, with its pictures: its figures come from the build that it describes."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from datasets import ClassLabel, List
from huggingface_hub import DatasetCardData

from annotate.corpus.store import SPLITS, Corpus
from annotate.dataset import plots
from annotate.dataset.document import Document
from annotate.dataset.features import CONFIGS
from annotate.measure import agreement
from annotate.measure.coefficients import Estimate
from annotate.measure.disagreements import most_frequent
from annotate.model import tokens
from annotate.model.schema import LINK_LAYERS, MARK_LAYERS, Layer, Schema

TITLE = "ACRE: Attributed Conflict REporting"
_HEAD = ("pretty_name", "language", "license", "task_categories", "tags", "configs")
"""The keys of the YAML head, in their order."""
_TAGS = (
    "event-extraction", "attribution", "quotation", "conflict", "news", "named-entity-recognition", "coreference",
)  # fmt: skip
_LONGEST = 100
_LOOKED_AT = 20
"""Among the rows of how many documents a worked one is looked for."""
MEASURES = {
    MARK_LAYERS: ("F1", "F1 overlap", "α_u"),
    (Layer.ATTRIBUTE,): ("same", "κ"),
    (*LINK_LAYERS, Layer.CLAIM): ("F1", "F1 overlap"),
}
"""By layer, what the card tells of agreement: what is the same whether or not the texts are here."""


@dataclass
class Figures:
    """Counts over the documents of a build."""

    documents: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By collection, how many in each split."""
    annotators: Counter[str] = field(default_factory=Counter)
    """Of passes, gold and its reviews, how many documents each has."""
    adjudicated: Counter[str] = field(default_factory=Counter)
    """By split, how many have gold."""
    read_again: int = 0
    """Of the adjudicated ones, how many somebody has read again by the guidelines that they are under."""
    read_twice: int = 0
    """Of the others, how many a second reader has gone through."""
    code_points: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    labels_of: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """The same by collection."""
    roles: Counter[str] = field(default_factory=Counter)
    layers: Counter[str] = field(default_factory=Counter)
    values: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By choice attribute, how often each value was given."""
    unaligned: dict[str, int] = field(default_factory=dict)
    agreement: agreement.AgreementReport | None = None
    """Of all passes over articles of the dataset that have two or more."""

    def add(self, document: Document, split: str, passes: Sequence[Document] = ()) -> None:
        """Count one document, and the passes over it."""
        article, annotation = document.article, document.annotation
        self.documents[article.collection][split] += 1
        seen = {each.annotation.provenance.annotator for each in (document, *passes)}
        reviews = annotation.provenance.reviews
        seen |= {review.annotator for review in reviews}
        self.annotators.update(seen)
        self.adjudicated[split] += document.adjudicated
        self.read_twice += not document.adjudicated and bool(annotation.provenance.made_from)
        version = annotation.provenance.schema_version
        self.read_again += any(
            review.schema_version == version and not review.lints_only for review in reviews
        )
        self.code_points += article.length
        self.labels.update(mark.label for mark in annotation.marks())
        self.labels_of[article.collection].update(mark.label for mark in annotation.marks())
        for event in annotation.event_mentions:
            self.roles.update(argument.role for argument in event.arguments)
        self.layers.update({layer: len(units) for layer, units in annotation.layers().items()})
        for mark in annotation.marks():
            for name, value in mark.attributes.items():
                self.values[name][str(value)] += 1

    def merge(self, other: Figures) -> None:
        """Count the documents that another counted."""
        for collection, splits in other.documents.items():
            self.documents[collection].update(splits)
        self.annotators.update(other.annotators)
        self.adjudicated.update(other.adjudicated)
        self.read_again += other.read_again
        self.read_twice += other.read_twice
        self.code_points += other.code_points
        self.labels.update(other.labels)
        for collection, labels in other.labels_of.items():
            self.labels_of[collection].update(labels)
        self.roles.update(other.roles)
        self.layers.update(other.layers)
        for name, values in other.values.items():
            self.values[name].update(values)

    @property
    def total(self) -> int:
        """How many documents."""
        return sum(splits.total() for splits in self.documents.values())

    @property
    def splits(self) -> Counter[str]:
        """How many documents in each split."""
        return sum(self.documents.values(), Counter())


class Example(NamedTuple):
    """A row, and how much it shows."""

    points: int
    row: dict[str, Any]


def examples(rows: Mapping[str, Iterable[dict[str, Any]]]) -> dict[str, Example]:
    """By config, of a document's rows the first of those that show most."""
    best: dict[str, Example] = {}
    for config, of_config in rows.items():
        filled = (Example(_filled(row), row) for row in of_config)
        most = max(filled, key=attrgetter("points"), default=None)
        if most is not None:
            best[config] = most
    return best


class Examples:
    """By config, the row that shows most among those of the first documents."""

    def __init__(self) -> None:
        self.best: dict[str, Example] = {}
        self._documents = 0

    def add(self, of_document: Mapping[str, Example]) -> None:
        """The next document's; a document without any counts as well."""
        self._documents += 1
        if self._documents > _LOOKED_AT:
            return
        for config, example in of_document.items():
            if config not in self.best or example.points > self.best[config].points:
                self.best[config] = example


def render(
    figures: Figures,
    worked: Examples,
    corpus: Corpus,
    schema: Schema,
    files: Iterable[Path],
    digests: Mapping[str, str],
) -> dict[str, bytes]:
    """By path in the corpus: the card, with the head that `load_dataset` reads the configs from, and its pictures.

    `digests` are of each config's rows, see `_head`.
    """
    report = figures.agreement if figures.agreement and figures.agreement.documents else None
    version, date = corpus.release()
    pictures = _pictures(figures, report, schema)
    splits = {config.name: _splits(config.name, files) for config in CONFIGS}
    card = _template().render(
        head=_head(licences(figures, corpus), splits, digests).to_yaml(original_order=list(_HEAD)),
        title=TITLE,
        figures=figures,
        schema=schema,
        collections=corpus.collections(),
        annotators=corpus.annotators(),
        machine=_machine(figures, corpus),
        configs=CONFIGS,
        files=splits,
        worked={name: _json(_short(example.row)) for name, example in worked.best.items()},
        agreement=report,
        tables=list(_tables(report)),
        label_tables=list(_tables(report, by_label=True)),
        disagreement_types=most_frequent(report.disagreement_types)[:10] if report else [],
        tokenizer=tokens.version(),
        baselines=corpus.baselines(),
        to_review=corpus.to_review(),
        pictures=pictures,
        version=version,
        date=date,
    )
    return {"README.md": card.encode()} | {
        f"images/{name}.svg": picture for name, picture in pictures.items()
    }


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters |= {"type": type_name, "cell": _cell}
    source = resources.files("annotate.dataset").joinpath("card.md.jinja")
    return environment.from_string(source.read_text(encoding="utf-8"))


def licences(figures: Figures, corpus: Corpus) -> list[str]:
    """SPDX identifiers of the licences of the texts that the dataset ships; those of other texts are in each row."""
    names = [name for name, splits in figures.documents.items() if splits.total()]
    collections = [corpus.collection(name) for name in names]
    return sorted({collection.licence for collection in collections if collection.ships_text})


def _head(
    licences: Sequence[str], splits: Mapping[str, Sequence[str]], digests: Mapping[str, str]
) -> DatasetCardData:
    """What the Hub and `load_dataset` read of the card; `splits` of each config.

    A config's description has a digest of its rows. For a folder, `datasets` compares no more than the head with what
    it has in its cache: with the digest, the rows of an earlier build or of another corpus are not taken for these.
    """
    # The Hub writes SPDX identifiers in lower case, and has one word for all other licences.
    names = sorted(
        {"other" if licence.startswith("LicenseRef-") else licence.lower() for licence in licences}
    )
    configs = []
    for name in filter(splits.get, splits):
        files = [{"split": split, "path": f"data/{name}/{split}.parquet"} for split in splits[name]]
        config: dict[str, Any] = {"config_name": name, "description": f"rows {digests[name][:16]}"}
        if name == "documents":
            config["default"] = True
        configs.append(config | {"data_files": files})
    return DatasetCardData(
        pretty_name=TITLE,
        language=["en"],
        license=names[0] if len(names) == 1 else names or None,
        task_categories=["token-classification"],
        tags=list(_TAGS),
        configs=configs,
    )


def type_name(kind: Any) -> str:
    """A column's type, as a person writes it."""
    if isinstance(kind, List):
        return f"List({type_name(kind.feature)})"
    if isinstance(kind, ClassLabel):
        return f"ClassLabel({len(kind.names)})"
    return "struct" if isinstance(kind, dict) else str(kind.dtype)


def _cell(estimate: Estimate | None) -> str:
    """As `0.85 (0.79–0.90)`: the value and its interval."""
    if estimate is None or estimate.value is None:
        return "–"
    interval = "" if estimate.low is None else f" ({estimate.low:.2f}–{estimate.high:.2f})"
    return f"{estimate.value:.2f}{interval}"


def _tables(
    report: agreement.AgreementReport | None, by_label: bool = False
) -> Iterable[tuple[list[agreement.AgreementRow], tuple[str, ...]]]:
    """Rows of whole layers and of attributes; or, of the layers that have several labels, of each label."""
    for layers, names in MEASURES.items():
        of_layers = [row for row in (report.rows if report else ()) if row.layer in layers]
        rows = [row for row in of_layers if _is_of_label(row) is by_label]
        if rows:
            yield rows, names


def _is_of_label(row: agreement.AgreementRow) -> bool:
    """Whether the row is of one label of a layer; that of an attribute is of a whole attribute."""
    return row.label is not None and row.layer != Layer.ATTRIBUTE


def _pictures(
    figures: Figures, report: agreement.AgreementReport | None, schema: Schema
) -> dict[str, bytes]:
    pictures = {}
    if figures.total:
        collections = {name: splits.total() for name, splits in sorted(figures.documents.items())}
        labels = {name: figures.labels[name] for name in schema.labels if figures.labels[name]}
        pictures["documents"] = plots.bars("Documents by collection", collections)
        pictures["labels"] = plots.bars("Marks by label", labels)
    if report is not None:
        pictures["agreement"] = plots.intervals(
            "Agreement between passes (F1; of answers, the share of equal ones)",
            list(_intervals(report)),
        )
    return pictures


def _intervals(report: agreement.AgreementReport) -> Iterator[plots.Interval]:
    """Of each line of the tables, the first measure."""
    for rows, names in _tables(report):
        for row in rows:
            estimate = row.measures.get(names[0])
            if estimate is None or estimate.value is None:
                continue
            name = f"{row.layer}: {row.label}" if row.label else row.layer
            yield name, estimate.value, estimate.low, estimate.high


def _machine(figures: Figures, corpus: Corpus) -> dict[str, bool]:
    """Of texts and of annotations, whether all of them are machine-made, and whether any is."""
    collections = corpus.collections()
    texts = [collections[name].written_by == "machine" for name in figures.documents]
    annotations = [corpus.kind(name) == "machine" for name in figures.annotators]
    return {
        "texts": any(texts),
        "all_texts": all(texts),
        "annotations": any(annotations),
        "all_annotations": all(annotations),
    }


def _splits(config: str, files: Iterable[Path]) -> list[str]:
    with_rows = {path.stem for path in files if path.parent.name == config}
    return [split for split in SPLITS if split in with_rows]


def _filled(row: dict[str, Any]) -> int:
    """How much of a row is filled: a point for each column that is not empty, and up to 3 for what a list holds."""
    points = 0
    for value in row.values():
        if isinstance(value, list):
            points += min(len(value), 3) + bool(value)
        else:
            points += value is not None and value != ""
    return points


def _json(row: Any) -> str:
    """With each list of words or numbers on one line."""
    written = json.dumps(row, indent=1, ensure_ascii=False)
    return re.sub(r"\[[^\[\]{}]*\]", lambda match: " ".join(match[0].split()), written)


def _short(value: Any) -> Any:
    """A row that can be read: of a list of records the first, of a list of words some, of a long text the start."""
    if isinstance(value, dict):
        return {name: _short(inner) for name, inner in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_short(value[0]), *(["…"] if len(value) > 1 else [])]
    if isinstance(value, list):
        return [*map(_short, value[:12]), *(["…"] if len(value) > 12 else [])]
    return (
        value[: _LONGEST - 1] + "…" if isinstance(value, str) and len(value) > _LONGEST else value
    )
