"""Sheets go to the adjudicator, at a desk or in a folder, come back filled, and become gold. Every step can be run again."""

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
from annotate.corpus.store import Corpus, StoreError
from annotate.gold import adjudicate
from annotate.labelstudio import config, results, tasks
from annotate.labelstudio.client import Client
from annotate.labelstudio.load import create as create_project
from annotate.model import notation
from annotate.model.issues import AcreError, Issue, Severity, errors
from annotate.model.records import Annotation, Article, Gold, Provenance
from annotate.model.schema import Schema
from annotate.model.text import difference

NOBODY = "merge"
"""Stands as the annotator of gold in which nobody had to decide anything."""
_SUFFIX = ".acre"


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
class Report:
    """What became of each article with two passes or more."""

    counts: Counter[str] = field(default_factory=Counter)
    open: dict[str, int] = field(default_factory=dict)
    """By article, how many choices are to be made."""
    origins: Counter[str] = field(default_factory=Counter)
    """Units of all gold, by where they came from."""
    unknown: set[str] = field(default_factory=set)
    """Articles that were named and do not have two passes."""


@dataclass(frozen=True)
class _Kept:
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
    tell: Callable[[Issue | str], None]
    report: Report = field(default_factory=Report)


def due(
    run: Run,
    documents: Iterator[tuple[Article, list[Annotation]]],
    early: bool,
    ids: Collection[str] = (),
) -> Iterator[tuple[Article, list[Annotation]]]:
    """Those of the articles for which no assigned pass is missing, or all where it is `early`; with `ids`, only of these."""
    dealt = {} if early else run.corpus.assignments()
    run.report.unknown = set(ids)
    for article, passes in documents:
        if ids and article.id not in ids:
            continue
        run.report.unknown.discard(article.id)
        if all(found.provenance.started_from is not None for found in passes):
            # What all were offered, all may have left unread.
            run.report.counts[
                "articles whose passes all began with suggestions: they need one that did not"
            ] += 1
        elif set(dealt.get(article.id, ())) <= {found.provenance.annotator for found in passes}:
            yield article, passes
        else:
            run.report.counts["articles that wait for a pass"] += 1


def gold_of(
    run: Run, documents: Iterator[tuple[Article, list[Annotation]]], filled: Iterator[Filled]
) -> Iterator[tuple[str, Article, adjudicate.Sheet]]:
    """Write what filled sheets decide, then the gold of every article in which nothing is open.

    Yields the sheet of each article in which something is: its name, the article, the sheet. An article for which a
    sheet is still out, unfilled, gets no second one.
    """
    waiting = {name for found in filled if (name := _take(run, found))}
    for article, passes in documents:
        run.report.counts["articles with several passes"] += 1
        prior = run.corpus.gold(article.id)
        sheet = adjudicate.merge(article, passes, run.schema, prior, run.majority)
        if not sheet.choices:
            _write(run, article, passes, prior, sheet)
        else:
            run.report.open[article.id] = len(sheet.choices)
            run.report.counts["choices to make"] += len(sheet.choices)
            if article.id not in waiting:
                name = _keep(run, article, _Kept(tuple(passes), prior, run.majority))
                yield name, article, sheet
        after = run.corpus.gold(article.id)
        (
            run.report.origins.update(decision.origin for decision in after.decisions)
            if after
            else None
        )


def _take(run: Run, filled: Filled) -> str | None:
    """Make gold of a filled sheet where it still counts; the article's id where the sheet is out and not finished."""
    article_id = filled.name.partition(".")[0]
    kept, current = _kept(run.corpus, filled.name), run.corpus.gold(article_id)
    if kept is None:
        found = (
            "what it was made from is not kept in this copy of the corpus; run acre adjudicate"
            " where the sheet was made"
        )
        run.tell(Issue(filled.where, "sheet-unknown", found))
        return None
    is_its_own = current is not None and current.sheet == filled.name
    if filled.annotation is None:
        return article_id if current == kept.prior else None
    updated = filled.annotation.provenance.updated
    if current != kept.prior and not is_its_own:
        if current is not None and updated > current.provenance.updated:
            found = (
                "gold was changed otherwise after this sheet was made; it was not taken: fill the"
                " newest sheet"
            )
            run.tell(Issue(filled.where, "sheet-stale", found, Severity.WARNING))
        return None
    if is_its_own and current is not None and updated <= current.provenance.updated:
        return None  # taken already, and not touched since
    article = _article(run.corpus, kept.passes[0])
    gold, issues = None, list(filled.issues)
    if not errors(issues):
        made = filled.annotation.provenance.model_copy(
            update={
                "created": (
                    kept.prior.provenance.created
                    if kept.prior
                    else filled.annotation.provenance.created
                ),
                "made_from": tuple(sorted(found.provenance.annotator for found in kept.passes)),
                "schema_version": run.schema.version,
            }
        )
        gold, against = adjudicate.decide(
            article, kept.passes, kept.prior, filled.annotation, run.schema, made, kept.majority
        )
        issues += against
    for issue in issues:
        run.tell(Issue(f"{filled.where}: {issue.where}", issue.code, issue.message, issue.severity))
    if gold is None:
        return article_id
    _save(run, article, gold.model_copy(update={"sheet": filled.name}), "from a sheet")
    return None


