"""A text with its marks as HTML: they may nest and cross, and every word stays as the text has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from annotate.measure import align
from annotate.model.records import Annotation, Mark, Sentence, Span
from annotate.model.schema import ATTRIBUTION_SPANS, Schema

_HIDDEN = "·"
"""Stands for a character that may not be shown."""


def drawn(
    text: str,
    zone: Span,
    marks: Iterable[Mark],
    prefix: str = "",
    loud: Collection[str] = (),
    behind: Mapping[str, Markup] | None = None,
) -> Markup:
    """The zone's words with its marks as `<mark>`s; those whose ids are `loud` stand out.

    What `behind` has for a mark, by its id, stands behind its last word.

    Where a mark crosses another it is closed and opened again, and so is one that goes on behind the zone: each piece
    names its mark in `data-mark`, and the first has its id, after the prefix.

    >>> mark = Mark(id="m1", label="place", start=3, end=6)
    >>> str(drawn("in <A> now", Span(start=0, end=10), [mark]))
    'in <mark class="label-place mention" id="m1" data-mark="m1" tabindex="-1">&lt;A&gt;</mark> now'
    """
    inside = [mark for mark in marks if mark.start < zone.end and zone.start < mark.end]
    inside.sort(key=lambda mark: mark.order)
    edges = {zone.start, zone.end}
    for mark in inside:
        edges |= {max(mark.start, zone.start), min(mark.end, zone.end)}
    pieces: list[str] = []
    open_marks: list[Mark] = []
    ordered = sorted(edges)
    for offset, after in zip(ordered, [*ordered[1:], zone.end], strict=True):
        _close(pieces, open_marks, offset, prefix, loud, behind or {})
        for mark in inside:
            if max(mark.start, zone.start) == offset:
                pieces.append(_tag(mark, prefix, loud, first=mark.start >= zone.start))
                open_marks.append(mark)
        pieces.append(str(escape(text[offset:after])))
    pieces += ["</mark>"] * len(open_marks)  # they go on in the next zone
    return Markup("".join(pieces))


def _close(
    pieces: list[str],
    open_marks: list[Mark],
    offset: int,
    prefix: str,
    loud: Collection[str],
    behind: Mapping[str, Markup],
) -> None:
    while any(mark.end == offset for mark in open_marks):
        depth = max(place for place, mark in enumerate(open_marks) if mark.end == offset)
        crossing = open_marks[depth + 1 :]
        pieces += ["</mark>"] * len(crossing)
        pieces += [behind.get(open_marks[depth].id, ""), "</mark>"]
        del open_marks[depth:]
        for mark in crossing:
            pieces.append(_tag(mark, prefix, loud, first=False))
            open_marks.append(mark)


def _tag(mark: Mark, prefix: str, loud: Collection[str], first: bool) -> str:
    kinds = f"label-{mark.label} {kind(mark)}" + (" loud" if mark.id in loud else "")
    name = escape(prefix + mark.id)
    own = f'id="{name}" ' if first else ""
    return f'<mark class="{escape(kinds)}" {own}data-mark="{name}" tabindex="-1">'


def kind(mark: Mark) -> str:
    """The class that the style sheet knows a mark by: `mention`, `event`, `source`, `cue` or `content`."""
    return mark.label if mark.label in ATTRIBUTION_SPANS else str(align.layer(mark).value)


def label_signs(marks: Iterable[Mark]) -> dict[str, Markup]:
    """By mark, its label, to stand behind its last word."""
    return {mark.id: Markup("<sub>{}</sub>").format(mark.label) for mark in marks}


def details(
    annotation: Annotation, words: Callable[[Span], str | None], prefix: str = ""
) -> dict[str, Any]:
    """By mark, what the page's script tells of it: label, words, answers, links to and from it, and its equals."""
    told: dict[str, Any] = {}
    links_to: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for mark in annotation.marks():
        links = [(label, prefix + head) for label, head in align.links(mark)]
        told[prefix + mark.id] = {
            "label": mark.label,
            "words": words(mark) or f"{mark.start}–{mark.end}",
            "answers": [[name, str(value)] for name, value in mark.attributes.items()],
            "links": links,
        }
        for label, head in links:
            links_to[head].append((label, prefix + mark.id))
    for name, sources in links_to.items():
        if name in told:
            told[name]["from"] = sources
    for cluster in (*annotation.entities, *annotation.events):
        for name in cluster.mentions:
            told[prefix + name]["same"] = [prefix + member for member in cluster.mentions]
    return told


def veiled(length: int, sentences: Sequence[Sentence]) -> str:
    """A text of that many code points whose tokens are dots: what may be shown of one that is withheld.

    >>> veiled(7, [Sentence(start=0, end=6, tokens=((0, 2), (3, 6)), digest="0" * 8)])
    '·· ··· '
    """
    letters = [" "] * length
    for sentence in sentences:
        for start, end in sentence.tokens:
            letters[start:end] = _HIDDEN * (end - start)
    return "".join(letters)


def legend(annotation: Annotation, schema: Schema) -> dict[str, list[str]]:
    """By kind of mark, the labels that the annotation has, in the schema's order."""
    found: dict[str, set[str]] = defaultdict(set)
    for mark in annotation.marks():
        found[kind(mark)].add(mark.label)
    kinds = ("event", "mention", *ATTRIBUTION_SPANS)
    return {
        name: [label for label in schema.labels if label in found[name]]
        for name in kinds
        if found[name]
    }


def link_lines(annotation: Annotation) -> Iterator[str]:
    """What is said of each mark besides its label, a line each: its answers and links; then what is one and the same.

    *seized: realis actual, agent → the rebels*, and *the rebels = they*.
    """
    words = {mark.id: mark.text or mark.id for mark in annotation.marks()}
    for mark in annotation.marks():
        said = [f"{name} {value}" for name, value in mark.attributes.items()]
        said += [f"{label} → {words[head]}" for label, head in align.links(mark)]
        if said:
            yield f"{words[mark.id]}: {', '.join(said)}"
    for cluster in (*annotation.entities, *annotation.events):
        yield " = ".join(words[name] for name in cluster.mentions)
