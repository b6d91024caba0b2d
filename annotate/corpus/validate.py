"""The rules: each takes a record and the schema, and yields what it finds. Nothing is printed here."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from annotate.corpus import splits
from annotate.corpus.store import Corpus, StoreError
from annotate.measure import align
from annotate.model.issues import Issue, Severity, errors
from annotate.model.records import Annotation, Article, AttributeValue, Cluster, Gold, Mark, Zone
from annotate.model.schema import Attribute, Kind, Layer, Schema
from annotate.model.text import is_normal, normalise, sha256

Rule = Callable[[Annotation, Article, Schema], Iterator[Issue]]


def corpus(
    folder: Corpus, schema: Schema, on_file: Callable[[str], None] = lambda what: None
) -> Iterator[Issue]:
    """All findings in a corpus folder: articles, passes, gold and assignments; one article is held at a time.

    `on_file` is told `articles` or `annotations` for each.

    `where` is the file's path in the corpus, and within an annotation the mark's id.
    """
    collections = folder.collections()
    texts: set[int] = set()
    for found in folder.walk():
        if isinstance(found, StoreError):
            yield found.issue
            continue
        article, annotations = found
        on_file("articles")
        where = f"articles/{article.collection}/{article.id}.yaml"
        # Of each text only eight bytes of its hash are kept: this is all that grows with the corpus.
        text = int(article.sha256[:16], 16)
        if text in texts:
            yield Issue(
                where,
                "article-repeated",
                f"another article has its text, {article.sha256[:12]}; remove one",
            )
        texts.add(text)
        if article.collection not in collections:
            known = ", ".join(sorted(collections))
            yield Issue(
                where,
                "collection-unknown",
                f"no collection {article.collection!r} ({known}); declare it",
            )
        yield from (replace(issue, where=where) for issue in check_article(article, schema))
        withheld = (
            article.collection in collections and not collections[article.collection].ships_text
        )
        if withheld:
            yield from _check_sentences(article, folder)
        for path, annotation in annotations.items():
            on_file("annotations")
            issues = [
                *check(annotation, article, schema),
                *_check_place(annotation, folder, withheld),
            ]
            yield from (replace(issue, where=f"{path}: {issue.where}") for issue in issues)
    yield from _check_assignments(folder)
    try:
        yield from splits.check(folder, schema, on_file)
    except StoreError as error:
        yield error.issue


def passes(
    folder: Corpus,
    schema: Schema,
    skip: Callable[[str], None],
    annotators: Sequence[str] = (),
    among: Sequence[str] = (),
    unaided: bool = False,
) -> Iterator[tuple[Article, list[Annotation]]]:
    """The articles with two valid passes or more, of the annotators or of all; one article is held at a time.

    With `unaided`, passes that began with suggestions are left out.

    Among the collections named, or those that go into the dataset. `skip` is told of each pass that is not valid, and why.
    """
    collections = folder.collections()
    for walked in folder.walk():
        if isinstance(walked, StoreError):
            skip(str(walked))
            continue
        article, annotations = walked
        about = collections.get(article.collection)
        if article.collection not in among if among else about is None or not about.in_dataset:
            continue
        found = []
        for where, annotation in annotations.items():
            made = annotation.provenance
            if isinstance(annotation, Gold) or (annotators and made.annotator not in annotators):
                continue
            if unaided and made.started_from is not None:
                continue
            issues = errors(check(annotation, article, schema))
            if issues:
                skip(
                    f"{where}: {issues[0]}"
                    + (f" (and {len(issues) - 1} more)" if len(issues) > 1 else "")
                )
            else:
                found.append(annotation)
        if len(found) > 1:
            yield article, found


def _check_place(annotation: Annotation, folder: Corpus, withheld: bool) -> Iterator[Issue]:
    """What only the corpus around an annotation can show."""
    if withheld and any(mark.text is not None for mark in annotation.marks()):
        found = (
            "the words of its marks are written out, and the text may not be given on; write the"
            " file again"
        )
        yield Issue(annotation.article, "words-withheld", found)
    for annotator in annotation.provenance.made_from:
        if not folder.annotation_path(annotator, annotation.article).exists():
            found = f"it was made from a pass of {annotator}, which is not there; restore that pass"
            yield Issue(annotation.article, "gold-pass", found)


def _check_sentences(article: Article, folder: Corpus) -> Iterator[Issue]:
    """The sentences that are kept of a withheld text are the text's: what the dataset is built from without it."""
    where = f"articles/{article.collection}/{article.id}.sentences.json"
    try:
        kept = folder.sentences(article) or ()
    except StoreError as error:
        yield error.issue
        return
    for sentence in kept:
        words = None if article.text is None else sentence.slice(article.text)
        if sentence.end > article.length or (
            words is not None and sha256(words)[:8] != sentence.digest
        ):
            found = (
                f"{sentence.start}–{sentence.end} is no sentence of the text; remove the file, and"
                " run acre rehydrate"
            )
            yield Issue(where, "sentences-behind", found)
            return


