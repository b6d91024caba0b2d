"""CoNLL columns: a token a line with BIO tags, a blank line after each sentence. One column for each layer of
marks.

Flat: of nested marks the outermost is held. Links, attributes and clusters have no place in it. Read are also
the columns of others: tabs or spaces, one column of tags (the last), tags in IOB1, IOB2, IOBES or BILOU, in
capitals or not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from annotate.formats.document import (
    NO_MAP,
    Document,
    Dropped,
    Export,
    FormatError,
    Import,
    Marked,
    assembled,
    lines,
    outermost,
    place_tokens,
    text_of,
)
from annotate.formats.labelmap import LabelMap
from annotate.measure import align
from annotate.model import graph
from annotate.model.records import Annotation, Article, Mark, Provenance, Sentence
from annotate.model.schema import SPAN_LAYERS, Layer, Schema
from annotate.model.tokens import sentence_of, sentences, token_range

SUFFIXES = (".conll",)
COLUMNS = SPAN_LAYERS
_HEADING = "# columns: token\t" + "\t".join(COLUMNS)
_HEADED = "# columns:"
_DOCUMENT = "-DOCSTART-"
_OUTSIDE = ("O", "o", "_", "-")
_TAG = re.compile(r"([BIOESLUWMbioeslum])[-_](\S.*)")
# What a tag begins, goes on with or ends, by the letters of all schemes.
_BEGINS, _ENDS = "BSUW", "ESLUW"


def write(article: Article, annotation: Annotation, schema: Schema) -> Export:
    """Token and tags, tab-separated: mention, event, source, cue, content."""
    text, dropped = text_of(article), Dropped()
    cut = sentences(article)
    tags = [[["O"] * len(COLUMNS) for _token in sentence.tokens] for sentence in cut]
    for column, layer in enumerate(COLUMNS):
        for number, start, end, mark in _held(annotation, cut, layer, schema, dropped):
            for place in range(start, end):
                tags[number][place][column] = f"{'B' if place == start else 'I'}-{mark.label}"
    output = [_HEADING]
    for sentence, rows in zip(cut, tags, strict=True):
        output += [
            "\t".join((text[start:end], *row))
            for (start, end), row in zip(sentence.tokens, rows, strict=True)
        ]
        output.append("")
    units = align.units(annotation)
    dropped["links"] += len(graph.disassemble(annotation)[1])
    dropped["attributes"] += sum(unit.layer == Layer.ATTRIBUTE for unit in units)
    return Export({".conll": "".join(f"{line}\n" for line in output).encode()}, +dropped)


def _held(
    annotation: Annotation, cut: Sequence[Sentence], layer: Layer, schema: Schema, dropped: Dropped
) -> Iterator[tuple[int, int, int, Mark]]:
    """(sentence, first token, after the last, mark) of each mark of the layer that its column can hold."""
    by_sentence: dict[int, list[tuple[int, int, Mark]]] = {}
    for mark in annotation.marks():
        if schema.layer(mark.label) is not layer:
            continue
        number = sentence_of(mark, cut)
        place = None if number is None else token_range(mark.start, mark.end, cut[number].tokens)
        if number is None:
            dropped["marks over several sentences"] += 1
        elif place is None:
            dropped["marks not of whole tokens"] += 1
        else:
            by_sentence.setdefault(number, []).append((*place, mark))
    for number, spans in by_sentence.items():
        outer = list(outermost(spans))
        dropped["marks in or across another of their layer"] += len(spans) - len(outer)
        yield from ((number, *span) for span in outer)


class _TokenRow(NamedTuple):
    line: int
    token: str
    cells: tuple[str, ...]


class _Table(NamedTuple):
    """The tokens of a document with their tags, and where sentences begin."""

    rows: list[_TokenRow]
    breaks: set[int]
    dropped: Dropped


def documents(files: Mapping[str, bytes], where: str) -> list[Document]:
    """One for the file, or one after each -DOCSTART-; the tokens tell which article it is."""
    (content,) = files.values()
    numbered = [(number, line) for number, line in enumerate(lines(content, where), 1)]
    heading = any(line == _HEADING for _number, line in numbered)
    width = _width(numbered)
    tables = [_Table([], {0}, Dropped())]
    for number, line in numbered:
        rows, breaks, dropped = tables[-1]
        if not line.strip():
            breaks.add(len(rows))
        elif line.startswith(_DOCUMENT):
            if rows:
                tables.append(_Table([], {0}, Dropped()))
        elif line.startswith(_HEADED):
            continue
        elif line.startswith("#") and not _may_be_row(line, width):
            dropped["comments"] += 1
        else:
            rows.append(_row(line, number, width, heading, where))
    is_ours = heading or width == len(COLUMNS) + 1
    several = len(tables) > 1
    if not is_ours and width > 2:
        for table in tables:
            table.dropped["columns between the token and its tags"] += width - 2
    return [
        Document(
            f"{where}: document {number}" if several else where,
            table,
            tokens=tuple(row.token for row in table.rows),
        )
        for number, table in enumerate(tables, 1)
    ]


def _cells(line: str) -> list[str]:
    return line.split("\t") if "\t" in line else line.split()


def _may_be_row(line: str, width: int) -> bool:
    """Whether a line that begins as a comment does is a token, such as `#`, with its tags."""
    cells = _cells(line)
    return len(cells) == width and _is_tag(cells[-1])


def _width(numbered: Sequence[tuple[int, str]]) -> int:
    """How many columns most lines have."""
    filled = [line for _number, line in numbered if line.strip()]
    widths = Counter(len(_cells(line)) for line in filled if line[0] not in "#-")
    return max(widths, key=lambda width: (widths[width], width), default=len(COLUMNS) + 1)


def _row(line: str, number: int, width: int, heading: bool, where: str) -> _TokenRow:
    token, *cells = _cells(line)
    width = len(COLUMNS) + 1 if heading else max(width, 2)
    if len(cells) + 1 != width:
        separator = "tabs" if "\t" in line else "spaces"
        raise FormatError(
            f"{where}:{number}: {len(cells) + 1} columns, not {width}; {separator} part them"
        )
    if not token.strip():
        raise FormatError(
            f"{where}:{number}: an empty token; write the article's token there, or remove the row"
        )
    is_ours = width == len(COLUMNS) + 1 and (heading or all(map(_is_tag, cells)))
    tags = cells if is_ours else cells[-1:]
    wrong = next((tag for tag in tags if not _is_tag(tag)), None)
    if wrong is not None:
        raise FormatError(
            f"{where}:{number}: {wrong!r} is no tag; give O, or B, I, E, S, L or U with a label, as"
            " B-place"
        )
    return _TokenRow(number, token, tuple(tags))


def _is_tag(tag: str) -> bool:
    return tag in _OUTSIDE or _TAG.fullmatch(tag) is not None


def read(
    document: Document,
    article: Article,
    schema: Schema,
    provenance: Provenance,
    labels: LabelMap = NO_MAP,
) -> Import:
    """The marks of all columns of tags; the tokens must be those of the article, in order, all of them."""
    text = text_of(article)
    rows, breaks, dropped_before = document.content
    dropped = Dropped(dropped_before)
    places = place_tokens([row.token for row in rows], text, document.where)
    marks: list[Marked] = []
    for column in range(max((len(row.cells) for row in rows), default=0)):
        tags = [row.cells[column] if column < len(row.cells) else "O" for row in rows]
        dropped["tags that end what nothing began, read as a mark"] += _strays(tags, breaks)
        for label, first, after in spans(tags, breaks):
            edges = (places[first][0], places[after - 1][1])
            marks.append(Marked(f"m{len(marks) + 1}", label, (edges,)))
    return assembled(marks, (), article, schema, provenance, dropped, labels, has_answers=False)


def spans(tags: Sequence[str], breaks: set[int]) -> Iterator[tuple[str, int, int]]:
    """(label, first token, after the last) of each run of tags, in IOB1, IOB2, IOBES or BILOU.

    An `I-` that continues nothing begins one, as in CoNLL-2003: `I-place O B-time I-time` and `S-place O B-time E-time`
    are the same two spans.
    """
    label: str | None = None
    first = 0
    for place, tag in enumerate([*tags, "O"]):
        part, name = _parted(tag)
        may_go_on = part not in _BEGINS and place not in breaks
        goes_on = may_go_on and label is not None and name == label
        if label is not None and not goes_on:
            yield label, first, place
            label = None
        if name and not goes_on:
            label, first = name, place
        if name and part in _ENDS:
            yield name, first, place + 1
            label = None


def _strays(tags: Sequence[str], breaks: set[int]) -> int:
    """How many tags that end a mark follow none of theirs."""
    count, before = 0, ("O", "")
    for place, tag in enumerate(tags):
        part, name = _parted(tag)
        is_open = before[1] == name and before[0] not in _ENDS and place not in breaks
        count += part in ("E", "L") and not is_open
        before = (part, name)
    return count


def _parted(tag: str) -> tuple[str, str]:
    """The scheme's letter and the label; O and nothing outside."""
    match = _TAG.fullmatch(tag)
    if match is None or match[1] in "Oo":
        return "O", ""
    return match[1].upper(), match[2]
