"""Review sheets go to a folder, each with what to look at beside it, and are read back into gold.

Every step can be run again, and in any order of the files.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from annotate.corpus import store, validate
from annotate.corpus.store import Corpus, StoreError
from annotate.gold import adjudicate, review, sheets
from annotate.model import notation
from annotate.model.issues import AcreError, Issue
from annotate.model.records import Annotation, Article, Gold, Review, UnitCounts
from annotate.model.schema import Layer, Schema

_LINTS = ".lints.txt"
_DIGITS = 10
_WITHHELD = "its text is not here; put it in place with: acre rehydrate"


@dataclass
class ReviewReport:
    """What was written or read back."""

    counts: Counter[str] = field(default_factory=Counter)
    skipped: list[str] = field(default_factory=list)
    """What was asked for and could not be had, and why."""
    units: list[Mapping[Layer, UnitCounts]] = field(default_factory=list)
    """Of each gold that was written now, what its reviews by this reader changed."""


@dataclass(frozen=True)
class Run:
    """One run of the command over a corpus and a folder of sheets."""

    corpus: Corpus
    schema: Schema
    folder: Path
    dry: bool
    notify: Callable[[Issue | str], None]
    report: ReviewReport = field(default_factory=ReviewReport)


def write(run: Run, ids: Collection[str] = ()) -> Iterator[str]:
    """The sheet of each gold, or of those named, with its lints in a file beside it; yields the sheets' paths.

    A sheet that is in the folder is left as it is: somebody may be at it.
    """
    for article, gold in _documents(run, ids or run.corpus.gold_ids()):
        path = run.folder / f"{article.id}{sheets.SUFFIX}"
        if path.exists():
            run.report.counts["sheets that are there already"] += 1
            continue
        yield str(path)
        run.report.counts["sheets written"] += 1
        if not run.dry:
            beside = "\n".join(lints(run.corpus, article, gold, run.schema)) + "\n"
            store.write(path.with_name(article.id + _LINTS), beside.encode())
            store.write(path, notation.render(article.text or "", gold).encode())


def _documents(run: Run, ids: Collection[str]) -> Iterator[tuple[Article, Gold]]:
    """Each article whose text is here, with its gold; of the others it is told why not."""
    for name in sorted(ids):
        try:
            article, gold = run.corpus.find(name), run.corpus.gold(name)
        except StoreError as error:
            run.notify(error.issue)
            continue
        if article is None or gold is None:
            run.report.skipped.append(f"{name}: there is no gold of that id")
        elif article.text is None:
            run.report.skipped.append(f"{name}: {_WITHHELD}")
        else:
            yield article, gold


def lints(corpus: Corpus, article: Article, gold: Gold, schema: Schema) -> Iterator[str]:
    """What a reader must know beside the text, and what rules and migrations found suspicious, a line each."""
    yield f"published: {article.published}; outlet: {article.outlet}"
    for zone in article.zones:
        yield f"zone {zone.kind} {zone.start}–{zone.end}"
    for issue in validate.check(gold, article, schema):
        yield str(issue)
    for row in corpus.to_review_in(article.id):
        yield " ".join(row[1:])


def read(run: Run, reviewer: str, ids: Collection[str] = (), lints_only: bool = False) -> None:
    """Every sheet of the folder, or those named, into gold; where one can't be it is told why, and the rest go on.

    With `lints_only` the reader looked at what lints had found, and no unit counts as read.
    """
    paths = {path.name.removesuffix(sheets.SUFFIX): path for path in _sheets(run.folder)}
    missing = sorted(set(ids) - paths.keys())
    run.report.skipped += [f"{name}: there is no sheet of it in {run.folder}" for name in missing]
    for article, gold in _documents(run, set(ids) & paths.keys() if ids else paths.keys()):
        path = paths[article.id]
        try:
            _read(run, path, article, gold, reviewer, lints_only)
        except AcreError as error:
            run.notify(sheets.issue_of(str(path), error))


def _sheets(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{sheets.SUFFIX}"))


def _read(
    run: Run, path: Path, article: Article, gold: Gold, reviewer: str, lints_only: bool
) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:_DIGITS]
    if any(digest in earlier.sheets for earlier in gold.provenance.reviews):
        run.report.counts["sheets read back before"] += 1
        _settle(run, article)
        return
    questions = adjudicate.sheet_schema(run.schema)
    made = sheets.provenance_of_file(path, run.corpus, reviewer, questions)
    filled = sheets.parse_file(path, article.id, article, questions, made)
    after, issues = review.decide(
        article,
        gold,
        filled,
        _passes(run.corpus, gold),
        run.schema,
        Review(
            annotator=reviewer,
            kind=made.kind,
            schema_version=run.schema.version,
            updated=made.updated,
            sheets=(digest,),
            lints_only=lints_only,
        ),
    )
    for issue in issues:
        run.notify(Issue(f"{path}: {issue.where}", issue.code, issue.message, issue.severity))
    if after is None:
        return
    run.report.counts["sheets read back"] += 1
    run.report.units.append(after.provenance.reviews[-1].units)
    run.notify(f"gold/{article.id}.json")
    if not run.dry:
        run.corpus.write_annotation(after, article)
    _settle(run, article)


def _settle(run: Run, article: Article) -> None:
    """Take the article out of the lists of what is to be looked at; again, where a run was cut off before it."""
    rows = len(run.corpus.to_review_in(article.id))
    run.report.counts["marks taken out of the lists of reviews/"] += rows
    if rows and not run.dry:
        run.corpus.settle_reviews(article.id)


def _passes(corpus: Corpus, gold: Gold) -> list[Annotation]:
    """The passes that gold was made from; StoreError where one is not there."""
    passes = []
    for annotator in gold.provenance.made_from:
        passes.append(store.read_annotation(corpus.annotation_path(annotator, gold.article)))
    return passes


def reviewed(
    corpus: Corpus, ids: Collection[str] = (), reviewer: str | None = None
) -> Iterator[tuple[str, list[Review]]]:
    """By article, the reviews of its gold, of all or of those named; with `reviewer`, that reader's alone."""
    for name in sorted(ids or corpus.gold_ids()):
        gold = corpus.gold(name)
        if gold is not None:
            reviews = gold.provenance.reviews
            yield name, [each for each in reviews if reviewer in (None, each.annotator)]