def _check_assignments(folder: Corpus) -> Iterator[Issue]:
    try:
        dealt = folder.assignments()
    except StoreError as error:
        yield error.issue
        return
    known = folder.article_ids() if dealt else frozenset()
    for name in sorted(set(dealt) - known):
        yield Issue(
            "assignments.csv",
            "assignment-unknown",
            f"there is no article {name}; add it, or remove the row",
        )


def check_article(article: Article, schema: Schema) -> Iterator[Issue]:
    """The text is in the corpus's form, and its zones tile it; `where` is the article's id."""

    def issue(code: str, message: str) -> Issue:
        return Issue(article.id, code, message)

    if article.text is not None and not is_normal(article.text):
        changes = ", ".join(normalise(article.text)[1])
        yield issue(
            "text-unnormalised", f"its text would change ({changes}); add it anew with: acre add"
        )
    place = 0
    for zone in article.zones:
        told = f"{zone.kind} {zone.start}–{zone.end}"
        if zone.kind not in schema.zones:
            yield issue(
                "zone-unknown",
                f"{told}: the schema has {', '.join(schema.zones)}; correct the kind",
            )
        if zone.end > article.length:
            yield issue(
                "zone-range",
                f"{told} is past the article’s {article.length} code points; correct it",
            )
            return
        if zone.start < place:
            yield issue(
                "zone-overlap",
                f"{told} starts before the zone above it ends, at {place}; correct them",
            )
        elif article.text is not None:
            yield from _check_zone(article.text, zone, place, issue)
        place = max(place, zone.end)
    if article.text is not None and article.text[place:].strip():
        left = article.text[place:].strip()
        yield issue(
            "zone-gap", f"{place}–{article.length} is in no zone: {_cut(left)}; put it in one"
        )


