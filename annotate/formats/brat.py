"""brat standoff (Stenetorp et al. 2012): `.txt` and `.ann`. All layers; marks are numbered anew.

Mentions, sources, cues and contents are text-bound annotations, event mentions events, links of contents relations,
choices attributes, numbers and texts notes, and clusters equivalences. A span over several lines is written in
fragments, as brat asks.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise

from annotate.formats.document import FormatError, Lost, Read, Written, assembled, text_of
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.records import Annotation, Article, AttributeValue, Mark, Provenance
from annotate.model.schema import SAME_AS, Kind, Layer, Schema

SUFFIXES = (".txt", ".ann")
_TEXT_BOUND = re.compile(r"(T\d+)\t(\S+) (\d+ \d+(?:;\d+ \d+)*)(?:\t.*)?")
_EVENT = re.compile(r"(E\d+)\t(\S+):(T\d+)((?: \S+:[TE]\d+)*) ?")
_RELATION = re.compile(r"R\d+\t(\S+) Arg1:([TE]\d+) Arg2:([TE]\d+)\s*")
_ATTRIBUTE = re.compile(r"[AM]\d+\t(\S+) ([TE]\d+)(?: (.+))?")
_NOTE = re.compile(r"#\d+\t(\S+) ([TE]\d+)\t(.*)")
_SAME = re.compile(r"\*\tEquiv((?: T\d+)+)")


def write(article: Article, annotation: Annotation, schema: Schema) -> Written:
    """The text and its annotations."""
    text, lost = text_of(article), Lost()
    marks, links = graph.disassemble(annotation)
    edged = {mark.id for mark in marks if mark.slice(text).strip("\n") != mark.slice(text)}
    lost["marks that start or end with a newline, with their links"] += len(edged)
    kept = [mark for mark in marks if mark.id not in edged]
    name_of, lines = {}, []
    for number, mark in enumerate(kept, 1):
        lines.append(
            f"T{number}\t{mark.label}"
            f" {_fragments(mark, text)}\t{mark.slice(text).replace(chr(10), ' ')}"
        )
        name_of[mark.id] = f"T{number}"
    triggers = [mark for mark in kept if mark.label in schema.events]
    trigger_of = {mark.id: name_of[mark.id] for mark in triggers}
    name_of |= {mark.id: f"E{number}" for number, mark in enumerate(triggers, 1)}
    joined = [link for link in links if link.tail in name_of and link.head in name_of]
    for mark in triggers:
        lines.append(
            f"{name_of[mark.id]}\t{mark.label}:{trigger_of[mark.id]}{_roles(mark, joined, name_of)}"
        )
    others = [link for link in joined if link.label != SAME_AS and link.tail not in trigger_of]
    for number, link in enumerate(others, 1):
        lines.append(f"R{number}\t{link.label} Arg1:{name_of[link.tail]} Arg2:{name_of[link.head]}")
    lines += _answers(kept, name_of, schema)
    for cluster in (*annotation.entities, *annotation.events):
        # brat joins text-bound annotations: of events, the triggers.
        members = [
            trigger_of.get(name, name_of[name]) for name in cluster.mentions if name in name_of
        ]
        if len(members) > 1:
            lines.append(f"*\tEquiv {' '.join(members)}")
    return Written(
        {".txt": text.encode(), ".ann": "".join(f"{line}\n" for line in lines).encode()}, +lost
    )


def _fragments(mark: Mark, text: str) -> str:
    """One `start end` for each line that the mark runs over."""
    pieces = [
        f"{mark.start + found.start()} {mark.start + found.end()}"
        for found in re.finditer(r"[^\n]+", mark.slice(text))
    ]
    return ";".join(pieces)


def _roles(mark: Mark, links: list[Link], name_of: Mapping[str, str]) -> str:
    """The event's arguments; the second of one role is numbered 2."""
    seen: Counter[str] = Counter()
    written = []
    for link in links:
        if link.tail == mark.id and link.label != SAME_AS:
            seen[link.label] += 1
            number = seen[link.label] if seen[link.label] > 1 else ""
            written.append(f" {link.label}{number}:{name_of[link.head]}")
    return "".join(written)


