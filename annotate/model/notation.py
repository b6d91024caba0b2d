r"""The inline notation: a text with its marks in it, and below it what links them. For people, `git diff` and tests.

    [m1:person|Vladimir Putin] [q1:cue|said] [c1:content|[m2:state_force|troops] had [e1:capture|seized] [m3:place|Tak]]
    ---
    e1 agent:m2 object:m3 realis=actual
    c1 cue:q1 stance=asserts
    same m1 m4

A mark opens with `[id:label|`; `]` closes the innermost open one, `]{id}` the named one, so that marks may cross.
In the text a backslash stands before `[`, `]`, `{` and `\`, and before a line that is `---`. Below the line, `role:id`
links, `name=value` gives an attribute (in JSON quotes where it is not one plain word), and `same` joins mentions of
one thing. Stripping the marks gives back the text exactly.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.issues import AcreError
from annotate.model.records import Annotation, AttributeValue, Mark, Provenance, Span
from annotate.model.schema import SAME_AS, Kind, Schema, number

RULE = "---"
_OPEN = re.compile(r"\[([A-Za-z0-9_-]+):([a-z0-9_]+)\|")
_CLOSE = re.compile(r"\](?:\{([A-Za-z0-9_-]+)\})?")
_WORD = re.compile(r"[A-Za-z0-9_.:+/-]+")
_STATEMENT = re.compile(
    r'([A-Za-z0-9_-]+)(?::([A-Za-z0-9_-]+)|=("(?:[^"\\]|\\.)*"|[A-Za-z0-9_.:+/-]+))(?=\s|$)'
)
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_SPECIAL = re.compile(r"[\[\]{\\]")


class NotationError(AcreError):
    """Text that is not in the notation: `where:line:column: what was found; what to do`."""


@dataclass
class _Reading:
    """What has been read so far; the only mutable thing in the module."""

    where: str
    source: str
    text: list[str] = field(default_factory=list)
    length: int = 0
    open: list[tuple[str, str, int, int]] = field(default_factory=list)
    """Id, label, start in the text, place in the source."""
    marks: dict[str, tuple[str, int, int, int]] = field(default_factory=dict)
    """By id: label, start and end in the text, place in the source."""
    links: list[Link] = field(default_factory=list)
    attributes: dict[str, dict[str, AttributeValue]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def fail(self, place: int, message: str) -> NotationError:
        line = self.source.count("\n", 0, place) + 1
        column = place - (self.source.rfind("\n", 0, place) + 1) + 1
        return NotationError(f"{self.where}:{line}:{column}: {message}")

    def put(self, letters: str) -> None:
        self.text.append(letters)
        self.length += len(letters)


def parse(
    source: str,
    schema: Schema,
    article: str,
    sha256: str,
    provenance: Provenance,
    where: str = "notation",
) -> tuple[str, Annotation]:
    """The text without its marks, and the annotation that they make of it.

    Raises NotationError, naming line and column, for what is not in the notation.
    """
    reading = _Reading(where, source)
    place = _read_text(reading)
    _read_statements(reading, place, schema)
    text = "".join(reading.text)
    marks = [
        Mark(
            id=name,
            label=label,
            start=start,
            end=end,
            text=text[start:end],
            attributes=reading.attributes[name],
        )
        for name, (label, start, end, _place) in reading.marks.items()
    ]
    annotation, issues = graph.assemble(marks, reading.links, schema, article, sha256, provenance)
    for issue in issues:
        raise reading.fail(reading.marks[issue.where][3], f"{issue.where}: {issue.message}")
    return text, annotation


def render(text: str, annotation: Annotation) -> str:
    """The text with the annotation's marks in it, and the statements below; `parse` gives both back."""
    marks, links = graph.disassemble(annotation)
    return f"{_inline(text, marks)}\n{RULE}\n{_statements(marks, links)}"


def excerpt(text: str, span: Span, marks: Iterable[Mark], links: Iterable[Link]) -> str:
    """A stretch of the text in the notation, with those of the marks that lie in it and those links that join them."""
    inside = {mark.id: mark for mark in marks if span.start <= mark.start and mark.end <= span.end}
    moved = [
        mark.model_copy(update={"start": mark.start - span.start, "end": mark.end - span.start})
        for mark in sorted(inside.values(), key=lambda mark: mark.order)
    ]
    joined = [link for link in links if link.tail in inside and link.head in inside]
    return f"{_inline(span.slice(text), moved)}\n{_statements(moved, joined)}".rstrip("\n")


def _inline(text: str, marks: list[Mark]) -> str:
    opens: dict[int, list[Mark]] = defaultdict(list)
    for mark in marks:  # in order of start and falling length, so that the outer mark opens first
        opens[mark.start].append(mark)
    ends = {mark.end for mark in marks}
    edges = sorted({mark.start for mark in marks} | ends | {0, len(text)})
    written: list[str] = []
    stack: list[Mark] = []
    for place, after in zip(edges, [*edges[1:], len(text)], strict=True):
        for mark in [mark for mark in reversed(stack) if mark.end == place]:
            written.append("]" if mark is stack[-1] else f"]{{{mark.id}}}")
            stack.remove(mark)
        for mark in opens[place]:
            written.append(f"[{mark.id}:{mark.label}|")
            stack.append(mark)
        written.append(_SPECIAL.sub(r"\\\g<0>", text[place:after]))
    return re.sub(rf"^(?={RULE}$)", r"\\", "".join(written), flags=re.MULTILINE)


