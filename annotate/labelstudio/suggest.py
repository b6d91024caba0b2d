"""An extractor's output goes to annotators as suggestions, never as annotations; what became of them is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from annotate.corpus import store, validate
from annotate.corpus.store import Corpus, StoreError
from annotate.labelstudio import quotes, tasks
from annotate.labelstudio.client import Client
from annotate.measure import align
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.issues import Issue, UsageError, errors
from annotate.model.records import Annotation, Article, Gold, Mark
from annotate.model.schema import Schema

Predict = Callable[[Article], tuple[Annotation, dict[str, float]]]


class Offer(NamedTuple):
    """What is sent for an article."""

    result: list[dict[str, Any]] | None
    """Label Studio's result list; None where nothing of what was predicted can be sent."""
    score: float | None
    """How sure the extractor is over all."""
    issues: list[Issue]
    """Why something was left out; `where` is the mark in words."""
    left_out: Counter[str]
    """How many marks and links were."""


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

    Tasks that somebody has worked on are left as they are. What breaks a rule is reported and left out, and the rest is
    sent: one link too many would stop the labelling page. Returns what was counted, by name.
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
        offer = offered(article, predict, schema)
        fate = "not suggested" if offer.result is None else "left out, the rest is suggested"
        for issue in offer.issues:
            where, message = f"{article.id}: {issue.where}", f"{fate}: {issue.message}"
            notify(replace(issue, where=where, message=message))
        if offer.result is None:
            counts["not valid, not sent"] += 1
            continue
        counts.update({f"{name} left out": count for name, count in offer.left_out.items()})
        outdated = predictions.get(task["id"], [])
        counts[_replace(client, task["id"], outdated, offer.result, offer.score, version)] += 1
    settings = {"show_collab_predictions": True, "model_version": version}
    if any(project.get(name) != value for name, value in settings.items()):
        client.update_project(project["id"], settings)
    return counts


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


def offered(article: Article, predict: Predict, schema: Schema) -> Offer:
    """What is sent for an article: what was predicted, without what breaks a rule."""
    predicted, scores = predict(article)
    kept, issues = _standing(predicted, article, schema)
    words = quotes.shown(predicted)
    told = [
        replace(
            issue,
            where=words.get(issue.where, issue.where),
            message=quotes.in_words(issue.message, words),
        )
        for issue in issues
    ]
    marks = {mark.id for mark in kept.marks()}
    left_out = _counts(predicted) - _counts(kept)
    if issues and not marks:
        return Offer(None, None, told, left_out)
    rounded = {name: round(score, 4) for name, score in scores.items() if name in marks}
    mean = round(sum(rounded.values()) / len(rounded), 4) if rounded else None
    return Offer(tasks.result(kept, article, schema, rounded), mean, told, left_out)


def _counts(annotation: Annotation) -> Counter[str]:
    marks, links = graph.disassemble(annotation)
    return Counter(marks=len(marks), links=len(links))


def _standing(
    annotation: Annotation, article: Article, schema: Schema
) -> tuple[Annotation, list[Issue]]:
    """The annotation without what breaks a rule, and what broke one.

    A mark that breaks one by itself goes, with the links from it and to it; of the links of the other marks, one that
    breaks one between its two marks. Where the event *shelled* has the place *Tak* as its agent, both stay, and the
    link goes. Of links that break one only together, as in a circle, those of the mark that the rule names go. Of
    another text or another schema nothing stays.
    """

    def made(marks: Iterable[Mark], links: Iterable[Link]) -> tuple[Annotation, list[Issue]]:
        whole, misplaced = graph.assemble(
            marks, links, schema, annotation.article, annotation.sha256, annotation.provenance
        )
        return whole, misplaced + errors(validate.check(whole, article, schema))

    def faulty(marks: Iterable[Mark], links: Iterable[Link]) -> set[str]:
        return {issue.where for issue in made(marks, links)[1]}

    issues = errors(validate.check(annotation, article, schema))
    if not issues:
        return annotation, []
    if faulty((), ()):
        return made((), ())[0], issues
    marks, links = graph.disassemble(annotation)
    bad = faulty(marks, ())
    mark_of = {mark.id: mark for mark in marks if mark.id not in bad}
    links = [link for link in links if {link.tail, link.head} <= mark_of.keys()]
    bad = faulty(mark_of.values(), links)
    links = [
        link
        for link in links
        if link.tail not in bad or not faulty((mark_of[link.tail], mark_of[link.head]), [link])
    ]
    kept, together = made(mark_of.values(), links)
    while together:
        issues += [issue for issue in together if issue not in issues]
        bad = {issue.where for issue in together}
        rest = [link for link in links if link.tail not in bad]
        links = rest if len(rest) < len(links) else []
        kept, together = made(mark_of.values(), links)
    return kept, issues


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
