r"""brat standoff (Stenetorp et al. 2012): `.txt` and `.ann`. All layers; marks are numbered anew.

Mentions, sources, cues and contents are text-bound annotations, event mentions events, links of contents relations,
choices attributes, numbers and texts notes, and clusters equivalences. A span over several lines is written in
fragments, as brat asks. A note is one line: in it a newline is `\n`, a tab `\t`, a backslash `\\`, and another sign
that ends a line `\u` with its four digits.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from annotate.formats.document import (
    NO_MAP,
    Document,
    Dropped,
    Export,
    FormatError,
    Import,
    Marked,
    assembled,
    decode,
    lines,
    text_of,
)
from annotate.formats.labelmap import LabelMap
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.offsets import Edges
from annotate.model.records import Annotation, Article, Mark, Provenance
from annotate.model.schema import SAME_AS, Kind, Layer, Schema

SUFFIXES = (".txt", ".ann")
_EVIDENCE = 3
"""brat's offsets are code points by definition: fewer marks than these do not show that a file counts otherwise."""
_TEXT_BOUND = re.compile(r"(T\d+)\t(\S+) (\d{1,9} \d{1,9}(?:;\d{1,9} \d{1,9})*)(?:\t(.*))?")
_EVENT = re.compile(r"(E\d+)\t(\S+):(T\d+)((?: +\S+:[TE]\d+)*) *")
_RELATION = re.compile(r"R\d+\t(\S+) \S+:([TE]\d+) \S+:([TE]\d+)\s*")
_ATTRIBUTE = re.compile(r"[AM]\d+\t(\S+) ([TER]\d+)(?: (.+))?")
_NOTE = re.compile(r"#\d*\t(\S+) ([TER]\d+)(?:\t(.*))?")
_SAME = re.compile(r"\*\tEquiv((?: T\d+)+)\s*")
_OTHER = {
    "N": "normalisations",
    "#": "notes",
    "*": "relations without a number that are no Equiv",
    "A": "attributes",
}
_LINE_END = re.compile("[\\\\\t\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_ESCAPED = re.compile(r"\\(?:([\\tnr])|u([0-9a-f]{4}))")
_ESCAPES = {"\\": "\\", "\t": "t", "\n": "n", "\r": "r"}


def write(article: Article, annotation: Annotation, schema: Schema) -> Export:
    """The text and its annotations."""
    text, dropped = text_of(article), Dropped()
    marks, links = graph.disassemble(annotation)
    edged = {mark.id for mark in marks if mark.slice(text).strip("\n") != mark.slice(text)}
    dropped["marks that start or end with a newline, with their links"] += len(edged)
    kept = [mark for mark in marks if mark.id not in edged]
    name_of, written = {}, []
    for number, mark in enumerate(kept, 1):
        written.append(
            f"T{number}\t{mark.label}"
            f" {_fragments(mark, text)}\t{mark.slice(text).replace(chr(10), ' ')}"
        )
        name_of[mark.id] = f"T{number}"
    triggers = [mark for mark in kept if mark.label in schema.events]
    trigger_of = {mark.id: name_of[mark.id] for mark in triggers}
    name_of |= {mark.id: f"E{number}" for number, mark in enumerate(triggers, 1)}
    joined = [link for link in links if link.tail in name_of and link.head in name_of]
    for mark in triggers:
        written.append(
            f"{name_of[mark.id]}\t{mark.label}:{trigger_of[mark.id]}{_roles(mark, joined, name_of)}"
        )
    others = [link for link in joined if link.label != SAME_AS and link.tail not in trigger_of]
    for number, link in enumerate(others, 1):
        written.append(
            f"R{number}\t{link.label} Arg1:{name_of[link.tail]} Arg2:{name_of[link.head]}"
        )
    written += _answers(kept, name_of, schema)
    for cluster in (*annotation.entities, *annotation.events):
        # brat joins text-bound annotations: of events, the triggers.
        members = [
            trigger_of.get(name, name_of[name]) for name in cluster.mentions if name in name_of
        ]
        if len(members) > 1:
            written.append(f"*\tEquiv {' '.join(members)}")
    return Export(
        {".txt": text.encode(), ".ann": "".join(f"{line}\n" for line in written).encode()}, +dropped
    )


def _fragments(mark: Mark, text: str) -> str:
    """One `start end` for each line that the mark runs over."""
    pieces = [
        f"{mark.start + match.start()} {mark.start + match.end()}"
        for match in re.finditer(r"[^\n]+", mark.slice(text))
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
                words = _escaped(value) if isinstance(value, str) else json.dumps(value)
                yield f"#{notes}\t{name} {name_of[mark.id]}\t{words}"


def _escaped(words: str) -> str:
    def one(match: re.Match[str]) -> str:
        return "\\" + _ESCAPES.get(match[0], f"u{ord(match[0]):04x}")

    return _LINE_END.sub(one, words)


def _unescaped(words: str) -> str:
    letters = {short: letter for letter, short in _ESCAPES.items()}
    return _ESCAPED.sub(
        lambda match: letters[match[1]] if match[1] else chr(int(match[2], 16)), words
    )


@dataclass
class _Standoff:
    """What an `.ann` holds, by the ids of its lines."""

    dropped: Dropped = field(default_factory=Dropped)
    spans: dict[str, tuple[str, tuple[Edges, ...], str | None]] = field(default_factory=dict)
    events: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By id: label, and id of the trigger."""
    answers: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    links: list[Link] = field(default_factory=list)
    same: list[Link] = field(default_factory=list)


def documents(files: Mapping[str, bytes], where: str) -> list[Document]:
    """The one document of an `.ann` and, where it is there, its `.txt`."""
    standoff = _Standoff()
    for number, line in enumerate(lines(files[".ann"], f"{where}.ann"), 1):
        _read_line(line, standoff, f"{where}.ann:{number}")
    text = decode(files[".txt"], f"{where}.txt") if ".txt" in files else None
    return [Document(where, standoff, text=text)]


def _read_line(line: str, into: _Standoff, at: str) -> None:
    if match := _TEXT_BOUND.fullmatch(line):
        edges = [int(edge) for edge in re.findall(r"\d+", match[3][:10_000])]
        fragments = tuple(zip(edges[::2], edges[1::2], strict=False))
        _once(match[1], into.spans, at)
        into.spans[match[1]] = (match[2], fragments, match[4])
    elif match := _EVENT.fullmatch(line):
        _once(match[1], into.events, at)
        into.events[match[1]] = (match[2], match[3])
        for role, head in re.findall(r" +(\S+):([TE]\d+)", match[4]):
            into.links.append(Link(match[1], role.rstrip("0123456789"), head))
    elif match := _RELATION.fullmatch(line):
        into.links.append(Link(match[2], match[1], match[3]))
    elif match := _SAME.fullmatch(line):
        into.same += [Link(one, SAME_AS, other) for one, other in pairwise(match[1].split())]
    elif (match := _ATTRIBUTE.fullmatch(line)) or (
        (match := _NOTE.fullmatch(line)) and match[1] != "AnnotatorNotes"
    ):
        value = match[3] if line[0] != "#" else _unescaped(match[3] or "")
        into.dropped["second answers to one question"] += match[1] in into.answers[match[2]]
        into.answers[match[2]].setdefault(match[1], value)
    elif line.strip():
        kind = _OTHER.get(line[0])
        if kind is None or "\t" not in line:
            raise FormatError(f"{at}: {line[:60]!r} is no line of brat standoff; correct it")
        into.dropped[kind] += 1


def _once(name: str, known: Mapping[str, Any], at: str) -> None:
    if name in known:
        raise FormatError(f"{at}: {name} stands in a line before; give each its own number")


def read(
    document: Document,
    article: Article,
    schema: Schema,
    made: Provenance,
    labels: LabelMap = NO_MAP,
) -> Import:
    """What the `.ann` holds; where it comes with a text, the offsets count that one."""
    held: _Standoff = document.content
    dropped = Dropped(held.dropped)
    missing = [name for name, (_label, trigger) in held.events.items() if trigger not in held.spans]
    if missing:
        raise FormatError(
            f"{document.where}.ann: the event {missing[0]} has no trigger"
            f" {held.events[missing[0]][1]}; add it"
        )
    triggers = {trigger: name for name, (_label, trigger) in held.events.items()}
    shared = len(held.events) - len(triggers)
    dropped["triggers that are those of several events, and a mark of each"] += shared
    told = {name: span for name, span in held.spans.items() if name not in triggers}
    for name, (label, trigger) in held.events.items():
        told[name] = (label, *held.spans[trigger][1:])
    bare = [
        label
        for name, (label, *_) in told.items()
        if schema.layer(label) is Layer.EVENT and name not in held.events
    ]
    dropped["triggers without an event, read as events"] += len(bare)
    # A trigger stands for its event, also in attributes: brat's own editor writes E, other tools T.
    named = {name: triggers.get(name, name) for name in (*held.spans, *held.events)}
    answers: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, given in held.answers.items():
        dropped["answers of marks that are not there"] += 0 if name in named else len(given)
        answers[named.get(name, name)] |= given
    links = [
        Link(named.get(link.tail, link.tail), link.label, named.get(link.head, link.head))
        for link in (*held.links, *held.same)
    ]
    marks = [
        Marked(name, label, spans, words, answers[name])
        for name, (label, spans, words) in told.items()
    ]
    return assembled(
        marks, links, article, schema, made, dropped, labels, document.text, evidence=_EVIDENCE
    )