def _statements(marks: list[Mark], links: list[Link]) -> str:
    said: dict[str, list[str]] = {mark.id: [] for mark in marks}
    following = {link.tail: link.head for link in links if link.label == SAME_AS}
    for link in links:
        if link.label != SAME_AS:
            said[link.tail].append(f"{link.label}:{link.head}")
    for mark in marks:
        said[mark.id] += [f"{name}={_written(value)}" for name, value in mark.attributes.items()]
    lines = [" ".join([name, *words]) for name, words in said.items() if words]
    for mark in marks:
        if mark.id in following and mark.id not in following.values():
            chain = [mark.id]
            while chain[-1] in following:
                chain.append(following[chain[-1]])
            lines.append(" ".join(["same", *chain]))
    return "".join(f"{line}\n" for line in lines)


def _written(value: AttributeValue) -> str:
    if isinstance(value, str):
        # A word that would be read back as a number is quoted.
        return (
            value
            if _WORD.fullmatch(value) and not _NUMBER.fullmatch(value)
            else json.dumps(value, ensure_ascii=False)
        )
    return str(value)


def _read_text(reading: _Reading) -> int:
    """Read up to the rule; returns where the statements start in the source."""
    source, place = reading.source, 0
    while place < len(source):
        letter = source[place]
        if letter == "-" and source.startswith(RULE, place) and _alone(source, place):
            if reading.text:
                # The newline before the rule is the notation's.
                reading.text[-1] = reading.text[-1].removesuffix("\n")
            break
        if letter == "\\":
            if source[place + 1 : place + 2] not in ("[", "]", "{", "\\", "-"):
                raise reading.fail(
                    place, "a backslash stands only before [ ] { \\ or a line of ---; double it"
                )
            reading.put(source[place + 1])
            place += 2
        elif letter == "[":
            place = _open(reading, place)
        elif letter == "]":
            place = _close(reading, place)
        else:
            reading.put(letter)
            place += 1
    if reading.open:
        name, label, _start, opened = reading.open[-1]
        raise reading.fail(opened, f"[{name}:{label}| is never closed; add ]")
    return place + len(RULE)


def _alone(source: str, place: int) -> bool:
    after = source[place + len(RULE) : place + len(RULE) + 1]
    return (place == 0 or source[place - 1] == "\n") and after in ("", "\n")


def _open(reading: _Reading, place: int) -> int:
    opening = _OPEN.match(reading.source, place)
    if not opening:
        raise reading.fail(place, "a mark opens with [id:label| ; write \\[ for a bracket")
    name, label = opening.groups()
    if name == "same" or name in reading.marks or any(name == other for other, *_ in reading.open):
        raise reading.fail(place, f"the id {name} is taken; give each mark its own")
    reading.open.append((name, label, reading.length, place))
    return opening.end()


def _close(reading: _Reading, place: int) -> int:
    closing = _CLOSE.match(reading.source, place)
    assert closing is not None
    named = closing[1]
    index = next(
        (i for i in range(len(reading.open) - 1, -1, -1) if named in (None, reading.open[i][0])),
        None,
    )
    if index is None:
        raise reading.fail(
            place, f"] closes no open mark{f' {named}' if named else ''}; write \\] for a bracket"
        )
    name, label, start, opened = reading.open.pop(index)
    if start == reading.length:
        raise reading.fail(opened, f"[{name}:{label}| marks nothing; put words in it or remove it")
    reading.marks[name] = (label, start, reading.length, opened)
    return closing.end()


def _read_statements(reading: _Reading, place: int, schema: Schema) -> None:
    while place < len(reading.source):
        end = (reading.source.find("\n", place) + 1) or len(reading.source)
        subject = _NAME.match(reading.source, place, end)
        if subject is None and reading.source[place:end].strip():
            raise reading.fail(
                place, "expected the id of a mark, or same; a statement starts its line"
            )
        if subject is not None and subject[0] == "same":
            _read_same(reading, subject.end(), end)
        elif subject is not None:
            _known(reading, subject[0], place)
            _read_fields(reading, subject[0], subject.end(), end, schema)
        place = end


def _read_same(reading: _Reading, place: int, end: int) -> None:
    names = [(name[0], name.start()) for name in _NAME.finditer(reading.source, place, end)]
    for name, at in names:
        _known(reading, name, at)
    if len(names) < 2:
        raise reading.fail(place, "same joins two marks or more; name them")
    reading.links += [Link(one, SAME_AS, other) for (one, _), (other, _) in pairwise(names)]


def _read_fields(reading: _Reading, subject: str, place: int, end: int, schema: Schema) -> None:
    while place < end:
        if reading.source[place].isspace():
            place += 1
            continue
        statement = _STATEMENT.match(reading.source, place, end)
        if not statement:
            raise reading.fail(
                place, 'expected role:id or name=value; put a value of several words in "quotes"'
            )
        name, head, value = statement.groups()
        if head is not None:
            _known(reading, head, place)
            reading.links.append(Link(subject, name, head))
        else:
            reading.attributes[subject][name] = _value(reading, name, value, place, schema)
        place = statement.end()


def _known(reading: _Reading, name: str, place: int) -> None:
    if name not in reading.marks:
        raise reading.fail(place, f"{name} is no mark of the text; correct the id")


def _value(reading: _Reading, name: str, value: str, place: int, schema: Schema) -> AttributeValue:
    if name not in schema.attributes:
        raise reading.fail(place, f"{name!r} is no attribute of the schema; correct it")
    if value.startswith('"'):
        try:
            return str(json.loads(value))
        except ValueError:
            raise reading.fail(
                place, f"{value} is no JSON string; correct its backslashes"
            ) from None
    amount = number(value) if schema.attributes[name].kind is Kind.NUMBER else None
    return value if amount is None else amount
