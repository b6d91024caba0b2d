"""W3C Web Annotation (2017) as JSON-LD: an annotation page with one annotation for each mark and each link. All layers.

A mark's target has a text position selector (code points, half-open, as the model says) and a quote of the words; its
body tags it with its label and its answers. A link's target is its tail, its body its head and its label. Read are
also single annotations and lists of them, and ids of any kind.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
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
    from_json,
    text_of,
)
from annotate.formats.labelmap import LabelMap
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.records import Annotation, Article, Mark, Provenance
from annotate.model.schema import Schema

SUFFIXES = (".jsonld",)
_AROUND = 32
_OURS = "urn:acre:"
_HASH = "urn:sha256:"
_TAGS = ("tagging", "classifying", "identifying", "highlighting", "describing")


def write(article: Article, annotation: Annotation, schema: Schema) -> Export:
    """The annotation page; the text itself is not in it but as quotes."""
    text = text_of(article)
    marks, links = graph.disassemble(annotation)
    page = {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "id": f"{_OURS}{article.id}",
        "type": "AnnotationPage",
        "items": (
            [_mark(mark, article, text) for mark in marks]
            + [_link(number, link, article) for number, link in enumerate(links, 1)]
        ),
    }
    return Export(
        {".jsonld": (json.dumps(page, indent=1, ensure_ascii=False) + "\n").encode()}, Dropped()
    )


def _mark(mark: Mark, article: Article, text: str) -> dict[str, Any]:
    tag = {"type": "TextualBody", "purpose": "tagging", "value": mark.label}
    answers = [
        {"type": "TextualBody", "purpose": "classifying", "name": name, "value": value}
        for name, value in mark.attributes.items()
    ]
    return {
        "id": _name(article, mark.id),
        "type": "Annotation",
        "motivation": "tagging",
        "body": [tag, *answers],
        "target": {
            "source": article.url or f"{_HASH}{article.sha256}",
            "selector": [
                {"type": "TextPositionSelector", "start": mark.start, "end": mark.end},
                {
                    "type": "TextQuoteSelector",
                    "exact": mark.slice(text),
                    "prefix": text[max(0, mark.start - _AROUND) : mark.start],
                    "suffix": text[mark.end : mark.end + _AROUND],
                },
            ],
        },
    }


def _link(number: int, link: Link, article: Article) -> dict[str, Any]:
    return {
        "id": _name(article, f"link-{number}"),
        "type": "Annotation",
        "motivation": "linking",
        "body": [
            {"type": "TextualBody", "purpose": "tagging", "value": link.label},
            {"type": "SpecificResource", "purpose": "linking", "source": _name(article, link.head)},
        ],
        "target": _name(article, link.tail),
    }


def _name(article: Article, name: str) -> str:
    return f"{_OURS}{article.id}#{name}"


def documents(files: Mapping[str, bytes], where: str) -> list[Document]:
    """One for each source that the annotations are of; its address or hash, or the page's name, tell which
    article it is.
    """
    (content,) = files.values()
    page = from_json(decode(content, where), where)
    items = list(_items(page, where))
    name = page.get("id") if isinstance(page, dict) else None
    article_id = None
    if isinstance(name, str) and name.startswith(_OURS):
        article_id = name.removeprefix(_OURS)
    by_source: dict[str, list[dict[str, Any]]] = {}
    group_of: dict[str, str] = {}
    for item in items:
        # A link is of what the mark is of that it starts from.
        target = _first(item.get("target"))
        source = group_of.get(str(target), "") if _is_link(item) else _source(target)
        group_of[str(item.get("id"))] = source
        by_source.setdefault(source, []).append(item)
    if len(by_source) == 2 and "" in by_source:
        by_source = {next(filter(None, by_source)): items}
    several = len(by_source) > 1
    return [
        Document(
            f"{where}: {source}" if several else where,
            of_source,
            tuple(filter(None, (source, None if several else article_id))),
        )
        for source, of_source in by_source.items()
    ] or [Document(where, [], tuple(filter(None, (article_id,))))]


def _items(page: Any, where: str) -> Iterator[dict[str, Any]]:
    """The annotations of a page, of a collection's first page, of a list, or the one that it is."""
    if isinstance(page, dict) and "items" not in page and isinstance(page.get("first"), dict):
        if page["first"].get("next"):
            raise FormatError(
                f"{where}: the first page of several; give each page as a file of its own"
            )
        page = page["first"]
    items = page
    if isinstance(page, dict) and "items" in page:
        items = page.get("items")
    elif isinstance(page, dict):
        items = [page] if "target" in page else None
    if not isinstance(items, list):
        raise FormatError(
            f"{where}: no annotation page with `items`, nor an annotation; give one as JSON-LD"
        )
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict) or "target" not in item:
            raise FormatError(
                f"{where}: item {number} is no annotation with a `target`; correct it"
            )
        yield item


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _source(target: Any) -> str:
    """The address of what is annotated; none where it is not told."""
    source = target.get("source", target.get("id")) if isinstance(target, dict) else target
    if isinstance(source, dict):
        source = source.get("id")
    return source.partition("#")[0] if isinstance(source, str) else ""


def _is_link(item: Mapping[str, Any]) -> bool:
    motivation = item.get("motivation")
    return "linking" in (motivation if isinstance(motivation, list) else [motivation])