def _write(
    run: Run,
    article: Article,
    passes: Sequence[Annotation],
    prior: Gold | None,
    sheet: adjudicate.Sheet,
) -> None:
    """Gold in which there is nothing left to decide: written by no hand, unless an adjudicator's is only carried on."""
    updated = max(found.provenance.updated for found in (*passes, *((prior,) if prior else ())))
    names = tuple(sorted(found.provenance.annotator for found in passes))
    fields: dict[str, Any] = {
        "made_from": names,
        "schema_version": run.schema.version,
        "updated": updated,
    }
    made = prior.provenance.model_copy(update=fields) if prior else Provenance(
        annotator=NOBODY, kind="machine", tool="acre adjudicate", created=updated, **fields
    )  # fmt: skip
    gold, issues = adjudicate.decide(
        article, passes, prior, sheet.annotation, run.schema, made, run.majority
    )
    for issue in errors(issues):
        run.tell(Issue(f"{article.id}: {issue.where}", issue.code, issue.message))
    if gold is None:
        run.report.counts["not valid when merged"] += 1
        return
    gold = gold.model_copy(update={"sheet": prior.sheet if prior else None})
    gold = run.corpus.shipped(gold, article)
    if prior is not None and (gold.layers(), gold.decisions) == (prior.layers(), prior.decisions):
        run.report.counts["gold unchanged"] += 1
        return
    _save(run, article, gold, "without a choice")


def _save(run: Run, article: Article, gold: Gold, how: str) -> None:
    run.report.counts[f"gold written {how}"] += 1
    run.tell(f"gold/{gold.article}.json")
    if not run.dry:
        run.corpus.write_annotation(gold, article)


def _article(corpus: Corpus, annotation: Annotation) -> Article:
    article = corpus.find(annotation.article)
    if article is None:
        raise AcreError(f"there is no article {annotation.article}; add it first")
    return article


def _keep(run: Run, article: Article, kept: _Kept) -> str:
    """Keep what a sheet is made from: what the adjudicator decides is about these passes, whatever they become."""
    fields = {
        "passes": [found.model_dump(mode="json", exclude_defaults=True) for found in kept.passes],
        "prior": kept.prior.model_dump(mode="json", exclude_defaults=True) if kept.prior else None,
        "majority": kept.majority,
    }
    content = (json.dumps(fields, ensure_ascii=False) + "\n").encode()
    name = f"{article.id}.{hashlib.sha256(content).hexdigest()[:10]}"
    if not run.dry:
        store.write(run.corpus.sheet_path(name), content)
    return name


def _kept(corpus: Corpus, name: str) -> _Kept | None:
    path = corpus.sheet_path(name)
    if not path.exists():
        return None
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        prior = Gold.model_validate(fields["prior"]) if fields["prior"] else None
        return _Kept(
            tuple(map(Annotation.model_validate, fields["passes"])), prior, fields["majority"]
        )
    except (ValueError, KeyError) as error:
        raise StoreError(
            path, f"{' '.join(str(error).split())[:200]}; remove it, and adjudicate again"
        ) from None


# a folder of files in the inline notation


def write_files(
    folder: Path, sheets: Iterator[tuple[str, Article, adjudicate.Sheet]], dry: bool
) -> Iterator[str]:
    """Each sheet as a file, by the name of the sheet; one that is there is left as it is."""
    for name, article, sheet in sheets:
        path = folder / f"{name}{_SUFFIX}"
        if article.text is not None and not path.exists():
            yield str(path)
            if not dry:
                store.write(path, notation.render(article.text, sheet.annotation).encode())


