"""An annotation as marks and labelled links between them: the form that Label Studio and the inline notation share.

`assemble` and `disassemble` are inverse for every annotation whose clusters carry the ids that `assemble` gives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from annotate.model.issues import Issue
from annotate.model.records import (
    Annotation,
    Argument,
    Attribution,
    AttributionSpan,
    Cluster,
    Entity,
    Event,
    EventMention,
    Mark,
    Mention,
    Provenance,
)
from annotate.model.schema import SAME_AS, SPAN_LAYERS, Layer, Schema


class Link(NamedTuple):
    """A labelled, directed link between two marks, by id."""

    tail: str
    label: str
    head: str


def assemble(
    marks: Iterable[Mark],
    links: Iterable[Link],
    schema: Schema,
    article: str,
    sha256: str,
    provenance: Provenance,
) -> tuple[Annotation, list[Issue]]:
    """The annotation that marks and links make, and an issue (`where`: a mark's id) for each without a place in it."""
    issues: list[Issue] = []
    places: dict[str, tuple[Mark, Layer]] = {}
    for mark in marks:
        layer = schema.layer(mark.label)
        if layer is None:
            issues.append(
                Issue(
                    mark.id,
                    "label-unknown",
                    f"{mark.label!r} is no label of schema {schema.version}; correct it",
                )
            )
        elif mark.id in places:
            issues.append(
                Issue(mark.id, "id-duplicate", "two marks have this id; give each its own")
            )
        else:
            places[mark.id] = (mark, layer)
    ends: dict[str, list[Link]] = defaultdict(list)
    same: list[Link] = []
    for link in dict.fromkeys(links):
        fault = _misplaced(link, places, ends, schema)
        if fault:
            issues.append(Issue(link.tail, *fault))
        elif link.label == SAME_AS:
            same.append(link)
        else:
            ends[link.tail].append(link)
    layers: dict[Layer, list[Any]] = {layer: [] for layer in SPAN_LAYERS}
    for mark, layer in places.values():
        layers[layer].append(_record(mark, layer, ends[mark.id]))
    groups = _clusters(same, {name: mark for name, (mark, _layer) in places.items()})
    of_layer = {name: layer for name, (_mark, layer) in places.items()}
    annotation = Annotation(
        article=article,
        sha256=sha256,
        provenance=provenance,
        entities=tuple(
            Entity(**group) for group in groups if of_layer[group["mentions"][0]] is Layer.MENTION
        ),
        events=tuple(
            Event(**group) for group in groups if of_layer[group["mentions"][0]] is Layer.EVENT
        ),
        **{layer.field: tuple(marks) for layer, marks in layers.items()},
    )
    return annotation, issues


def disassemble(annotation: Annotation) -> tuple[list[Mark], list[Link]]:
    """The marks of all layers in the order of the text, and the links between them."""
    marks = sorted((_bare(mark) for mark in annotation.marks()), key=lambda mark: mark.order)
    return marks, sorted(_annotation_links(annotation))


def fewer(old: Annotation, new: Annotation) -> str:
    """What the new annotation has less of, in words; empty where it has as many marks, links and answers."""
    counts = []
    for annotation in (old, new):
        marks, links = list(annotation.marks()), list(_annotation_links(annotation))
        answers = sum(len(mark.attributes) for mark in marks)
        counts.append({"marks": len(marks), "links": len(links), "answers": answers})
    names = (name for name in counts[0] if counts[1][name] < counts[0][name])
    return " and ".join(f"{counts[1][name]} {name} in place of {counts[0][name]}" for name in names)


def _misplaced(
    link: Link, places: dict[str, tuple[Mark, Layer]], ends: dict[str, list[Link]], schema: Schema
) -> tuple[str, str] | None:
    for end in (link.tail, link.head):
        if end not in places:
            return (
                "link-dangling",
                (
                    f"the link {link.label!r} to {link.head} has no mark {end} at its end; draw it"
                    " anew"
                ),
            )
    tail, head = places[link.tail][1], places[link.head][1]
    if link.label == SAME_AS:
        if tail is head and tail in (Layer.MENTION, Layer.EVENT):
            return None
        return (
            "link-misplaced",
            f"same_as joins two mentions or two events, not a {tail} and a {head}; remove it",
        )
    if tail is Layer.EVENT and link.label in schema.roles and head in (Layer.MENTION, Layer.EVENT):
        return None
    if tail is Layer.CONTENT and link.label in (Layer.SOURCE, Layer.CUE) and head == link.label:
        if any(other.label == link.label for other in ends[link.tail]):
            return "link-repeated", f"the content has a second {link.label}, {link.head}; keep one"
        return None
    return (
        "link-misplaced",
        f"a link {link.label!r} can't go from a {tail} to a {head}; turn it round or remove it",
    )


def _record(mark: Mark, layer: Layer, links: Sequence[Link]) -> Mark:
    fields = vars(mark)
    match layer:
        case Layer.MENTION:
            return Mention(**fields)
        case Layer.EVENT:
            return EventMention(
                **fields,
                arguments=tuple(Argument(role=link.label, target=link.head) for link in links),
            )
        case Layer.CONTENT:
            return Attribution(**(fields | {link.label: link.head for link in links}))
        case _:
            return AttributionSpan(**fields)


def _clusters(pairs: Iterable[Link], marks: dict[str, Mark]) -> list[dict[str, Any]]:
    """Connected components of the `same_as` links, each named after its first mark in the text."""
    group_of: dict[str, set[str]] = {}
    for pair in pairs:
        joined = group_of.get(pair.tail, {pair.tail}) | group_of.get(pair.head, {pair.head})
        for name in joined:
            group_of[name] = joined
    groups = {id(group): group for group in group_of.values() if len(group) > 1}
    ordered = (sorted(group, key=lambda name: marks[name].order) for group in groups.values())
    return [{"id": f"same-{group[0]}", "mentions": tuple(group)} for group in ordered]


def _bare(mark: Mark) -> Mark:
    return Mark(**{name: getattr(mark, name) for name in Mark.model_fields})


def _annotation_links(annotation: Annotation) -> Iterator[Link]:
    for event in annotation.event_mentions:
        for argument in event.arguments:
            yield Link(event.id, argument.role, argument.target)
    for attribution in annotation.attributions:
        for label in (Layer.SOURCE.value, Layer.CUE.value):
            head = getattr(attribution, label)
            if head is not None:
                yield Link(attribution.id, label, head)
    clusters: Iterable[Cluster] = (*annotation.entities, *annotation.events)
    for cluster in clusters:
        for one, other in pairwise(cluster.mentions):
            yield Link(one, SAME_AS, other)
