"""Dstl's re3d: `documents.json`, `entities.json` and `relations.json`, one object a line. Read only.

re3d's offsets count the raw text; they are moved to the normalised one. Its organisations may be any of several labels
here, and its relations are no events: neither is guessed, both are counted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from annotate.formats.document import FormatError, Lost, Read, assembled, mark, text_of
from annotate.model.records import Article, Mark, Provenance
from annotate.model.schema import Schema
from annotate.model.text import normalise, sha256

SUFFIXES = ("documents.json", "entities.json", "relations.json")
LABELS = {
    "Person": "person",
    "Location": "place",
    "Temporal": "time",
    "Quantity": "quantity",
    "Money": "quantity",
    "Weapon": "weapon",
    "MilitaryPlatform": "weapon",
    "Vehicle": "weapon",
}
"""re3d's type, and the label here that it always is."""


def digests(files: Mapping[str, bytes], where: str) -> dict[str, str]:
    """By the hash of each document's normalised text, its id in re3d."""
    return {
        sha256(normalise(row["text"])[0]): row["_id"]
        for row in _rows(files, "documents.json", where, "_id", "text")
    }


def read(
    files: Mapping[str, bytes], article: Article, schema: Schema, made: Provenance, where: str
) -> Read:
    """The mentions of the document that has the article's text."""
    text, lost = text_of(article), Lost()
    rows = _rows(files, "documents.json", where, "_id", "text")
    raw, name = next(
        ((row["text"], row["_id"]) for row in rows if normalise(row["text"])[0] == text), ("", "")
    )
    if not name:
        raise FormatError(
            f"{where}/documents.json: no document has the text of {article.id}; give the one"
            " that has"
        )
    moved = _moved(raw, text)
    marks: list[Mark] = []
    seen = set()
    for row in _rows(files, "entities.json", where, "documentId", "type", "begin", "end"):
        if row["documentId"] != name:
            continue
        label = LABELS.get(row["type"])
        start, end = moved.get(row["begin"]), moved.get(row["end"] - 1, -1) + 1
        if label is None or label not in schema.mentions:
            lost[f"{row['type']}, which is none of our labels or may be several"] += 1
        elif start is None or start >= end:
            lost["entities of letters that normalising removed"] += 1
        elif (label, start, end) in seen:
            lost["entities told twice"] += 1
        else:
            seen.add((label, start, end))
            stripped = text[start:end].strip()
            start += text[start:end].index(stripped)
            marks.append(mark(f"m{len(marks) + 1}", label, start, start + len(stripped), text))
    if "relations.json" in files:
        related = (row["documentId"] for row in _rows(files, "relations.json", where, "documentId"))
        lost["relations"] += sum(document == name for document in related)
    return assembled(marks, (), article, schema, made, lost)


def _moved(raw: str, text: str) -> dict[int, int]:
    """By offset in the raw text, the same letter's offset in the normalised one."""
    if raw == text:
        return {place: place for place in range(len(raw))}
    blocks = SequenceMatcher(None, raw, text, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}


def _rows(files: Mapping[str, bytes], name: str, where: str, *fields: str) -> list[dict[str, Any]]:
    if name not in files:
        raise FormatError(f"{where}/{name}: no such file; give a folder of re3d")
    rows = []
    for number, line in enumerate(files[name].decode(errors="replace").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            for field in fields:
                row[field]
        except (ValueError, KeyError, TypeError):
            found = (
                f"{where}/{name}:{number}: no object with {', '.join(fields)}; give re3d's own file"
            )
            raise FormatError(found) from None
        rows.append(row)
    return rows
