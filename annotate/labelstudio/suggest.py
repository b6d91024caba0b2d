"""An extractor's output goes to annotators as suggestions, never as annotations; what became of them is counted."""

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
    notify: Callable[[Issue], None],
    on_task: Callable[[], None] = lambda: None,
) -> Counter[str]:
    """Give each of the project's tasks of these articles one prediction of that version, and remove its older ones.

    Tasks that somebody has worked on are left as they are. What is not valid is reported, and not sent: one link too
    many stops the labelling page. Returns what was counted, by name.
    """
    project = _project(client, title)
    task_of: dict[str, dict[str, Any]] = {}
    for page in client.tasks(project["id"]):
        task_of |= {str(task["data"].get("article")): task for task in page}
    predictions = _predictions(client, project["id"], version)
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
            notify(_not_suggested(article, issues[0]))
            counts["not valid, not sent"] += 1
            continue
        outdated = predictions.get(task["id"], [])
        counts[_replace(client, task["id"], outdated, result, score, version)] += 1
    settings = {"show_collab_predictions": True, "model_version": version}
    if any(project.get(name) != value for name, value in settings.items()):
        client.update_project(project["id"], settings)
    return counts


def _not_suggested(article: Article, issue: Issue) -> Issue:
    return Issue(f"{article.id}: {issue.where}", issue.code, f"not suggested: {issue.message}")


def _predictions(client: Client, project: int, version: str) -> dict[int, list[dict[str, Any]]]:
    """The project's predictions of that version, by task."""
    predictions: dict[int, list[dict[str, Any]]] = {}
    for prediction in client.predictions(project):
        if prediction["model_version"] == version:
            predictions.setdefault(prediction["task"], []).append(prediction)
    return predictions


def _replace(
    client: Client,
    task: int,
    outdated: list[dict[str, Any]],
    result: list[dict[str, Any]],
    score: float | None,
    version: str,
) -> str:
    """Give the task that result in the place of its outdated predictions; returns what happened, as it is counted."""
    if len(outdated) == 1 and outdated[0]["result"] == result:
        return "unchanged"
    for prediction in outdated:
        client.forget_prediction(prediction["id"])
    client.predict(task, result, score, version)
    return "replaced" if outdated else "suggested"


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
    """The articles whose text is here: those of the ids, or all where no id is given."""
    for article in corpus.articles():
        is_wanted = not ids or article.id in ids
        if is_wanted and article.text is not None:
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
    """By label and fate: of suggested marks, by the label that was suggested; of added ones, by their own."""


def outcomes(corpus: Corpus) -> dict[str, Outcome]:
    """By the extractor's name and version, over all passes that began with its suggestions."""
    outcome_of: dict[str, Outcome] = {}
    for walked in corpus.walk():
        if isinstance(walked, StoreError):
            continue
        _article, annotations = walked
        for annotation in annotations.values():
            extractor = annotation.provenance.started_from
            if isinstance(annotation, Gold) or extractor is None:
                continue
            path = corpus.suggestion_path(extractor, annotation.article)
            if path.exists():
                outcome = outcome_of.setdefault(extractor, Outcome())
                outcome.passes += 1
                outcome.seconds += annotation.provenance.seconds or 0
                outcome.untouched += annotation.provenance.untouched or 0
                outcome.fates.update(fates(store.read_annotation(path), annotation))
    return outcome_of


def fates(suggested: Annotation, done: Annotation) -> Counter[tuple[str, str]]:
    """By label and fate, how many marks were kept, changed, thrown away or added.

    `kept`: with its answers and links; `changed`: in any of them, in its words or its label. Where the state_force
    *Troops* was suggested, and the annotator made an armed_group of it and marked the place *Tak*, the counts are
    `{("state_force", "changed"): 1, ("place", "added"): 1}`.
    """
    before, after = _answers_and_links(suggested), _answers_and_links(done)
    kept = {place for place, content in before.items() if after.get(place) == content}
    counts: Counter[tuple[str, str]] = Counter()
    counts.update((label, "kept") for label, _start, _end in kept)
    ours = [mark for mark in _distinct(suggested) if align.mark_key(mark) not in kept]
    theirs = [mark for mark in _distinct(done) if align.mark_key(mark) not in kept]
    # A mark keeps its id in the browser, whatever is done to it.
    mark_of = {mark.id: mark for mark in theirs}
    same_id = [(mark, mark_of[mark.id]) for mark in ours if mark.id in mark_of]
    pairs = [(mark, other) for mark, other in same_id if _overlap(mark, other)]
    ours, theirs = _without(ours, theirs, pairs)
    closest = align.match(ours, theirs, labels=False)
    ours, theirs = _without(ours, theirs, closest)
    counts.update((mark.label, "changed") for mark, _other in (*pairs, *closest))
    counts.update((mark.label, "thrown away") for mark in ours)
    counts.update((mark.label, "added") for mark in theirs)
    return counts


def _answers_and_links(annotation: Annotation) -> Mapping[align.MarkKey, Any]:
    """By label and span of a mark, its answers, and the links that go out from it."""
    marks = {mark.id: mark for mark in annotation.marks()}
    contents = {}
    for mark in marks.values():
        links = sorted((label, align.mark_key(marks[head])) for label, head in align.links(mark))
        contents[align.mark_key(mark)] = (mark.attributes, links)
    return contents


def _distinct(annotation: Annotation) -> list[Mark]:
    """Of marks with the same label and span, one."""
    return list({align.mark_key(mark): mark for mark in annotation.marks()}.values())


def _without(
    ours: list[Mark], theirs: list[Mark], pairs: list[tuple[Mark, Mark]]
) -> tuple[list[Mark], list[Mark]]:
    first, second = {mark.id for mark, _ in pairs}, {mark.id for _, mark in pairs}
    return [mark for mark in ours if mark.id not in first], [
        mark for mark in theirs if mark.id not in second
    ]


def _overlap(one: Mark, other: Mark) -> bool:
    return one.start < other.end and other.start < one.end
