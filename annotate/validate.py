"""The rules: each takes an annotation, its article and the schema, and yields what it finds. Nothing is printed here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from annotate.issues import Issue, Severity
from annotate.model import Annotation, Article, AttributeValue, Cluster, Mark
from annotate.schema import Attribute, Kind, Layer, Schema

Rule = Callable[[Annotation, Article, Schema], Iterator[Issue]]


def check(annotation: Annotation, article: Article, schema: Schema) -> list[Issue]:
    """All findings in an annotation, sorted; `where` is a mark's id, or the article's.

    Where the annotation is of another text or another schema, only that is said: the rest would be noise.
    """
    frame = list(check_frame(annotation, article, schema))
    return sorted(frame or (issue for rule in RULES for issue in rule(annotation, article, schema)))


def check_frame(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """The annotation is of this text, under this schema."""
    if annotation.sha256 != article.sha256:
        yield Issue(
            article.id,
            "text-hash",
            f"made on text {annotation.sha256[:12]}, the article is {article.sha256[:12]}; annotate it anew",
        )
    if annotation.provenance.schema_version != schema.version:
        made = annotation.provenance.schema_version
        yield Issue(
            article.id,
            "schema-version",
            f"made under schema {made}, this is {schema.version}; migrate it by name, or check out {made}",
        )


def check_spans(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Offsets lie in the article, carry its words, and have no white space at their ends."""
    for mark in annotation.marks():
        if mark.end > article.length:
            yield Issue(
                mark.id,
                "offset-range",
                f"{mark.start}–{mark.end} is past the article's {article.length} code points; mark it anew",
            )
            continue
        if article.text is None:
            continue
        words = mark.slice(article.text)
        if mark.text is not None and mark.text != words:
            yield Issue(
                mark.id,
                "mark-text",
                f"{mark.start}–{mark.end} reads {words!r}, the mark says {mark.text!r}; pull the task again",
            )
        elif words != words.strip():
            yield Issue(mark.id, "mark-space", f"{mark.start}–{mark.end} reads {words!r}; leave the white space out")


