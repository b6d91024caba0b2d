"""Sheets go to the adjudicator, at a desk or in a folder, come back filled, and become gold.

Every step can be run again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotate.corpus import store
from annotate.corpus.files import UNREADABLE
from annotate.corpus.store import Corpus, StoreError
from annotate.gold import adjudicate
from annotate.model import notation
from annotate.model.issues import AcreError, Issue, Severity, errors
from annotate.model.records import Annotation, Article, Gold, Provenance, Review
from annotate.model.schema import Schema
from annotate.model.text import difference

NOBODY = "merge"
"""Stands as the annotator of gold in which nobody had to decide anything."""
SUFFIX = ".acre"


@dataclass(frozen=True)
class Filled:
    """A sheet as it came back."""

    name: str
    """`<article>.<hash>`: which sheet it is."""
    where: str
    annotation: Annotation | None
    """None where it is out and nothing came back yet."""
    issues: tuple[Issue, ...] = ()


@dataclass
class AdjudicationReport:
    """What became of each article with two passes or more."""

    counts: Counter[str] = field(default_factory=Counter)
    open: dict[str, int] = field(default_factory=dict)
    """By article, how many choices are to be made."""
    origins: Counter[str] = field(default_factory=Counter)
    """Units of all gold, by where they came from."""
    unknown: set[str] = field(default_factory=set)
    """Articles that were named and do not have two passes."""


@dataclass(frozen=True)
class Sources:
    """What a sheet was made from."""

    passes: tuple[Annotation, ...]
    prior: Gold | None
    majority: bool


@dataclass(frozen=True)
class Run:
    """One run of the command over a corpus."""

    corpus: Corpus
    schema: Schema
    adjudicator: str
    majority: bool
    dry: bool
    notify: Callable[[Issue | str], None]
    report: AdjudicationReport = field(default_factory=AdjudicationReport)


def due(
    run: Run,
    documents: Iterator[tuple[Article, list[Annotation]]],
    early: bool,
    ids: Collection[str] = (),
) -> Iterator[tuple[Article, list[Annotation]]]:
    """Those of the articles for which no assigned pass is missing, or all if `early`; with `ids`, only of these."""
    assigned = {} if early else run.corpus.assignments()
    run.report.unknown = set(ids)
    for article, passes in documents:
        if ids and article.id not in ids:
            continue
        run.report.unknown.discard(article.id)
        if all(annotation.provenance.started_from is not None for annotation in passes):
            # What all were offered, all may have left unread.
            run.report.counts[
                "articles whose passes all began with suggestions: they need one that did not"
            ] += 1
        elif set(assigned.get(article.id, ())) <= set(_annotators(passes)):
            yield article, passes
        else:
            run.report.counts["articles that wait for a pass"] += 1


def _annotators(passes: Sequence[Annotation]) -> tuple[str, ...]:
    return tuple(sorted(annotation.provenance.annotator for annotation in passes))


def gold_of(
    run: Run, documents: Iterator[tuple[Article, list[Annotation]]], filled: Iterator[Filled]
) -> Iterator[tuple[str, Article, adjudicate.Sheet]]:
    """Write what filled sheets decide, then the gold of every article in which nothing is open.

    Yields the sheet of each article in which something is: its name, the article, the sheet. An article for which a
    sheet is still out, unfilled, gets no second one.
    """
    waiting = {_take_or_tell(run, sheet) for sheet in filled}
    for article, passes in documents:
        run.report.counts["articles with several passes"] += 1
        try:
            prior = run.corpus.gold(article.id)
        except StoreError as error:
            run.notify(error.issue)
            continue
        sheet = adjudicate.merge(article, passes, run.schema, prior, run.majority)
        if not sheet.choices:
            _write(run, article, passes, prior, sheet)
        else:
            run.report.open[article.id] = len(sheet.choices)
            run.report.counts["choices to make"] += len(sheet.choices)
            if article.id not in waiting:
                name = _keep(run, article, Sources(tuple(passes), prior, run.majority))
                yield name, article, sheet
        gold = run.corpus.gold(article.id)
        if gold is not None:
            run.report.origins.update(decision.origin for decision in gold.decisions)


def _take_or_tell(run: Run, filled: Filled) -> str | None:
    """As `_take`; of a sheet that can't be taken the reason is told, and the others go on."""
    try:
        return _take(run, filled)
    except AcreError as error:
        run.notify(issue_of(filled.where, error))
        return filled.name.partition(".")[0]