def read(
    document: Document,
    article: Article,
    schema: Schema,
    provenance: Provenance,
    labels: LabelMap = NO_MAP,
) -> Import:
    """The marks by their position selectors, each compared with its quote, and the links between them."""
    text, dropped = text_of(article), Dropped()
    hashes = [name for name in document.names if name.startswith(_HASH)]
    if hashes and hashes[0] != f"{_HASH}{article.sha256}":
        raise FormatError(
            f"{document.where}: it is of {hashes[0]}, not of the text of {article.id}; give that"
            " one's file"
        )
    marks: list[Marked] = []
    links: list[Link] = []
    for number, item in enumerate(document.content, 1):
        if _is_link(item):
            link = _read_link(item)
            dropped["links without two ends and a label"] += link is None
            links += [link] if link else []
        else:
            mark = _read_mark(item, number, text, dropped)
            marks += [mark] if mark else []
    return assembled(marks, links, article, schema, provenance, dropped, labels)


def _read_link(item: Mapping[str, Any]) -> Link | None:
    bodies = [body for body in _list(item.get("body")) if isinstance(body, dict | str)]
    labels = [_value(body) for body in bodies if isinstance(body, dict)]
    label = next(filter(None, labels), None)
    heads = [_resource(body) for body in bodies]
    head = next((name for name in heads if isinstance(name, str)), None)
    tail = _resource(_first(item.get("target")))
    if not label or not head or not isinstance(tail, str):
        return None
    return Link(_mark_id(tail), label, _mark_id(head))


def _resource(value: Any) -> Any:
    """The address that stands for itself, or that an object names."""
    return value.get("source", value.get("id")) if isinstance(value, dict) else value


def _read_mark(item: Mapping[str, Any], number: int, text: str, dropped: Dropped) -> Marked | None:
    """None, counted, where it has no label or no place."""
    label, answers = _tagged(item, dropped)
    if label is None:
        return None
    targets = _list(item.get("target"))
    selectors = _list(targets[0].get("selector")) if isinstance(_first(targets), dict) else []
    dropped["further targets of one annotation"] += max(0, len(targets) - 1)
    objects = [selector for selector in selectors if isinstance(selector, dict)]
    place, words = _selected(objects, text)
    if place is None:
        dropped["annotations without a position, whose quote stands in no place or in several"] += 1
        return None
    name = item.get("id")
    mark_id = _mark_id(name) if isinstance(name, str) and name else f"x{number}"
    return Marked(mark_id, label, (place,), words, answers)


def _tagged(item: Mapping[str, Any], dropped: Dropped) -> tuple[str | None, dict[str, Any]]:
    """The label, and the answers by name."""
    motivation = _first(item.get("motivation")) or "tagging"
    tags: list[str] = []
    answers: dict[str, Any] = {}
    for body in _list(item.get("body")):
        fields = {"value": body} if isinstance(body, str) else body
        if not isinstance(fields, dict):
            continue
        purpose, value, name = fields.get("purpose", motivation), _value(fields), fields.get("name")
        if purpose == "classifying" and isinstance(name, str):
            answers[name] = fields.get("value")
        elif purpose in _TAGS and value:
            tags.append(value)
        else:
            dropped[f"bodies for {purpose}"] += 1
    dropped["further labels of one annotation"] += max(0, len(tags) - 1)
    dropped["annotations without a label"] += not tags
    return (tags[0] if tags else None), answers


def _selected(
    selectors: Sequence[Mapping[str, Any]], text: str
) -> tuple[tuple[int, int] | None, str | None]:
    """The place, and the words that are said to stand there; without a position, the one place that the quote fits."""
    by_type = {str(_first(selector.get("type"))): selector for selector in selectors}
    position, quote = by_type.get("TextPositionSelector"), by_type.get("TextQuoteSelector", {})
    words = quote.get("exact") if isinstance(quote.get("exact"), str) else None
    if position is not None:
        start, end = position.get("start"), position.get("end")
        if type(start) is int and type(end) is int:
            return (start, end), words
        return (-1, -1), words
    return _quoted_place(quote, words or "", text), words


def _quoted_place(quote: Mapping[str, Any], words: str, text: str) -> tuple[int, int] | None:
    """The one place where the words stand between the quote's prefix and suffix; None if there are several."""
    prefix, suffix = quote.get("prefix"), quote.get("suffix")
    before = prefix if isinstance(prefix, str) else ""
    after = suffix if isinstance(suffix, str) else ""
    starts = [start for start in _occurrences(words, text) if text.endswith(before, 0, start)]
    starts = [start for start in starts if text.startswith(after, start + len(words))]
    return (starts[0], starts[0] + len(words)) if len(starts) == 1 else None


def _occurrences(words: str, text: str) -> Iterator[int]:
    place = text.find(words) if words else -1
    while place >= 0:
        yield place
        place = text.find(words, place + 1)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _value(body: Mapping[str, Any]) -> str | None:
    value = body.get("value")
    return value if isinstance(value, str) and value else None


def _mark_id(name: str) -> str:
    """The mark's id, of what ACRE wrote; another's name is kept whole, so that no two become one."""
    return name.rpartition("#")[2] if name.startswith(_OURS) else name
