"""Dstl's re3d: `documents.json`, `entities.json` and `relations.json`, one object a line. Read only.

re3d's offsets count the raw text; they are moved to the normalised one. Its organisations may be any of several labels
here, and its relations are no events: neither is guessed, both are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from annotate.formats.document import (
    NO_MAP,
    Document,
    Dropped,
    FormatError,
    Import,
    Marked,
    assembled,
    first_fault,
    from_json,
    lines,
    text_of,
)
from annotate.formats.labelmap import LabelMap
from annotate.model.offsets import Quote, compare
from annotate.model.records import Article, Provenance
from annotate.model.schema import Schema

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


class _Record(BaseModel):
    """The fields of re3d's objects that are read."""


class _Text(_Record):
    id: str = Field(alias="_id")
    text: str


class _Entity(_Record):
    document: str = Field(alias="documentId")
    type: str
    begin: int
    end: int
    value: str | None = None


class _Relation(_Record):
    document: str = Field(alias="documentId")


R = TypeVar("R", bound=_Record)


def documents(files: Mapping[str, bytes], where: str) -> list[Document]:
    """One for each row of `documents.json`; its text tells which article it is."""
    entities: dict[str, list[_Entity]] = {}
    for entity in _rows(files, "entities.json", where, _Entity):
        entities.setdefault(entity.document, []).append(entity)
    relations: dict[str, int] = {}
    if "relations.json" in files:
        for relation in _rows(files, "relations.json", where, _Relation):
            relations[relation.document] = relations.get(relation.document, 0) + 1
    return [
        Document(
            f"{where}/documents.json: {row.id}",
            (entities.get(row.id, []), relations.get(row.id, 0)),
            text=row.text,
        )
        for row in _rows(files, "documents.json", where, _Text)
    ]


def read(
    document: Document,
    article: Article,
    schema: Schema,
    provenance: Provenance,
    labels: LabelMap = NO_MAP,
) -> Import:
    """The mentions of the document, those that the map or `LABELS` have a label for."""
    entities, relations = document.content
    text, dropped = text_of(article), Dropped()
    dropped["relations"] += relations
    known = {name: label for name, label in LABELS.items() if label in schema.mentions}
    ours = known | labels.labels
    marks: list[Marked] = []
    seen: set[tuple[str, int, int]] = set()
    for entity in entities:
        label, place = ours.get(entity.type), (entity.begin, entity.end)
        if label is None:
            dropped[f"{entity.type}, which is none of our labels or may be several"] += 1
        elif (label, *place) in seen:
            dropped["entities told twice"] += 1
        else:
            seen.add((label, *place))
            marks.append(Marked(f"m{len(marks) + 1}", label, (place,), entity.value))
    marks = _standing(marks, text, document.text, dropped)
    defaults = LabelMap(defaults=labels.defaults)
    return assembled(
        marks, (), article, schema, provenance, dropped, defaults, document.text, trims=True
    )


def _standing(marks: list[Marked], text: str, source: str | None, dropped: Dropped) -> list[Marked]:
    """Without those whose words stand elsewhere: nobody can correct re3d's files, so that they are counted."""
    places, _issues = compare(
        [Quote(mark.id, mark.fragments, mark.words) for mark in marks], text, source
    )
    dropped["entities whose words are not what stands at their offsets"] += sum(
        place is None for place in places
    )
    return [mark for mark, place in zip(marks, places, strict=True) if place is not None]


def _rows(files: Mapping[str, bytes], name: str, where: str, row: type[R]) -> list[R]:
    if name not in files:
        raise FormatError(f"{where}/{name}: no such file; give a folder of re3d")
    rows = []
    for number, line in enumerate(lines(files[name], f"{where}/{name}"), 1):
        if line.strip():
            at = f"{where}/{name}:{number}"
            value: Any = from_json(line, at)
            try:
                rows.append(row.model_validate(value))
            except ValidationError as error:
                raise FormatError(f"{at}: {first_fault(error)}; give re3d's own file") from None
    return rows
