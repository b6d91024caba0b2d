"""The rules for one article and for one annotation: each yields what it finds, and nothing is printed here."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from annotate.corpus.articles import reading
from annotate.measure import align
from annotate.measure.align import Unit
from annotate.model.issues import Issue, Severity, UsageError
from annotate.model.records import (
    Annotation,
    Argument,
    Article,
    AttributeValue,
    Cluster,
    EventMention,
    Gold,
    Mark,
    Zone,
)
from annotate.model.schema import SPAN_LAYERS, Attribute, Kind, Layer, Schema, is_number
from annotate.model.text import is_inside_word, is_normal, normalise

Rule = Callable[[Annotation, Article, Schema], Iterator[Issue]]


def check_article(article: Article, schema: Schema) -> Iterator[Issue]:
    """The text is in the corpus's form, and its zones tile it; `where` is the article's id."""

    def issue(code: str, message: str) -> Issue:
        return Issue(article.id, code, message)

    if article.text is not None and not is_normal(article.text):
        changes = ", ".join(normalise(article.text)[1])
        yield issue(
            "text-unnormalised", f"its text would change ({changes}); add it anew with: acre add"
        )
    yield from _check_usable(article)
    covered = 0
    for zone in article.zones:
        name = f"{zone.kind} {zone.start}–{zone.end}"
        if zone.kind not in schema.zones:
            yield issue(
                "zone-unknown",
                f"{name}: the schema has {', '.join(schema.zones)}; correct the kind",
            )
        if zone.end > article.length:
            yield issue(
                "zone-range",
                f"{name} is past the article’s {article.length} code points; correct it",
            )
            return
        if zone.start < covered:
            yield issue(
                "zone-overlap",
                f"{name} starts before the zone above it ends, at {covered}; correct them",
            )
        elif article.text is not None:
            yield from _check_zone(article.text, zone, covered, issue)
        covered = max(covered, zone.end)
    if article.text is not None and article.text[covered:].strip():
        left = article.text[covered:].strip()
        yield issue(
            "zone-gap", f"{covered}–{article.length} is in no zone: {_cut(left)}; put it in one"
        )


def _check_usable(article: Article) -> Iterator[Issue]:
    """What is asked of a text that is added, of one that is there: all later steps rely on it."""
    try:
        code = reading.language(article.language)
    except UsageError as error:
        yield Issue(article.id, "article-unusable", str(error))
    else:
        if code != article.language:
            message = f"its language is {article.language!r}; write {code!r} in its place"
            yield Issue(article.id, "article-unusable", message)
    if article.length > reading.LONGEST:
        message = f"{article.length:,} characters; split it: {reading.LONGEST:,} at most are read"
        yield Issue(article.id, "article-unusable", message)
    for name, value in reading.told(article):
        if not is_normal(value):
            message = f"its {name} has signs that no later step takes; add it anew, or correct it"
            yield Issue(article.id, "article-unusable", message)


def _check_zone(
    text: str, zone: Zone, covered: int, issue: Callable[[str, str], Issue]
) -> Iterator[Issue]:
    name = f"{zone.kind} {zone.start}–{zone.end}"
    between, words = text[covered : zone.start], zone.slice(text)
    if between.strip():
        yield issue(
            "zone-gap",
            f"{covered}–{zone.start} is in no zone: {_cut(between.strip())}; put it in one",
        )
    if words != words.strip():
        yield issue("zone-space", f"{name} starts or ends with white space; leave it out")


def check_frame(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """The annotation is of this text, under this schema."""
    if annotation.sha256 != article.sha256:
        yield Issue(
            article.id,
            "text-hash",
            f"made on text {annotation.sha256[:12]}, the article is {article.sha256[:12]}; annotate"
            " it anew",
        )
    if annotation.provenance.schema_version != schema.version:
        older = annotation.provenance.schema_version
        yield Issue(
            article.id,
            "schema-version",
            f"made under schema {older}, this is {schema.version}; migrate it by name, or check out"
            f" {older}",
        )


def check_spans(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Offsets lie in the article, carry its words, and have no white space at their ends."""
    for mark in annotation.marks():
        if mark.end > article.length:
            yield Issue(
                mark.id,
                "offset-range",
                f"{mark.start}–{mark.end} is past the article's {article.length} code points; mark"
                " it anew",
            )
            continue
        if article.text is None:
            continue
        words = mark.slice(article.text)
        if mark.text is not None and mark.text != words:
            yield Issue(
                mark.id,
                "mark-text",
                f"{mark.start}–{mark.end} reads {words!r}, the mark says {mark.text!r}; pull the"
                " task again",
            )
        elif words != words.strip():
            yield Issue(
                mark.id,
                "mark-space",
                f"{mark.start}–{mark.end} reads {words!r}; leave the white space out",
            )
        elif any(is_inside_word(article.text, edge) for edge in (mark.start, mark.end)):
            around = article.text[max(0, mark.start - 12) : mark.end + 12]
            yield Issue(
                mark.id,
                "mark-word",
                f"{mark.label} {words!r} has half a word at an edge, in {around!r}; mark the whole"
                " word, or leave it where half is meant",
                Severity.WARNING,
            )