def check_labels(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Each mark has a label of its layer, an id of its own, and is there once."""
    layers = {
        Layer.MENTION: annotation.mentions,
        Layer.EVENT: annotation.event_mentions,
        Layer.SOURCE: annotation.sources,
        Layer.CUE: annotation.cues,
        Layer.CONTENT: annotation.attributions,
    }
    for layer, marks in layers.items():
        for mark in marks:
            if schema.layer(mark.label) is not layer:
                yield Issue(mark.id, "label-unknown", f"{mark.label!r} is no label of the layer {layer}; correct it")
    for name, count in Counter(mark.id for mark in annotation.marks()).items():
        if count > 1:
            yield Issue(name, "id-duplicate", f"{count} marks have this id; give each its own")
    first: dict[tuple[int, int, str], str] = {}
    for mark in annotation.marks():
        other = first.setdefault((mark.start, mark.end, mark.label), mark.id)
        if other != mark.id:
            found = f"{mark.label} over {mark.start}–{mark.end} is there already as {other}; delete one"
            yield Issue(mark.id, "mark-duplicate", found, Severity.WARNING)


def check_attributes(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Attributes are those of the label, the required ones are there, and each value is allowed."""
    for mark in annotation.marks():
        label = schema.labels.get(mark.label)
        if label is None:
            continue
        for name, value in mark.attributes.items():
            attribute = schema.attributes.get(name)
            if attribute is None:
                yield Issue(mark.id, "attribute-unknown", f"{name!r} is no attribute of the schema; remove it")
            elif name not in label.attributes:
                yield Issue(mark.id, "attribute-misplaced", f"{mark.label} has no {name}; remove it")
            elif not _allows(attribute, value):
                allowed = ", ".join(attribute.values) or attribute.pattern or f"a {attribute.kind}"
                yield Issue(mark.id, "attribute-value", f"{name} is {value!r}; give {allowed}")
        for name in label.attributes:
            if schema.attributes[name].required and name not in mark.attributes:
                yield Issue(mark.id, "attribute-missing", f"{mark.label} {_words(mark)} has no {name}; answer it")
        low, high = mark.attributes.get("min"), mark.attributes.get("max")
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            yield Issue(mark.id, "count-bounds", f"min {low} is greater than max {high}; correct them")


def check_links(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Every reference resolves, within its layer; roles and fillers are those that the schema allows."""
    marks = {mark.id: mark for mark in annotation.marks()}
    for event in annotation.event_mentions:
        for argument in event.arguments:
            filler = marks.get(argument.target)
            if filler is None:
                yield Issue(
                    event.id,
                    "link-dangling",
                    f"{argument.role} points to {argument.target}, which is not there; link it anew",
                )
            elif event.label in schema.events and argument.role not in schema.events[event.label].roles:
                roles = ", ".join(schema.events[event.label].roles)
                yield Issue(
                    event.id,
                    "role-unknown",
                    f"{event.label} {_words(event)} has no role {argument.role}; it has {roles}",
                )
            elif filler.label not in schema.fillers(event.label, argument.role) and event.label in schema.events:
                yield Issue(
                    event.id,
                    "role-filler",
                    f"{argument.role} of {event.label} {_words(event)} can't be a {filler.label}, {_words(filler)}; "
                    "correct the label or link another mark",
                )
        if not event.arguments:
            yield Issue(
                event.id,
                "event-bare",
                f"{event.label} {_words(event)} has no arguments; link them, if the article tells any",
                Severity.WARNING,
            )
    layers = (("source", {mark.id for mark in annotation.sources}), ("cue", {mark.id for mark in annotation.cues}))
    for attribution in annotation.attributions:
        for name, known in layers:
            head = getattr(attribution, name)
            if head is not None and head not in known:
                yield Issue(
                    attribution.id, "link-dangling", f"its {name} is {head}, which is no {name} mark; link it anew"
                )


def check_attribution(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Every source and cue belongs to a content, and no source lies in its own."""
    spans = {span.id: span for span in (*annotation.sources, *annotation.cues)}
    linked = {head for attribution in annotation.attributions for head in (attribution.source, attribution.cue)}
    for attribution in annotation.attributions:
        source = spans.get(attribution.source or "")
        if source is not None and attribution.start <= source.start and source.end <= attribution.end:
            yield Issue(
                attribution.id,
                "source-in-content",
                f"its source {_words(source)} lies in its own content; shorten the content",
            )
    for name in sorted(set(spans) - linked):
        found = f"no content is linked to the {spans[name].label} {_words(spans[name])}; link it, or delete it"
        yield Issue(name, "span-unlinked", found, Severity.WARNING)


def check_clusters(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Clusters have two members or more, of their layer, each in one cluster only."""
    for clusters, layer in ((annotation.entities, annotation.mentions), (annotation.events, annotation.event_mentions)):
        yield from _check_clusters(clusters, {mark.id for mark in layer})


def _check_clusters(clusters: tuple[Cluster, ...], known: set[str]) -> Iterator[Issue]:
    seen: dict[str, str] = {}
    for cluster in clusters:
        if len(set(cluster.mentions)) < 2:
            yield Issue(cluster.id, "cluster-small", "it has fewer than two marks; remove it")
        for name in cluster.mentions:
            if name not in known:
                yield Issue(
                    cluster.id, "link-dangling", f"it holds {name}, which is no mark of its layer; link it anew"
                )
            elif seen.setdefault(name, cluster.id) != cluster.id:
                yield Issue(
                    cluster.id, "cluster-overlap", f"{name} is in {seen[name]} too; join the two or take it out of one"
                )


RULES: tuple[Rule, ...] = (check_spans, check_labels, check_attributes, check_links, check_attribution, check_clusters)


def _allows(attribute: Attribute, value: AttributeValue) -> bool:
    if attribute.kind is Kind.CHOICE:
        return value in attribute.values
    if attribute.kind is Kind.NUMBER:
        return isinstance(value, int | float)
    return isinstance(value, str) and (attribute.pattern is None or bool(re.fullmatch(attribute.pattern, value)))


def _words(mark: Mark) -> str:
    if mark.text is None:
        return f"at {mark.start}–{mark.end}"
    return f"“{mark.text if len(mark.text) <= 40 else mark.text[:39] + '…'}”"
