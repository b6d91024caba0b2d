"""What an extractor says goes to annotators as suggestions, never as annotations; and what became of them is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from annotate.corpus import store, validate
from annotate.corpus.store import Corpus, StoreError
from annotate.labelstudio import tasks
from annotate.labelstudio.client import Client
from annotate.measure import align
from annotate.model.issues import Issue, UsageError, errors
from annotate.model.records import Annotation, Article, Gold, Mark
from annotate.model.schema import Schema

Predict = Callable[[Article], tuple[Annotation, dict[str, float]]]


def suggest(
    client: Client,
    title: str,
    articles: Iterable[Article],
    predict: Predict,
    version: str,
    schema: Schema,
    tell: Callable[[Issue], None],
    on_task: Callable[[], None] = lambda: None,
) -> Counter[str]:
    """Give each of the project's tasks of these articles a prediction of that version, in the place of an older one of it.

    Tasks that somebody has worked on are left as they are. What is not valid is told, and not sent: one link too many
    stops the labelling page. Returns what was counted, by name.
    """
    project = _project(client, title)
    task_of = {
        str(task["data"].get("article")): task
        for page in client.tasks(project["id"])
        for task in page
    }
    old: dict[int, list[dict[str, Any]]] = {}
    for found in client.predictions(project["id"]):
        if found["model_version"] == version:
            old.setdefault(found["task"], []).append(found)
    counts: Counter[str] = Counter()
    for article in articles:
        if article.id not in task_of:
            continue
        task = task_of[article.id]
        on_task()
        if task["total_annotations"] or task["draft_exists"] or task["cancelled_annotations"]:
            counts["left as they are: somebody works on them"] += 1
            continue
        result, score, issues = offered(article, predict, schema)
        if issues:
            tell(
                Issue(
                    f"{article.id}: {issues[0].where}",
                    issues[0].code,
                    f"not suggested: {issues[0].message}",
                )
            )
            counts["not valid, not sent"] += 1
            continue
        known = old.get(task["id"], [])
        if len(known) == 1 and known[0]["result"] == result:
            counts["unchanged"] += 1
            continue
        for outdated in known:
            client.forget_prediction(outdated["id"])
        client.predict(task["id"], result, score, version)
        counts["replaced" if known else "suggested"] += 1
    shown = {"show_collab_predictions": True, "model_version": version}
    if any(project.get(name) != value for name, value in shown.items()):
        client.update_project(project["id"], shown)
    return counts


def connect(client: Client, title: str, address: str, version: str) -> int:
    """Have the project ask the service at that address as each task is opened; returns the project's number."""
    number = int(_project(client, title)["id"])
    if not any(service["url"] == address for service in client.services(number)):
        client.add_service(number, address, version)
    settings = {
        "show_collab_predictions": True,
        "evaluate_predictions_automatically": True,
        "model_version": version,
    }
    client.update_project(number, settings)
    return number


def _project(client: Client, title: str) -> dict[str, Any]:
    project = client.project(title)
    if project is None:
        raise UsageError(
            f"{client.url}: no project {title!r}; name one with --project, or make it with: acre"
            " load"
        )
    return project


def with_text(corpus: Corpus, ids: Collection[str] = ()) -> Iterator[Article]:
    """The articles whose text is here: those of the ids, or all where none is given."""
    for article in corpus.articles():
        if article.text is not None and (not ids or article.id in ids):
            yield article


def offered(
    article: Article, predict: Predict, schema: Schema
) -> tuple[list[dict[str, Any]], float | None, list[Issue]]:
    """What is sent for an article: the result list, how sure the extractor is over all; and what stands against it."""
    annotation, scores = predict(article)
    issues = errors(validate.check(annotation, article, schema))
    rounded = {name: round(score, 4) for name, score in scores.items()}
    mean = round(sum(rounded.values()) / len(rounded), 4) if rounded else None
    return tasks.result(annotation, article, schema, rounded), mean, issues


FATES = ("kept", "changed", "thrown away", "added")


@dataclass
class Outcome:
    """What annotators made of one extractor's suggestions."""

    passes: int = 0
    seconds: float = 0.0
    untouched: int = 0
    """Marks that were submitted as they were offered, and nobody had looked at them."""
    fates: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By label and fate: of suggested marks what became of them, by the label that was suggested; and what was added to them."""


def outcomes(corpus: Corpus) -> dict[str, Outcome]:
    """By the extractor's name and version, over all passes that began with its suggestions."""
    found: dict[str, Outcome] = {}
    for walked in corpus.walk():
        if isinstance(walked, StoreError):
            continue
        _article, annotations = walked
        for annotation in annotations.values():
            made = annotation.provenance
            if isinstance(annotation, Gold) or made.started_from is None:
                continue
            path = corpus.suggestion_path(made.started_from, annotation.article)
            if path.exists():
                outcome = found.setdefault(made.started_from, Outcome())
                outcome.passes += 1
                outcome.seconds += made.seconds or 0
                outcome.untouched += made.untouched or 0
                outcome.fates.update(fates(store.read_annotation(path), annotation))
    return found


def fates(suggested: Annotation, done: Annotation) -> Counter[tuple[str, str]]:
    """By label and fate: `kept` with its answers and links, `changed` in any of them, its words or its label, `thrown away`, `added`."""
    said, has = _told(suggested), _told(done)
    found: Counter[tuple[str, str]] = Counter()
    kept = {place for place, rest in said.items() if has.get(place) == rest}
    found.update((label, "kept") for label, _start, _end in kept)
    ours = [mark for mark in _each(suggested) if align.place(mark) not in kept]
    theirs = [mark for mark in _each(done) if align.place(mark) not in kept]
    # A mark keeps its id in the browser, whatever is done to it.
    by_id = {mark.id: mark for mark in theirs}
    pairs = [
        (mark, by_id[mark.id]) for mark in ours if mark.id in by_id and _meets(mark, by_id[mark.id])
    ]
    ours, theirs = _without(ours, theirs, pairs)
    closest = align.match(ours, theirs, labels=False)
    ours, theirs = _without(ours, theirs, closest)
    found.update((mark.label, "changed") for mark, _other in (*pairs, *closest))
    found.update((mark.label, "thrown away") for mark in ours)
    found.update((mark.label, "added") for mark in theirs)
    return found


def _told(annotation: Annotation) -> Mapping[tuple[str, int, int], Any]:
    """By its place, what is said of a mark: answers, and links that go out from it."""
    marks = {mark.id: mark for mark in annotation.marks()}
    return {
        align.place(mark): (
            mark.attributes,
            sorted((label, align.place(marks[head])) for label, head in align.links(mark)),
        )
        for mark in marks.values()
    }


def _each(annotation: Annotation) -> list[Mark]:
    return list({align.place(mark): mark for mark in annotation.marks()}.values())


def _without(
    ours: list[Mark], theirs: list[Mark], pairs: list[tuple[Mark, Mark]]
) -> tuple[list[Mark], list[Mark]]:
    first, second = {mark.id for mark, _ in pairs}, {mark.id for _, mark in pairs}
    return [mark for mark in ours if mark.id not in first], [
        mark for mark in theirs if mark.id not in second
    ]


def _meets(one: Mark, other: Mark) -> bool:
    return one.start < other.end and other.start < one.end