def check_labels(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Each mark has a label of its layer, an id of its own, and is there once."""
    for layer in SPAN_LAYERS:
        for mark in annotation.of_layer(layer):
            if schema.layer(mark.label) is not layer:
                yield Issue(
                    mark.id,
                    "label-unknown",
                    f"{mark.label!r} is no label of the layer {layer}; correct it",
                )
    for name, count in Counter(mark.id for mark in annotation.marks()).items():
        if count > 1:
            yield Issue(name, "id-duplicate", f"{count} marks have this id; give each its own")
    first: dict[tuple[int, int, str], str] = {}
    for mark in annotation.marks():
        other = first.setdefault((mark.start, mark.end, mark.label), mark.id)
        if other != mark.id:
            message = (
                f"{mark.label} over {mark.start}–{mark.end} is there already as {other}; delete one"
            )
            yield Issue(mark.id, "mark-duplicate", message, Severity.WARNING)


def check_attributes(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Attributes are those of the label, the required ones are there, and each value is allowed."""
    for mark in annotation.marks():
        label = schema.labels.get(mark.label)
        if label is None:
            continue
        for name, value in mark.attributes.items():
            attribute = schema.attributes.get(name)
            if attribute is None:
                yield Issue(
                    mark.id,
                    "attribute-unknown",
                    f"{name!r} is no attribute of the schema; remove it",
                )
            elif name not in label.attributes:
                yield Issue(
                    mark.id, "attribute-misplaced", f"{mark.label} has no {name}; remove it"
                )
            elif not _allows(attribute, value):
                allowed = ", ".join(attribute.values) or attribute.pattern or f"a {attribute.kind}"
                yield Issue(mark.id, "attribute-value", f"{name} is {value!r}; give {allowed}")
        for name in label.attributes:
            if schema.attributes[name].required and name not in mark.attributes:
                is_asked = name not in annotation.provenance.unasked
                severity = Severity.ERROR if is_asked else Severity.WARNING
                message = f"{mark.label} {_words(mark)} has no {name}; answer it"
                yield Issue(mark.id, "attribute-missing", message, severity)
        low, high = mark.attributes.get("min"), mark.attributes.get("max")
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            yield Issue(
                mark.id, "count-bounds", f"min {low} is greater than max {high}; correct them"
            )


def check_links(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Every reference resolves, within its layer; roles and fillers are those that the schema allows."""
    marks = {mark.id: mark for mark in annotation.marks()}
    for event in annotation.event_mentions:
        for argument in event.arguments:
            yield from _check_argument(event, argument, marks, schema)
        for argument, count in Counter(event.arguments).items():
            if count > 1:
                message = f"{argument.role} points to {argument.target} {count} times; keep one"
                yield Issue(event.id, "link-repeated", message)
        if not event.arguments:
            message = (
                f"{event.label} {_words(event)} has no arguments; link them, if the article"
                " tells any"
            )
            yield Issue(event.id, "event-bare", message, Severity.WARNING)
    heads = (
        ("source", {mark.id for mark in annotation.sources}),
        ("cue", {mark.id for mark in annotation.cues}),
    )
    for attribution in annotation.attributions:
        for name, known in heads:
            head = getattr(attribution, name)
            if head is not None and head not in known:
                message = f"its {name} is {head}, which is no {name} mark; link it anew"
                yield Issue(attribution.id, "link-dangling", message)


def _check_argument(
    event: EventMention, argument: Argument, marks: Mapping[str, Mark], schema: Schema
) -> Iterator[Issue]:
    filler = marks.get(argument.target)
    if filler is None:
        message = f"{argument.role} points to {argument.target}, which is not there; link it anew"
        yield Issue(event.id, "link-dangling", message)
        return
    if event.label not in schema.events:
        return  # nothing is known of its roles; `check_labels` reports the label
    roles = schema.events[event.label].roles
    if argument.role not in roles:
        message = (
            f"{event.label} {_words(event)} has no role {argument.role}; it has {', '.join(roles)}"
        )
        yield Issue(event.id, "role-unknown", message)
    elif filler.label not in schema.fillers(event.label, argument.role):
        message = (
            f"{argument.role} of {event.label} {_words(event)} can't be a {filler.label},"
            f" {_words(filler)}; correct the label or link another mark"
        )
        yield Issue(event.id, "role-filler", message)


def check_cycles(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """No event is an argument of itself, directly or through other events."""
    events = {event.id: event for event in annotation.event_mentions}
    graph = {
        name: [argument.target for argument in event.arguments if argument.target in events]
        for name, event in events.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1]
        chain = " → ".join(_words(events[name]) for name in circle)
        yield Issue(
            circle[0],
            "link-cycle",
            f"{chain} are arguments of one another; remove one of the links",
        )


def check_times(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """What is reported as having happened is not dated after the publication."""
    if article.published is None:
        return
    marks = {mark.id: mark for mark in annotation.mentions}
    for event in annotation.event_mentions:
        if event.attributes.get("realis") != "actual":
            continue
        for argument in event.arguments:
            time = marks.get(argument.target)
            if (
                argument.role == "time"
                and time is not None
                and _is_after(time.attributes.get("value"), article.published)
            ):
                message = (
                    f"{event.label} {_words(event)} is told as actual, its time {_words(time)} is"
                    f" {time.attributes['value']}, and the article is of {article.published};"
                    " correct the value or the realis"
                )
                yield Issue(event.id, "time-future", message, Severity.WARNING)


def _is_after(value: AttributeValue | None, published: dt.date) -> bool:
    """Whether a normalised time lies wholly after the day: its year, month, week or day starts later."""
    start = str(value or "").partition("/")[0].partition("T")[0]
    if value == "FUTURE":
        return True
    if not start[:4].isdecimal():
        return False
    if "W" in start:
        year, week = published.isocalendar()[:2]
        return start > f"{year}-W{week:02}"
    return start > published.isoformat()[: len(start)]


def check_zones(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """A mark lies in one zone, and in one that is annotated; a content may run over several."""
    starts = [zone.start for zone in article.zones]
    for mark in annotation.marks():
        index = bisect_right(starts, mark.start) - 1
        if index < 0 or mark.end > article.length:
            continue
        zone = article.zones[index]
        if zone.kind in schema.silent_zones:
            message = (
                f"{mark.label} {_words(mark)} is in a zone {zone.kind}, where nothing is marked;"
                " delete it"
            )
            yield Issue(mark.id, "zone-silent", message, Severity.WARNING)
        elif mark.end > zone.end and mark.label != Layer.CONTENT:
            message = (
                f"{mark.label} {_words(mark)} runs over the end of its {zone.kind}, {zone.end};"
                " shorten it"
            )
            yield Issue(mark.id, "zone-crossed", message, Severity.WARNING)


def check_record(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Gold says of each of its units where it came from, and of no other."""
    if not isinstance(annotation, Gold):
        return
    linked = (
        *check_links(annotation, article, schema),
        *check_clusters(annotation, article, schema),
    )
    if any(issue.code == "link-dangling" for issue in linked):
        return  # a link to nothing is no unit, and is reported already
    units = set(align.units(annotation))
    recorded = {
        Unit(decision.layer, decision.label, decision.start, decision.end, decision.rest)
        for decision in annotation.decisions
        if decision.origin != "rejected"
    }
    for layer, label, start, end, _rest in sorted(units - recorded):
        message = (
            f"the {layer} {label} at {start}–{end} has no record of where it came from; adjudicate"
            " again"
        )
        yield Issue(article.id, "record-missing", message)
    for layer, label, start, end, _rest in sorted(recorded - units):
        message = (
            f"the record tells of a {layer} {label} at {start}–{end}, which is not there;"
            " adjudicate again"
        )
        yield Issue(article.id, "record-idle", message)


def check_attribution(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Every source and cue belongs to a content, and no source lies in its own."""
    spans = {span.id: span for span in (*annotation.sources, *annotation.cues)}
    linked = {attribution.source for attribution in annotation.attributions}
    linked |= {attribution.cue for attribution in annotation.attributions}
    for attribution in annotation.attributions:
        source = spans.get(attribution.source or "")
        if (
            source is not None
            and attribution.start <= source.start
            and source.end <= attribution.end
        ):
            yield Issue(
                attribution.id,
                "source-in-content",
                f"its source {_words(source)} lies in its own content; shorten the content",
            )
    for name in sorted(set(spans) - linked):
        message = (
            f"no content is linked to the {spans[name].label} {_words(spans[name])}; link it, or"
            " delete it"
        )
        yield Issue(name, "span-unlinked", message, Severity.WARNING)


def check_clusters(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Clusters have two members or more, of their layer, each in one cluster only."""
    for clusters, layer in (
        (annotation.entities, annotation.mentions),
        (annotation.events, annotation.event_mentions),
    ):
        yield from _check_clusters(clusters, {mark.id for mark in layer})


def _check_clusters(clusters: tuple[Cluster, ...], known: set[str]) -> Iterator[Issue]:
    seen: dict[str, str] = {}
    for cluster in clusters:
        if len(set(cluster.mentions)) < 2:
            yield Issue(cluster.id, "cluster-small", "it has fewer than two marks; remove it")
        for name in cluster.mentions:
            if name not in known:
                yield Issue(
                    cluster.id,
                    "link-dangling",
                    f"it holds {name}, which is no mark of its layer; link it anew",
                )
            elif seen.setdefault(name, cluster.id) != cluster.id:
                yield Issue(
                    cluster.id,
                    "cluster-overlap",
                    f"{name} is in {seen[name]} too; join the two or take it out of one",
                )


RULES: tuple[Rule, ...] = (
    check_spans,
    check_labels,
    check_attributes,
    check_links,
    check_cycles,
    check_times,
    check_attribution,
    check_clusters,
    check_zones,
    check_record,
)


def _allows(attribute: Attribute, value: AttributeValue) -> bool:
    if attribute.kind is Kind.CHOICE:
        return value in attribute.values
    if attribute.kind is Kind.NUMBER:
        return is_number(value)
    return isinstance(value, str) and (
        attribute.pattern is None or bool(re.fullmatch(attribute.pattern, value))
    )


def _words(mark: Mark) -> str:
    if mark.text is None:
        return f"at {mark.start}–{mark.end}"
    return _cut(mark.text)


def _cut(words: str) -> str:
    return f"“{words if len(words) <= 40 else words[:39] + '…'}”"
