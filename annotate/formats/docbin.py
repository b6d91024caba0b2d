"""spaCy's `DocBin`: a `.spacy` file with one `Doc`. Nested marks are span groups, the outermost mentions
`doc.ents`.

Links and attributes are in `doc.user_data["acre"]`, by span id: spaCy has no place of its own for them. Read
are files of several documents too, with any span groups or entities alone, as spaCy and Prodigy write them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
    place_tokens,
    text_of,
)
from annotate.formats.labelmap import LabelMap
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.offsets import Edges
from annotate.model.records import Annotation, Article, Mark, Provenance
from annotate.model.schema import Layer, Schema
from annotate.model.text import normalise
from annotate.model.tokens import pipeline, sentences

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
    from spacy.tokens import DocBin, Span

    dropped = Dropped()
    doc = pipeline(article.language).make_doc(text_of(article))
    starts = {sentence.start for sentence in sentences(article)}
    for token in doc:
        token.is_sent_start = token.idx in starts or token.i == 0
    marks, links = graph.disassemble(annotation)
    groups: dict[str, list[Any]] = {name: [] for name in GROUPS.values()}
    by_id: dict[str, Mark] = {}
    mentions = []
    for mark in marks:
        layer = schema.layer(mark.label)
        span = doc.char_span(mark.start, mark.end, label=mark.label, span_id=mark.id)
        if span is None or layer is None:
            dropped["marks not of whole tokens, with their links and attributes"] += 1
            continue
        by_id[mark.id] = mark
        groups[GROUPS[layer]].append(span)
        if layer is Layer.MENTION:
            mentions.append((span.start, span.end, mark))
    for name, spans in groups.items():
        doc.spans[name] = spans
    doc.set_ents(
        [Span(doc, start, end, label=mark.label) for start, end, mark in outermost(mentions)]
    )
    doc.user_data[KEY] = {
        "article": article.id,
        "attributes": {name: mark.attributes for name, mark in by_id.items() if mark.attributes},
        "links": [list(link) for link in links if link.tail in by_id and link.head in by_id],
    }
    return Export({".spacy": DocBin(docs=[doc], store_user_data=True).to_bytes()}, +dropped)


def documents(files: Mapping[str, bytes], where: str) -> list[Document]:
    """One for each `Doc`; its text tells which article it is."""
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    (content,) = files.values()
    try:
        docs = [_whole(doc) for doc in DocBin().from_bytes(content).get_docs(Vocab())]
    except Exception as error:
        raise FormatError(
            f"{where}: no DocBin that spaCy reads ({type(error).__name__}); write it again"
        ) from None
    several = len(docs) > 1
    return [
        Document(
            f"{where}: document {number}" if several else where,
            doc,
            _names(doc),
            doc.text,
            _words(doc),
        )
        for number, doc in enumerate(docs, 1)
    ]


def _whole(doc: Any) -> Any:
    """The document; an exception where its letters, or a span's, are not in the file: spaCy looks late, or never."""
    for _group, span in _spans(doc):
        _ = span.label_, span.id_, span.text
    _ = doc.text
    if not isinstance(doc.cats, dict) or not isinstance(doc.user_data, dict):
        raise TypeError("its categories or its user data are no dictionary")
    return doc


def _words(doc: Any) -> tuple[str, ...]:
    return tuple(token.text for token in doc if token.text.strip())


def _names(doc: Any) -> tuple[str, ...]:
    extras = doc.user_data.get(KEY)
    name = extras.get("article") if isinstance(extras, dict) else None
    return (name,) if isinstance(name, str) else ()


def read(
    document: Document,
    article: Article,
    schema: Schema,
    provenance: Provenance,
    labels: LabelMap = NO_MAP,
) -> Import:
    """The spans of all groups, and of the entities those that are in none.

    A `Doc` that was made of words alone, as `spacy convert` makes it of CoNLL, has blanks of its own between them: its
    spans are those of the same tokens of the article.
    """
    doc, dropped = document.content, Dropped()
    edges_of = _by_letters if _is_text(doc, article) else _by_tokens(document, article)
    extras = doc.user_data.get(KEY, {})
    answers, links = _answers_and_links(extras, document.where)
    marks: list[Marked] = []
    seen: set[tuple[str, int, int]] = set()
    mark_ids: set[str] = set()
    for group, span in _spans(doc):
        place = (span.label_, span.start_char, span.end_char)
        if not group and place in seen:
            continue  # the entities are the outermost mentions once more
        seen.add(place)
        if not span.label_:
            dropped["spans without a label"] += 1
            continue
        # A span that an older spaCy wrote has no id; two of one group may share one.
        has_id = span.id_ and span.id_ not in mark_ids
        mark_id = span.id_ if has_id else f"x{len(marks) + 1}"
        mark_ids.add(mark_id)
        edges = edges_of(span)
        marks.append(Marked(mark_id, span.label_, (edges,), span.text, answers.get(mark_id, {})))
    dropped["categories of the document"] += len(doc.cats)
    return assembled(
        marks,
        links,
        article,
        schema,
        provenance,
        dropped,
        labels,
        doc.text if edges_of is _by_letters else None,
        has_answers=bool(extras),
    )


def _is_text(doc: Any, article: Article) -> bool:
    return normalise(doc.text)[0] == article.text


def _by_letters(span: Any) -> Edges:
    return span.start_char, span.end_char


def _by_tokens(document: Document, article: Article) -> Callable[[Any], Edges]:
    """Where the tokens of a span stand in the article."""
    places = place_tokens(document.tokens, text_of(article), document.where)
    filled = [token.i for token in document.content if token.text.strip()]
    place_of = dict(zip(filled, places, strict=True))

    def edges(span: Any) -> Edges:
        inside = [place_of[token.i] for token in span if token.i in place_of]
        return (inside[0][0], inside[-1][1]) if inside else (0, 0)

    return edges


def _spans(doc: Any) -> Iterator[tuple[str, Any]]:
    """(group, span) of all groups, then the entities, whose group is empty."""
    for name in doc.spans:
        for span in doc.spans[name]:
            yield name, span
    for entity in doc.ents:
        yield "", entity


def _answers_and_links(extras: Any, where: str) -> tuple[dict[str, dict[str, Any]], list[Link]]:
    """The answers by mark and the links, as `write` puts them beside the document."""
    try:
        attributes = extras.get("attributes", {})
        answers = {str(name): dict(values) for name, values in attributes.items()}
        links = [
            Link(str(tail), str(label), str(head)) for tail, label, head in extras.get("links", ())
        ]
    except (AttributeError, TypeError, ValueError):
        raise FormatError(
            f"{where}: user_data[{KEY!r}] is not what acre convert writes there; remove it"
        ) from None
    return answers, links
