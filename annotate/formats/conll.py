"""CoNLL columns: a token a line with BIO tags, a blank line after each sentence. One column for each layer of marks.

Flat: of nested marks the outermost is held. Links, attributes and clusters have no place in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from annotate.formats.document import (
    FormatError,
    Lost,
    Read,
    Written,
    assembled,
    mark,
    outermost,
    place_tokens,
    text_of,
)
from annotate.measure import align
from annotate.model import graph
from annotate.model.records import Annotation, Article, Mark, Provenance, Sentence
from annotate.model.schema import SPAN_LAYERS, Layer, Schema
from annotate.model.tokens import sentence_of, sentences, token_range

SUFFIXES = (".conll",)
COLUMNS = SPAN_LAYERS
_HEADING = "# columns: token\t" + "\t".join(COLUMNS)


def write(article: Article, annotation: Annotation, schema: Schema) -> Written:
    """Token and tags, tab-separated: mention, event, source, cue, content."""
    text, lost = text_of(article), Lost()
    cut = sentences(article)
    tags = [[["O"] * len(COLUMNS) for _token in sentence.tokens] for sentence in cut]
    for column, layer in enumerate(COLUMNS):
        for number, start, end, found in _held(annotation, cut, layer, schema, lost):
            for place in range(start, end):
                tags[number][place][column] = f"{'B' if place == start else 'I'}-{found.label}"
    lines = [_HEADING]
    for sentence, rows in zip(cut, tags, strict=True):
        lines += [
            "\t".join((text[start:end], *row))
            for (start, end), row in zip(sentence.tokens, rows, strict=True)
        ]
        lines.append("")
    units = align.units(annotation)
    lost["links"] += len(graph.disassemble(annotation)[1])
    lost["attributes"] += sum(unit.layer == Layer.ATTRIBUTE for unit in units)
    return Written({".conll": "".join(f"{line}\n" for line in lines).encode()}, +lost)


def _held(
    annotation: Annotation, cut: Sequence[Sentence], layer: Layer, schema: Schema, lost: Lost
) -> Iterator[tuple[int, int, int, Mark]]:
    """(sentence, first token, after the last, mark) of each mark of the layer that its column can hold."""
    inside: dict[int, list[tuple[int, int, Mark]]] = {}
    for found in annotation.marks():
        if schema.layer(found.label) is not layer:
            continue
        number = sentence_of(found, cut)
        place = None if number is None else token_range(found, cut[number])
        if number is None:
            lost["marks over several sentences"] += 1
        elif place is None:
            lost["marks not of whole tokens"] += 1
        else:
            inside.setdefault(number, []).append((*place, found))
    for number, spans in inside.items():
        kept = list(outermost(spans))
        lost["marks in or across another of their layer"] += len(spans) - len(kept)
        yield from ((number, *span) for span in kept)


def read(
    files: Mapping[str, bytes], article: Article, schema: Schema, made: Provenance, where: str
) -> Read:
    """The marks of all columns; the tokens must be those of the article, in order."""
    text = text_of(article)
    rows: list[list[str]] = []
    breaks = {0}
    for number, line in enumerate(files[".conll"].decode(errors="replace").split("\n"), 1):
        if not line.strip():
            breaks.add(len(rows))
        elif line != _HEADING:
            rows.append(line.split("\t"))
            if len(rows[-1]) != len(COLUMNS) + 1:
                raise FormatError(
                    f"{where}.conll:{number}: {len(rows[-1])} columns, not {len(COLUMNS) + 1}; tabs"
                    " part them"
                )
    places = place_tokens([row[0] for row in rows], text, f"{where}.conll")
    marks: list[Mark] = []
    for column, layer in enumerate(COLUMNS, 1):
        for label, first, after in spans([row[column] for row in rows], breaks):
            name = f"{layer[0]}{len(marks) + 1}"
            marks.append(mark(name, label, places[first][0], places[after - 1][1], text))
    return assembled(marks, (), article, schema, made, Lost())


def spans(tags: Sequence[str], breaks: set[int]) -> Iterator[tuple[str, int, int]]:
    """(label, first token, after the last) of each run of BIO tags; an `I-` that continues nothing begins one, as in CoNLL-2003."""
    label, first = None, 0
    for place, tag in enumerate([*tags, "O"]):
        part, _, name = tag.partition("-")
        goes_on = part == "I" and name == label and place not in breaks
        if label is not None and not goes_on:
            yield label, first, place
            label = None
        if part in ("B", "I") and not goes_on:
            label, first = name, place
