"""Texts and annotations for property tests, hard ones among them."""

from __future__ import annotations

import copy
import datetime as dt
import os
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from annotate.model import graph, text
from annotate.model.graph import Link
from annotate.model.records import Annotation, AttributeValue, Mark, Provenance
from annotate.model.schema import ATTRIBUTION_SPANS, SAME_AS, Attribute, Kind, Schema

EFFORT = int(os.environ.get("MUTATIONS", "1"))
"""How many times as many damaged files as usual the tests try."""
WHEN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_HARD = "ab []{}\\-|:\n\t🪖👩\u200d🔬e\u0301\u0323اَلر\u00a0\u2066&<\"'“”"


def texts() -> st.SearchStrategy[str]:
    """Normalised texts with something in them."""
    raw = st.text(
        st.one_of(st.sampled_from(_HARD), st.characters(exclude_categories=["Cs"])),
        min_size=1,
        max_size=60,
    )
    lines = st.lists(st.one_of(raw, st.just("---")), min_size=1, max_size=4).map("\n".join)
    return lines.map(lambda source: text.normalise(source)[0]).filter(
        lambda source: bool(source.strip())
    )


def _answer(attribute: Attribute) -> st.SearchStrategy[AttributeValue]:
    if attribute.kind is Kind.CHOICE:
        return st.sampled_from(sorted(attribute.values))
    if attribute.kind is Kind.NUMBER:
        return st.one_of(st.integers(-(10**9), 10**9), st.floats(-(2.0**60), 2.0**60, width=32))
    return st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@st.composite
def annotated(draw: st.DrawFn, schema: Schema) -> tuple[str, Annotation]:
    """A text and an annotation over it: nested, crossing and equal spans, every layer, every kind of link."""
    letters = draw(texts())
    marks = []
    for number in range(draw(st.integers(0, 8))):
        start = draw(st.integers(0, len(letters) - 1))
        end = draw(st.integers(start + 1, len(letters)))
        label = draw(st.sampled_from(sorted(schema.labels)))
        attributes: dict[str, Any] = {}
        for name in schema.labels[label].attributes:
            if draw(st.booleans()):
                attributes[name] = draw(_answer(schema.attributes[name]))
        marks.append(
            Mark(
                id=f"m{number}",
                label=label,
                start=start,
                end=end,
                text=letters[start:end],
                attributes=attributes,
            )
        )
    links = draw(st.lists(_link(marks, schema), max_size=8)) if marks else []
    made = Provenance(
        annotator="ana",
        kind="human",
        tool="test",
        schema_version=schema.version,
        created=WHEN,
        updated=WHEN,
    )
    annotation, _misplaced = graph.assemble(marks, links, schema, "a", text.sha256(letters), made)
    return letters, annotation


def _link(marks: list[Mark], schema: Schema) -> st.SearchStrategy[Link]:
    names = st.sampled_from([mark.id for mark in marks])
    labels = st.sampled_from([*schema.roles, *ATTRIBUTION_SPANS[:2], SAME_AS, SAME_AS])
    return st.builds(Link, names, labels, names).filter(
        lambda link: link.tail != link.head or link.label in schema.roles
    )


def damaged(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """JSON of a good shape with one to three of its parts, at any depth, taken away or replaced by something else."""
    junk = st.recursive(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(),
            st.text(max_size=5),
            st.sampled_from(ODD),
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=4,
    )

    @st.composite
    def damage(draw: st.DrawFn) -> Any:
        holder = [copy.deepcopy(draw(good))]
        for _ in range(draw(st.integers(1, 3))):
            where, key = draw(st.sampled_from(list(places(holder))))
            if where is not holder and draw(st.booleans()):
                del where[key]
            else:
                where[key] = copy.deepcopy(draw(junk))  # the next turn may damage it
        return holder[0]

    return damage()


ODD = [
    "\ud800",
    "m1",
    "\0",
    "a b",
    "2026-01-01T12:00:00",
    "0001-01-01T00:00:00+14:00",
    10**30,
    {"id": 1},
    ["label"],
]


def places(parent: Any) -> Iterator[tuple[Any, Any]]:
    entries = parent.items() if isinstance(parent, dict) else enumerate(parent)
    for key, value in list(entries):
        yield parent, key
        if isinstance(value, dict | list):
            yield from places(value)


@st.composite
def damaged_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """A file's bytes, with other ones in place of some, one to six times."""
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + 20)))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)))
        content = content[:start] + piece + content[end:]
    return content


PIECES = [
    b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b"\t", b",", b'"', b": ", b"- ", b"  ", b"{", b"[", b"]",
    b"&a ", b"*a", b"!!python/object:os.system", b"!!binary x", b"? ", b"null", b"yes", b"~", b".inf", b"9" * 5000,
    b"-1", b"2001-99-99", b"\\u", "🚀".encode(), "e\u0301".encode(), b"[" * 3000, b"../../x", b"%", b"|\n",
]  # fmt: skip
