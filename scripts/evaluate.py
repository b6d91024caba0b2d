"""Score extractors on the test split and on real texts; two annotators' passes, scored alike, are the ceiling.

python scripts/evaluate.py build/extractor/lookup.json build/extractor/model-best [--keep]
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from annotate.corpus import store
from annotate.corpus.store import Corpus
from annotate.dataset.scoring import gold_of, token_spans
from annotate.extract import extractors
from annotate.measure import score
from annotate.measure.score import Case, ScoreReport
from annotate.model import schema as schema_
from annotate.model.issues import UsageError
from annotate.model.records import Annotation, Article, Gold
from annotate.model.schema import Schema
from scripts import terminal

ROOT = Path(__file__).parents[1]
CEILING = "passes"
KINDS = ("right", "boundary", "label", "both", "missing", "spurious")
out = Console(highlight=False, width=None)


def evaluate(
    models: Annotated[
        list[str], typer.Argument(help="Folders of trained pipelines, a lookup's .json.")
    ],
    split: Annotated[
        list[str] | None, typer.Option(help="By default test and real; may be given several times.")
    ] = None,
    corpus: Annotated[
        Path, typer.Option(help="The corpus folder, with the texts that are to be read.")
    ] = ROOT / "corpus",
    without: Annotated[
        list[str] | None,
        typer.Option(help="A component of the pipelines to leave out, to see what it is worth."),
    ] = None,
    collection: Annotated[
        list[str] | None,
        typer.Option(help="Only articles of this collection; may be given several times."),
    ] = None,
    keep: Annotated[
        bool, typer.Option(help="Write the scores into the corpus's baselines/, for the card.")
    ] = False,
) -> None:
    """Print precision, recall and F1 with 95 % intervals, layer by layer, and how marks are wrong."""
    if keep and (without or collection):
        raise UsageError(
            "--keep is for whole pipelines on all documents: leave it, or --without and"
            " --collection, out"
        )
    schema, folder = schema_.load(corpus.parent / "guidelines" / "schema.yaml"), Corpus(corpus)
    for name in collection or []:
        folder.collection(name)
    for name in split or ["test", "real"]:
        documents = [
            each
            for each in _documents(folder, name, must_exist=bool(split))
            if not collection or each[0].collection in collection
        ]
        if not documents:
            continue
        passes = [_passes(folder, article) for article, _gold in documents]
        if all(len(annotations) > 1 for annotations in passes):
            pairs = [
                (article, first, second)
                for (article, _gold), (first, second, *_rest) in zip(documents, passes, strict=True)
            ]
            _evaluate(CEILING, name, pairs, schema, folder, keep)
        for model in models:
            extractor = extractors.load(model, corpus, schema, without or [])
            predicted = (
                (article, gold, extractor.predict(article)[0]) for article, gold in documents
            )
            _evaluate(extractor.name, name, predicted, schema, folder, keep)


Documents = Iterable[tuple[Article, Annotation, Annotation]]
"""Articles, each with the annotation that is held to be right, and the one that is scored against it."""


def _documents(corpus: Corpus, split: str, must_exist: bool) -> list[tuple[Article, Gold]]:
    """The articles of a split that can be scored; says so where there is none."""
    documents = list(gold_of(corpus, split))
    if not documents and must_exist:
        raise UsageError(
            f"{corpus.root}: no gold with its text in the split {split}; adjudicate it, or run acre"
            " rehydrate"
        )
    if not documents:
        out.print(
            f"{split}: not scored, none of its texts is here; put them in place with: acre rehydrate"
        )
    return documents


def _passes(corpus: Corpus, article: Article) -> list[Annotation]:
    names = corpus.passes().get(article.id, [])
    return [
        store.read_annotation(corpus.annotation_path(name, article.id)) for name in sorted(names)
    ]


def _evaluate(
    system: str,
    split: str,
    documents: Documents,
    schema: Schema,
    corpus: Corpus,
    keep: bool,
) -> None:
    """Score the third of each against the second, print it, and keep it for the card where that is wanted."""
    error_types: Counter[tuple[str, str]] = Counter()

    def cases() -> Iterator[Case]:
        for article, gold, predicted in documents:
            error_types.update(score.error_types(gold, predicted))
            words = token_spans(corpus, article)
            yield Case(gold, (predicted,), words, article.text, article.language)

    report = score.score(cases(), schema)
    _show(system, split, report, error_types)
    if keep:
        kinds = [
            {"layer": layer, "kind": kind, "count": count}
            for (layer, kind), count in error_types.items()
        ]
        fields = {"system": system, "split": split} | score.fields(report) | {"kinds": kinds}
        path = corpus.baseline_path(f"{system}.{split}")
        store.write(path, (json.dumps(fields, indent=1, ensure_ascii=False) + "\n").encode())
        out.print(f"wrote {path}")


def _show(
    system: str, split: str, report: ScoreReport, error_types: Counter[tuple[str, str]]
) -> None:
    what = "one pass scored against the other" if system == CEILING else "against gold"
    table = Table(
        title=f"{system} on {split}: {report.documents} documents, {what}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    for heading in ("layer", "measure", "P", "R", "F1", "95 %"):
        table.add_column(heading, justify="left" if heading in ("layer", "measure") else "right")
    for row in report.rows:
        if row.label is None and row.averaging == score.MICRO:
            interval = (
                ""
                if row.f1.low is None or row.f1.high is None
                else f"{row.f1.low:.2f}–{row.f1.high:.2f}"
            )
            estimates = (
                "–" if estimate.value is None else f"{estimate.value:.2f}"
                for estimate in (row.precision, row.recall, row.f1)
            )
            table.add_row(row.layer, row.measure, *estimates, interval)
    out.print(table)
    errors = Table(box=box.SIMPLE_HEAD)
    for heading in ("marks", *KINDS):
        errors.add_column(heading, justify="right" if heading != "marks" else "left")
    for layer in dict.fromkeys(layer for layer, _kind in error_types):
        errors.add_row(layer, *(str(error_types[layer, kind]) for kind in KINDS))
    out.print(errors)


if __name__ == "__main__":
    terminal.run(evaluate)