def _answers(marks: list[Mark], name_of: Mapping[str, str], schema: Schema) -> Iterator[str]:
    attributes = notes = 0
    for mark in marks:
        for name, value in mark.attributes.items():
            attribute = schema.attributes[name]
            if attribute.kind is Kind.CHOICE:
                attributes += 1
                told = "" if len(attribute.values) == 1 else f" {value}"
                yield f"A{attributes}\t{name} {name_of[mark.id]}{told}"
            else:
                notes += 1
                yield (
                    f"#{notes}\t{name}"
                    f" {name_of[mark.id]}\t{value if isinstance(value, str) else json.dumps(value)}"
                )


def read(
    files: Mapping[str, bytes], article: Article, schema: Schema, made: Provenance, where: str
) -> Read:
    """What an `.ann` holds; the `.txt` must be the article's text."""
    text, lost = text_of(article), Lost()
    if ".txt" in files and files[".txt"].decode(errors="replace") != text:
        raise FormatError(
            f"{where}.txt: not the article's text; offsets would point elsewhere: export it again"
        )
    spans: dict[str, tuple[str, int, int]] = {}
    events: dict[str, tuple[str, str]] = {}
    answers: dict[str, dict[str, AttributeValue]] = defaultdict(dict)
    links: list[Link] = []
    same: list[Link] = []
    for number, line in enumerate(files[".ann"].decode(errors="replace").split("\n"), 1):
        at = f"{where}.ann:{number}"
        if found := _TEXT_BOUND.fullmatch(line):
            edges = [int(edge) for edge in re.findall(r"\d+", found[3])]
            gaps = [text[end:start] for end, start in zip(edges[1:-1:2], edges[2::2], strict=True)]
            if not edges[0] < edges[-1] <= len(text):
                raise FormatError(
                    f"{at}: {found[3]} is no span of the {len(text)} code points; correct it"
                )
            lost["discontinuous spans, read as one"] += any(gap.strip("\n") for gap in gaps)
            spans[found[1]] = (found[2], edges[0], edges[-1])
        elif found := _EVENT.fullmatch(line):
            events[found[1]] = (found[2], found[3])
            links += [
                Link(found[1], role.rstrip("0123456789"), head)
                for role, head in re.findall(r" (\S+):([TE]\d+)", found[4])
            ]
        elif found := _RELATION.fullmatch(line):
            links.append(Link(found[2], found[1], found[3]))
        elif found := _SAME.fullmatch(line):
            members = found[1].split()
            same += [Link(one, SAME_AS, other) for one, other in pairwise(members)]
        elif (found := _ATTRIBUTE.fullmatch(line) or _NOTE.fullmatch(line)) and found[
            1
        ] in schema.attributes:
            answers[found[2]][found[1]] = _answer(found[3], found[1], schema, at)
        elif line.strip():
            kind = {"N": "normalisations", "#": "notes"}.get(line[0])
            if kind is None and not found:
                raise FormatError(f"{at}: {line[:60]!r} is no line of brat standoff; correct it")
            lost[kind or "attributes that the schema does not have"] += 1
    triggers = {trigger: name for name, (_label, trigger) in events.items()}
    marks = {name: span for name, span in spans.items() if name not in triggers}
    for name, (label, trigger) in events.items():
        if trigger not in spans:
            raise FormatError(f"{where}.ann: the event {name} has no trigger {trigger}; add it")
        marks[name] = (label, *spans[trigger][1:])
    links += [
        Link(triggers.get(link.tail, link.tail), SAME_AS, triggers.get(link.head, link.head))
        for link in same
    ]
    bare = [
        name
        for name, (label, *_) in marks.items()
        if schema.layer(label) is Layer.EVENT and name not in events
    ]
    lost["triggers without an event, read as events"] += len(bare)
    read_ = [
        Mark(
            id=name,
            label=label,
            start=start,
            end=end,
            text=text[start:end],
            attributes=answers[name],
        )
        for name, (label, start, end) in marks.items()
    ]
    return assembled(read_, links, article, schema, made, lost)


def _answer(given: str | None, name: str, schema: Schema, at: str) -> AttributeValue:
    attribute = schema.attributes[name]
    if attribute.kind is Kind.NUMBER:
        try:
            return float(given or "")
        except ValueError:
            raise FormatError(
                f"{at}: {name} is {given!r}, which is no number; correct it"
            ) from None
    if given is None:
        return next(iter(attribute.values), "")
    return given
