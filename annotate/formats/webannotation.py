"""W3C Web Annotation (2017) as JSON-LD: an annotation page with one annotation for each mark and each link. All layers.

A mark's target has a text position selector (code points, half-open, as the model says) and a quote of the words; its
body tags it with its label and its answers. A link's target is its tail, its body its head and its label.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from annotate.formats.document import FormatError, Lost, Read, Written, assembled, text_of
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.records import Annotation, Article, Mark, Provenance
from annotate.model.schema import Schema

SUFFIXES = (".jsonld",)
_AROUND = 32


def write(article: Article, annotation: Annotation, schema: Schema) -> Written:
    """The annotation page; the text itself is not in it but as quotes."""
    text = text_of(article)
    marks, links = graph.disassemble(annotation)
    page = {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "id": f"urn:acre:{article.id}",
        "type": "AnnotationPage",
        "items": (
            [_mark(mark, article, text) for mark in marks]
            + [_link(number, link, article) for number, link in enumerate(links, 1)]
        ),
    }
    return Written(
        {".jsonld": (json.dumps(page, indent=1, ensure_ascii=False) + "\n").encode()}, Lost()
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
            "source": article.url or f"urn:sha256:{article.sha256}",
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
    return f"urn:acre:{article.id}#{name}"


def read(
    files: Mapping[str, bytes], article: Article, schema: Schema, made: Provenance, where: str
) -> Read:
    """The marks by their position selectors, each checked against its quote, and the links between them."""
    text = text_of(article)
    marks: list[Mark] = []
    links: list[Link] = []
    try:
        items = json.loads(files[".jsonld"])["items"]
    except (ValueError, KeyError, TypeError):
        raise FormatError(
            f"{where}.jsonld: no annotation page with `items`; give one as JSON-LD"
        ) from None
    for number, item in enumerate(items, 1):
        try:
            if item["motivation"] == "linking":
                label, head = item["body"]
                links.append(Link(_own(item["target"]), label["value"], _own(head["source"])))
            else:
                marks.append(_read_mark(item, text))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            found = (
                f"{where}.jsonld: item {number}: {type(error).__name__}:"
                f" {' '.join(str(error).split())}"
            )
            raise FormatError(f"{found}; give it as acre convert writes it") from None
    return assembled(marks, links, article, schema, made, Lost())


def _read_mark(item: Mapping[str, Any], text: str) -> Mark:
    selectors = {selector["type"]: selector for selector in item["target"]["selector"]}
    place = selectors["TextPositionSelector"]
    start, end = place["start"], place["end"]
    quote = selectors.get("TextQuoteSelector", {}).get("exact")
    if quote is not None and quote != text[start:end]:
        raise ValueError(
            f"the article reads {text[start:end]!r} at {start}–{end}, the quote is {quote!r}"
        )
    tag, *answers = item["body"]
    given = {answer["name"]: answer["value"] for answer in answers}
    return Mark(
        id=_own(item["id"]),
        label=tag["value"],
        start=start,
        end=end,
        text=text[start:end],
        attributes=given,
    )


def _own(name: str) -> str:
    return name.rpartition("#")[2]
