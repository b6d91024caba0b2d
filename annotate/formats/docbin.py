"""spaCy's `DocBin`: a `.spacy` file with one `Doc`. Nested marks are span groups, the outermost mentions
`doc.ents`.

Links and attributes are in `doc.user_data["acre"]`, by span id: spaCy has no place of its own for them. Read
are files of several documents too, with any span groups or entities alone, as spaCy and Prodigy write them.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    outermost,
    text_of,
)
from annotate.formats.labelmap import LabelMap
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


def write(article: Article, annotation: Annotation, schema: Schema) -> Export:
    """The document with its sentences, its span groups and its entities."""
    import spacy
    from spacy.tokens import DocBin, Span

    dropped = Dropped()
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
            dropped["marks not of whole tokens, with their links and attributes"] += 1
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
    return Export({".spacy": DocBin(docs=[doc], store_user_data=True).to_bytes()}, +dropped)


def documents(files: Mapping[str, bytes], where: str) -> list[Document]:
    """One for each `Doc`; its text tells which article it is."""
    import spacy
    from spacy.tokens import DocBin

    (content,) = files.values()
    try:
        docs = list(DocBin().from_bytes(content).get_docs(spacy.blank("xx").vocab))
    except Exception as error:
        raise FormatError(
            f"{where}: no DocBin that spaCy reads ({type(error).__name__}); write it again"
        ) from None
    several = len(docs) > 1
    return [
        Document(f"{where}: document {number}" if several else where, doc, _names(doc), doc.text)
        for number, doc in enumerate(docs, 1)
    ]


def _names(doc: Any) -> tuple[str, ...]:
    told = doc.user_data.get(KEY)
    name = told.get("article") if isinstance(told, dict) else None
    return (name,) if isinstance(name, str) else ()


def read(
    document: Document,
    article: Article,
    schema: Schema,
    made: Provenance,
    labels: LabelMap = NO_MAP,
) -> Import:
    """The spans of all groups, and of the entities those that are in none."""
    doc, dropped = document.content, Dropped()
    told = doc.user_data.get(KEY, {})
    answers, links = _told(told, document.where)
    marks: list[Marked] = []
    seen: set[tuple[str, int, int]] = set()
    names: set[str] = set()
    spans: list[tuple[str, Any]] = []
    for name in doc.spans:
        spans += [(name, span) for span in doc.spans[name]]
    spans += [("", entity) for entity in doc.ents]
    for group, span in spans:
        place = (span.label_, span.start_char, span.end_char)
        if not group and place in seen:
            continue  # the entities are the outermost mentions once more
        seen.add(place)
        if not span.label_:
            dropped["spans without a label"] += 1
            continue
        # A span that an older spaCy wrote has no id; two of one group may share one.
        own = span.id_ if span.id_ and span.id_ not in names else f"x{len(marks) + 1}"
        names.add(own)
        marks.append(
            Marked(
                own,
                span.label_,
                ((span.start_char, span.end_char),),
                span.text,
                answers.get(own, {}),
            )
        )
    dropped["categories of the document"] += len(doc.cats)
    return assembled(
        marks, links, article, schema, made, dropped, labels, doc.text, has_answers=bool(told)
    )


def _told(told: Any, where: str) -> tuple[dict[str, dict[str, Any]], list[Link]]:
    """The answers by mark and the links, as `write` puts them beside the document."""
    try:
        answers = {str(name): dict(given) for name, given in told.get("attributes", {}).items()}
        links = [
            Link(str(tail), str(label), str(head)) for tail, label, head in told.get("links", ())
        ]
    except (AttributeError, TypeError, ValueError):
        raise FormatError(
            f"{where}: user_data[{KEY!r}] is not what acre convert writes there; remove it"
        ) from None
    return answers, links
