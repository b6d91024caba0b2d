"""Score extractors on the test split and on real texts, with the passes of two annotators scored in the same way as a ceiling.

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

from annotate import cli
from annotate.corpus import splits, store
from annotate.corpus.store import Corpus
from annotate.extract import extractors
from annotate.measure import score
from annotate.measure.score import Case, Report
from annotate.model import schema as schema_
from annotate.model import tokens
from annotate.model.issues import UsageError
from annotate.model.records import Annotation, Article, Gold, Span
from annotate.model.schema import Schema

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
    keep: Annotated[
        bool, typer.Option(help="Write what was found into the corpus's baselines/, for the card.")
    ] = False,
) -> None:
    """Print precision, recall and F1 with 95 % intervals, layer by layer, and how marks are wrong."""
    if keep and without:
        raise UsageError("--keep is for whole pipelines: leave it, or --without, out")
    schema, folder = schema_.load(corpus.parent / "guidelines" / "schema.yaml"), Corpus(corpus)
    for name in split or ["test", "real"]:
        documents = list(gold_of(folder, name))
        if not documents and split:
            raise UsageError(
                f"{corpus}: no gold with its text in the split {name}; adjudicate it, or run acre"
                " rehydrate"
            )
        if not documents:
            out.print(
                f"{name}: not scored, none of its texts is here; put them in place with: acre"
                " rehydrate"
            )
            continue
        passes = [_passes(folder, article) for article, _gold_of in documents]
        if all(len(found) > 1 for found in passes):
            _tell(
                CEILING,
                name,
                (
                    (article, found[0], found[1])
                    for (article, _), found in zip(documents, passes, strict=True)
                ),
                schema,
                folder,
                keep,
            )
        for model in models:
            extractor = extractors.load(model, corpus, schema, without or [])
            told = ((article, gold, extractor.predict(article)[0]) for article, gold in documents)
            _tell(extractor.name, name, told, schema, folder, keep)


def gold_of(corpus: Corpus, split: str) -> Iterator[tuple[Article, Gold]]:
    """The articles of a split that have gold, and whose text is there."""
    places, collections = corpus.splits(), corpus.collections()
    for article in corpus.articles():
        gold = corpus.gold(article.id)
        is_news = collections[article.collection].text_kind == "news"
        if (
            gold is not None
            and article.text is not None
            and splits.of(article.id, is_news, places) == split
        ):
            yield article, gold


def _passes(corpus: Corpus, article: Article) -> list[Annotation]:
    names = corpus.passes().get(article.id, [])
    return [
        store.read_annotation(corpus.annotation_path(name, article.id)) for name in sorted(names)
    ]


def _tell(
    system: str,
    split: str,
    documents: Iterable[tuple[Article, Annotation, Annotation]],
    schema: Schema,
    corpus: Corpus,
    keep: bool,
) -> None:
    faults: Counter[tuple[str, str]] = Counter()

    def cases() -> Iterator[Case]:
        for article, gold, told in documents:
            faults.update(score.faults(gold, told))
            words = tuple(
                Span(start=a, end=b) for cut in tokens.sentences(article) for a, b in cut.tokens
            )
            yield Case(gold, (told,), words)

    report = score.score(cases(), schema)
    _show(system, split, report, faults)
    if keep:
        kinds = [
            {"layer": layer, "kind": kind, "count": count}
            for (layer, kind), count in faults.items()
        ]
        found = {"system": system, "split": split} | score.fields(report) | {"kinds": kinds}
        path = corpus.root / "baselines" / f"{system}.{split}.json"
        store.write(path, (json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode())
        out.print(f"wrote {path}")


def _show(system: str, split: str, report: Report, faults: Counter[tuple[str, str]]) -> None:
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
            shown = (
                "–" if found.value is None else f"{found.value:.2f}"
                for found in (row.precision, row.recall, row.f1)
            )
            table.add_row(row.layer, row.measure, *shown, interval)
    out.print(table)
    wrong = Table(box=box.SIMPLE_HEAD)
    for heading in ("marks", *KINDS):
        wrong.add_column(heading, justify="right" if heading != "marks" else "left")
    for layer in dict.fromkeys(layer for layer, _kind in faults):
        wrong.add_row(layer, *(str(faults[layer, kind]) for kind in KINDS))
    out.print(wrong)


if __name__ == "__main__":
    cli.run("evaluate", lambda: typer.run(evaluate))
