"""spaCy's `DocBin`: a `.spacy` file with one `Doc`. Nested marks are span groups, the outermost mentions `doc.ents`.

Links and attributes are in `doc.user_data["acre"]`, by span id: spaCy has no place of its own for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annotate.formats.document import (
    FormatError,
    Lost,
    Read,
    Written,
    assembled,
    outermost,
    text_of,
)
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.records import Annotation, Article, Mark, Provenance
from annotate.model.schema import Layer, Schema
from annotate.model.tokens import sentences

SUFFIXES = (".spacy",)
GROUPS = {
    Layer.MENTION: "mentions",
    Layer.EVENT: "events",
    Layer.SOURCE: "sources",
    Layer.CUE: "cues",
    Layer.CONTENT: "contents",
}
KEY = "acre"


def write(article: Article, annotation: Annotation, schema: Schema) -> Written:
    """The document with its sentences, its span groups and its entities."""
    import spacy
    from spacy.tokens import DocBin, Span

    lost = Lost()
    doc = spacy.blank(article.language).make_doc(text_of(article))
    starts = {sentence.start for sentence in sentences(article)}
    for token in doc:
        token.is_sent_start = token.idx in starts or token.i == 0
    marks, links = graph.disassemble(annotation)
    groups: dict[str, list[Any]] = {name: [] for name in GROUPS.values()}
    kept: dict[str, Mark] = {}
    entities = []
    for found in marks:
        layer = schema.layer(found.label)
        span = doc.char_span(found.start, found.end, label=found.label, span_id=found.id)
        if span is None or layer is None:
            lost["marks not of whole tokens, with their links and attributes"] += 1
            continue
        kept[found.id] = found
        groups[GROUPS[layer]].append(span)
        if layer is Layer.MENTION:
            entities.append((span.start, span.end, found))
    for name, spans in groups.items():
        doc.spans[name] = spans
    doc.set_ents(
        [Span(doc, start, end, label=found.label) for start, end, found in outermost(entities)]
    )
    doc.user_data[KEY] = {
        "article": article.id,
        "attributes": {name: found.attributes for name, found in kept.items() if found.attributes},
        "links": [list(link) for link in links if link.tail in kept and link.head in kept],
    }
    return Written({".spacy": DocBin(docs=[doc], store_user_data=True).to_bytes()}, +lost)


def read(
    files: Mapping[str, bytes], article: Article, schema: Schema, made: Provenance, where: str
) -> Read:
    """The spans of the groups; the text must be the article's."""
    import spacy
    from spacy.tokens import DocBin

    text = text_of(article)
    try:
        docs = list(
            DocBin().from_bytes(files[".spacy"]).get_docs(spacy.blank(article.language).vocab)
        )
    except (
        ValueError,
        KeyError,
        TypeError,
    ) as error:  # what it raises depends on where the bytes are damaged
        raise FormatError(
            f"{where}.spacy: no DocBin that spaCy reads ({type(error).__name__}); write it again"
        ) from None
    doc = next((found for found in docs if found.text == text), None)
    if doc is None:
        raise FormatError(
            f"{where}.spacy: none of its {len(docs)} documents has the article's text; export it"
            " again"
        )
    told = doc.user_data.get(KEY, {})
    attributes = told.get("attributes", {})
    marks = []
    for name in GROUPS.values():
        for number, span in enumerate(doc.spans.get(name, ()), 1):
            own = span.id_ or f"{name[0]}{number}"
            start, end = span.start_char, span.end_char
            given = attributes.get(own, {})
            marks.append(
                Mark(
                    id=own,
                    label=span.label_,
                    start=start,
                    end=end,
                    text=text[start:end],
                    attributes=given,
                )
            )
    return assembled(
        marks, (Link(*link) for link in told.get("links", ())), article, schema, made, Lost()
    )