def _check_zone(
    text: str, zone: Zone, place: int, issue: Callable[[str, str], Issue]
) -> Iterator[Issue]:
    told = f"{zone.kind} {zone.start}–{zone.end}"
    between, words = text[place : zone.start], zone.slice(text)
    if between.strip():
        yield issue(
            "zone-gap",
            f"{place}–{zone.start} is in no zone: {_cut(between.strip())}; put it in one",
        )
    if words != words.strip():
        yield issue("zone-space", f"{told} starts or ends with white space; leave it out")


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
            f"made on text {annotation.sha256[:12]}, the article is {article.sha256[:12]}; annotate"
            " it anew",
        )
    if annotation.provenance.schema_version != schema.version:
        made = annotation.provenance.schema_version
        yield Issue(
            article.id,
            "schema-version",
            f"made under schema {made}, this is {schema.version}; migrate it by name, or check out"
            f" {made}",
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
            found = (
                f"{mark.label} over {mark.start}–{mark.end} is there already as {other}; delete one"
            )
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
                yield Issue(
                    mark.id,
                    "attribute-missing",
                    f"{mark.label} {_words(mark)} has no {name}; answer it",
                )
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
            filler = marks.get(argument.target)
            if filler is None:
                yield Issue(
                    event.id,
                    "link-dangling",
                    f"{argument.role} points to {argument.target}, which is not there; link it"
                    " anew",
                )
            elif (
                event.label in schema.events
                and argument.role not in schema.events[event.label].roles
            ):
                roles = ", ".join(schema.events[event.label].roles)
                yield Issue(
                    event.id,
                    "role-unknown",
                    f"{event.label} {_words(event)} has no role {argument.role}; it has {roles}",
                )
            elif (
                filler.label not in schema.fillers(event.label, argument.role)
                and event.label in schema.events
            ):
                yield Issue(
                    event.id,
                    "role-filler",
                    f"{argument.role} of {event.label} {_words(event)} can't be a {filler.label},"
                    f" {_words(filler)}; correct the label or link another mark",
                )
        for argument, count in Counter(event.arguments).items():
            if count > 1:
                found = f"{argument.role} points to {argument.target} {count} times; keep one"
                yield Issue(event.id, "link-repeated", found)
        if not event.arguments:
            yield Issue(
                event.id,
                "event-bare",
                f"{event.label} {_words(event)} has no arguments; link them, if the article"
                " tells any",
                Severity.WARNING,
            )
    layers = (
        ("source", {mark.id for mark in annotation.sources}),
        ("cue", {mark.id for mark in annotation.cues}),
    )
    for attribution in annotation.attributions:
        for name, known in layers:
            head = getattr(attribution, name)
            if head is not None and head not in known:
                yield Issue(
                    attribution.id,
                    "link-dangling",
                    f"its {name} is {head}, which is no {name} mark; link it anew",
                )


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
        told = " → ".join(_words(events[name]) for name in circle)
        yield Issue(
            circle[0], "link-cycle", f"{told} are arguments of one another; remove one of the links"
        )


def check_times(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """What is told as having happened is not dated after the publication."""
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
                found = (
                    f"{event.label} {_words(event)} is told as actual, its time {_words(time)} is"
                    f" {time.attributes['value']}, and the article is of {article.published};"
                    " correct the value or the realis"
                )
                yield Issue(event.id, "time-future", found, Severity.WARNING)


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
            found = (
                f"{mark.label} {_words(mark)} is in a zone {zone.kind}, where nothing is marked;"
                " delete it"
            )
            yield Issue(mark.id, "zone-silent", found, Severity.WARNING)
        elif mark.end > zone.end and mark.label != Layer.CONTENT:
            found = (
                f"{mark.label} {_words(mark)} runs over the end of its {zone.kind}, {zone.end};"
                " shorten it"
            )
            yield Issue(mark.id, "zone-crossed", found, Severity.WARNING)


def check_record(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Gold says of each of its units where it came from, and of no other."""
    if not isinstance(annotation, Gold):
        return
    linked = (
        *check_links(annotation, article, schema),
        *check_clusters(annotation, article, schema),
    )
    if any(issue.code == "link-dangling" for issue in linked):
        return  # a link to nothing is no unit, and is told already
    units = {tuple(unit) for unit in align.units(annotation)}
    told = {
        (found.layer, found.label, found.start, found.end, found.rest)
        for found in annotation.decisions
        if found.origin != "rejected"
    }
    for layer, label, start, end, _rest in sorted(units - told):
        found = (
            f"the {layer} {label} at {start}–{end} has no record of where it came from; adjudicate"
            " again"
        )
        yield Issue(article.id, "record-missing", found)
    for layer, label, start, end, _rest in sorted(told - units):
        found = (
            f"the record tells of a {layer} {label} at {start}–{end}, which is not there;"
            " adjudicate again"
        )
        yield Issue(article.id, "record-idle", found)


def check_attribution(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """Every source and cue belongs to a content, and no source lies in its own."""
    spans = {span.id: span for span in (*annotation.sources, *annotation.cues)}
    linked = {
        head
        for attribution in annotation.attributions
        for head in (attribution.source, attribution.cue)
    }
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
        found = (
            f"no content is linked to the {spans[name].label} {_words(spans[name])}; link it, or"
            " delete it"
        )
        yield Issue(name, "span-unlinked", found, Severity.WARNING)


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
        return isinstance(value, int | float)
    return isinstance(value, str) and (
        attribute.pattern is None or bool(re.fullmatch(attribute.pattern, value))
    )


def _words(mark: Mark) -> str:
    if mark.text is None:
        return f"at {mark.start}–{mark.end}"
    return _cut(mark.text)


def _cut(words: str) -> str:
    return f"“{words if len(words) <= 40 else words[:39] + '…'}”"