def issue_of(where: str, error: AcreError) -> Issue:
    """The error as a finding about the sheet."""
    if isinstance(error, StoreError):
        return error.issue
    return Issue(where, "file-unreadable", str(error).removeprefix(f"{where}: "))


def _take(run: Run, filled: Filled) -> str | None:
    """Make gold of a filled sheet where it still counts; the article's id where the sheet is out and not finished."""
    article_id = filled.name.partition(".")[0]
    sources, current = sources_of(run.corpus, filled.name), run.corpus.gold(article_id)
    if sources is None:
        run.notify(Issue(filled.where, "sheet-unknown", _UNKNOWN))
        return None
    is_its_own = current is not None and current.sheet == filled.name
    if is_its_own and current is not None and current.provenance.reviews != _reviews(sources.prior):
        is_its_own = False  # it was read again since: what the review changed stays
    if filled.annotation is None:
        return article_id if current == sources.prior else None
    updated = filled.annotation.provenance.updated
    is_newer = current is None or updated > current.provenance.updated
    if current != sources.prior and not is_its_own:
        if current is not None and is_newer:
            run.notify(Issue(filled.where, "sheet-stale", _STALE, Severity.WARNING))
        return None
    if is_its_own and not is_newer:
        return None  # taken already, and not touched since
    return _gold_of_filled(run, filled, filled.annotation, sources)


_UNKNOWN = (
    "what it was made from is not kept in this copy of the corpus; run acre adjudicate where the"
    " sheet was made"
)
_STALE = (
    "gold was changed otherwise after this sheet was made; it was not taken: fill the newest sheet"
)


def _reviews(prior: Gold | None) -> tuple[Review, ...]:
    return prior.provenance.reviews if prior else ()


def _gold_of_filled(
    run: Run, filled: Filled, annotation: Annotation, sources: Sources
) -> str | None:
    """Write the gold that the sheet decides; the article's id where something stands against it."""
    article = article_of(run.corpus, sources.passes[0])
    gold, issues = None, list(filled.issues)
    if not errors(issues):
        origin = annotation if sources.prior is None else sources.prior
        provenance = annotation.provenance.model_copy(
            update={
                "created": origin.provenance.created,
                "made_from": _annotators(sources.passes),
                "schema_version": run.schema.version,
                "reviews": _reviews(sources.prior),
            }
        )
        gold, against = adjudicate.decide(
            article,
            sources.passes,
            sources.prior,
            annotation,
            run.schema,
            provenance,
            sources.majority,
        )
        issues += against
    for issue in issues:
        run.notify(
            Issue(f"{filled.where}: {issue.where}", issue.code, issue.message, issue.severity)
        )
    if gold is None:
        return article.id
    _save(run, article, gold.model_copy(update={"sheet": filled.name}), "from a sheet")
    return None


def _write(
    run: Run,
    article: Article,
    passes: Sequence[Annotation],
    prior: Gold | None,
    sheet: adjudicate.Sheet,
) -> None:
    """Gold in which there is nothing left to decide: nobody's, unless an adjudicator's is only carried on."""
    provenance = _undecided(run, passes, prior)
    gold, issues = adjudicate.decide(
        article, passes, prior, sheet.annotation, run.schema, provenance, run.majority
    )
    for issue in errors(issues):
        run.notify(Issue(f"{article.id}: {issue.where}", issue.code, issue.message))
    if gold is None:
        run.report.counts["not valid when merged"] += 1
        return
    gold = gold.model_copy(update={"sheet": prior.sheet if prior else None})
    gold = run.corpus.shipped(gold, article)
    if prior is not None and (gold.layers(), gold.decisions) == (prior.layers(), prior.decisions):
        run.report.counts["gold unchanged"] += 1
        return
    _save(run, article, gold, "without a choice")


def _undecided(run: Run, passes: Sequence[Annotation], prior: Gold | None) -> Provenance:
    """The provenance of gold in which nobody decided anything now."""
    updated = max(annotation.provenance.updated for annotation in (*passes, prior) if annotation)
    fields: dict[str, Any] = {
        "made_from": _annotators(passes),
        "schema_version": run.schema.version,
        "updated": updated,
    }
    if prior is not None:
        return prior.provenance.model_copy(update=fields)
    return Provenance(
        annotator=NOBODY, kind="machine", tool="acre adjudicate", created=updated, **fields
    )