def read_files(run: Run, folder: Path) -> Iterator[Filled]:
    """Every sheet of the folder, as it stands."""
    asked = adjudicate.sheet_schema(run.schema)
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        name = path.name.removesuffix(_SUFFIX)
        moment = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
        made = Provenance(
            annotator=run.adjudicator, kind=run.corpus.kind(run.adjudicator), tool="inline notation",
            schema_version=run.schema.version, created=moment, updated=moment,
        )  # fmt: skip
        kept = _kept(run.corpus, name)
        article = _article(run.corpus, kept.passes[0]) if kept else None
        source = store.read_text(path)
        text, annotation = notation.parse(
            source,
            asked,
            name.partition(".")[0],
            article.sha256 if article else "0" * 64,
            made,
            str(path),
        )
        if article is not None and text != article.text:
            raise AcreError(f"{path}: {difference(text, article.text or '')}")
        yield Filled(name, str(path), annotation)


# a desk


def load(
    client: Client,
    project: str,
    schema: Schema,
    sheets: Iterator[tuple[str, Article, adjudicate.Sheet]],
) -> Iterator[str]:
    """Each sheet as a task with a draft, which opens as the adjudicator's own work; one that is there is left as it is."""
    asked = adjudicate.sheet_schema(schema)
    number, known = None, dict[str, dict[str, Any]]()
    for name, article, sheet in sheets:
        if number is None:
            number, known = _project(client, project, asked)
        if name not in known:
            data = tasks.data(article, schema) | {
                "sheet": name,
                config.CHOICES: config.listed(_rows(sheet)),
            }
            (task,) = client.import_tasks(number, [{"data": data}])
            yield name
        elif known[name]["draft_exists"] or known[name]["total_annotations"]:
            continue
        else:
            task = known[name]["id"]  # a run before this one was cut off between the two
        client.draft(task, tasks.result(sheet.annotation, article, asked))


def _rows(sheet: adjudicate.Sheet) -> list[tuple[str, str, str]]:
    """Label, words, and what is offered, of each choice in the order of the text."""
    marks = {mark.id: mark for mark in sheet.annotation.marks()}
    chosen = sorted((marks[name] for name in sheet.choices), key=lambda mark: mark.order)
    return [
        (mark.label, mark.text or "", str(mark.attributes.get(adjudicate.OFFERED)))
        for mark in chosen
    ]


def _project(client: Client, title: str, asked: Schema) -> tuple[int, dict[str, dict[str, Any]]]:
    wanted = {
        "label_config": config.build(asked, choices=True),
        "expert_instruction": config.instructions(asked),
    }
    found = client.project(title)
    if found is None:
        fixed = {"title": title, "show_collab_predictions": False, "maximum_annotations": 1}
        return create_project(client, fixed | wanted), {}
    if found["label_config"] != wanted["label_config"]:
        if config.answers(found["label_config"]) != config.answers(wanted["label_config"]):
            raise AcreError(
                f"project {title!r}: the schema's labels changed since its sheets were made;"
                " nothing was touched. Fill and read them, then go on in a new project: acre"
                f" adjudicate --project {title!r}-{asked.version}"
            )
        client.update_project(found["id"], wanted)
    return int(found["id"]), {
        task["data"].get("sheet", ""): task for page in client.tasks(found["id"]) for task in page
    }


def read(run: Run, client: Client, project: str) -> Iterator[Filled]:
    """Every sheet at the desk: as it was last submitted, or, where it was not yet, as a sheet with all choices open."""
    found = client.project(project)
    asked, tool = adjudicate.sheet_schema(run.schema), f"label-studio {client.version()}"
    for page in client.tasks(found["id"], annotations=True) if found else ():
        for task in page:
            name = str(task["data"].get("sheet"))
            kept = _kept(run.corpus, name)
            where = f"{client.url}/projects/{task['project']}/data?task={task['id']}"
            submitted = [raw for raw in task["annotations"] if not raw["was_cancelled"]]
            if not submitted and not task["draft_exists"]:
                continue  # a run was cut off before it gave the task its draft: it is sent again
            if kept is None or not submitted:
                yield Filled(name, where, None)
                continue
            raw = max(submitted, key=lambda raw: (raw["updated_at"], raw["id"]))
            article = _article(run.corpus, kept.passes[0])
            made = results.provenance(
                raw, run.adjudicator, run.corpus.kind(run.adjudicator), run.schema.version, tool
            )
            annotation, issues = results.read(raw.get("result") or [], article, asked, made)
            yield Filled(name, where, annotation, tuple(issues))