def _save(run: Run, article: Article, gold: Gold, how: str) -> None:
    run.report.counts[f"gold written {how}"] += 1
    run.notify(f"gold/{gold.article}.json")
    if not run.dry:
        run.corpus.write_annotation(gold, article)


def article_of(corpus: Corpus, annotation: Annotation) -> Article:
    """The annotation's article; AcreError where the corpus has it no more."""
    article = corpus.find(annotation.article)
    if article is None:
        raise AcreError(f"there is no article {annotation.article}; add it first")
    return article


def _keep(run: Run, article: Article, sources: Sources) -> str:
    """Keep what a sheet is made from: what the adjudicator decides is about these passes, whatever they become."""
    fields = {
        "passes": [_dumped(annotation) for annotation in sources.passes],
        "prior": _dumped(sources.prior) if sources.prior else None,
        "majority": sources.majority,
    }
    content = (json.dumps(fields, ensure_ascii=False) + "\n").encode()
    name = f"{article.id}.{hashlib.sha256(content).hexdigest()[:10]}"
    if not run.dry:
        store.write(run.corpus.sheet_path(name), content)
    return name


def _dumped(annotation: Annotation) -> dict[str, Any]:
    return annotation.model_dump(mode="json", exclude_defaults=True)


def sources_of(corpus: Corpus, name: str) -> Sources | None:
    """What the sheet of that name was made from; None where nothing of it was kept."""
    path = corpus.sheet_path(name)
    if not path.exists():
        return None
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        prior = Gold.model_validate(fields["prior"]) if fields["prior"] else None
        passes = tuple(map(Annotation.model_validate, fields["passes"]))
        return Sources(passes, prior, fields["majority"])
    except UNREADABLE as error:
        raise StoreError(
            path, f"{' '.join(str(error).split())[:200]}; remove it, and adjudicate again"
        ) from None


# a folder of files in the inline notation


def write_files(
    folder: Path, sheets: Iterator[tuple[str, Article, adjudicate.Sheet]], dry: bool
) -> Iterator[str]:
    """Each sheet as a file, by the name of the sheet; one that is there is left as it is."""
    for name, article, sheet in sheets:
        path = folder / f"{name}{SUFFIX}"
        if article.text is not None and not path.exists():
            yield str(path)
            if not dry:
                store.write(path, notation.render(article.text, sheet.annotation).encode())


def read_files(run: Run, folder: Path) -> Iterator[Filled]:
    """Every sheet of the folder, as it stands; one that can't be read is told of, and counts as not filled."""
    schema = adjudicate.sheet_schema(run.schema)
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            yield _read_file(run, path, schema)
        except AcreError as error:
            run.notify(issue_of(str(path), error))
            yield Filled(path.name.removesuffix(SUFFIX), str(path), None)


def _read_file(run: Run, path: Path, schema: Schema) -> Filled:
    name = path.name.removesuffix(SUFFIX)
    sources = sources_of(run.corpus, name)
    article = article_of(run.corpus, sources.passes[0]) if sources else None
    made = provenance_of_file(path, run.corpus, run.adjudicator, schema)
    return Filled(name, str(path), parse_file(path, name.partition(".")[0], article, schema, made))


def parse_file(
    path: Path, name: str, article: Article | None, schema: Schema, provenance: Provenance
) -> Annotation:
    """A sheet in the inline notation; AcreError where it can't be read, or holds another text than the article's."""
    sha256 = article.sha256 if article else "0" * 64
    text, annotation = notation.parse(
        store.read_text(path), schema, name, sha256, provenance, str(path)
    )
    if article is not None and text != article.text:
        raise AcreError(f"{path}: {difference(text, article.text or '')}")
    return annotation


def provenance_of_file(path: Path, corpus: Corpus, annotator: str, schema: Schema) -> Provenance:
    """Of a sheet that the annotator filled in an editor; its time is the file's."""
    modified = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    return Provenance(
        annotator=annotator,
        kind=corpus.kind(annotator),
        tool="inline notation",
        schema_version=schema.version,
        created=modified,
        updated=modified,
    )
