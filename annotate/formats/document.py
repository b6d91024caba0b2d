"""What every format takes and gives. Each of its modules has `write` and, where it can be read, `read`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.issues import AcreError, Issue
from annotate.model.records import Annotation, Article, Mark, Provenance
from annotate.model.schema import Schema

Lost = Counter[str]
"""What a format can't hold, or what of a file the schema has no place for: how often, by name."""


class FormatError(AcreError):
    """A file that is not what its format says, or not of this article: where, what was found, what to do."""


class Written(NamedTuple):
    """A document in a format: the files' contents by suffix, and what is not in them."""

    files: dict[str, bytes]
    lost: Lost


class Read(NamedTuple):
    """What a document's files hold."""

    annotation: Annotation
    issues: list[Issue]
    """What has no place in an annotation; `where` is a mark's id."""
    lost: Lost


def text_of(article: Article) -> str:
    """The text; FormatError where it is withheld."""
    if article.text is None:
        raise FormatError(
            f"{article.id}: its text is withheld; put your own copy in place with: acre rehydrate"
        )
    return article.text


def assembled(
    marks: Iterable[Mark],
    links: Iterable[Link],
    article: Article,
    schema: Schema,
    made: Provenance,
    lost: Lost,
) -> Read:
    """The annotation that marks and links make; links of marks that are not there are counted."""
    there = list(marks)
    names = {mark.id for mark in there}
    kept = [link for link in links if link.tail in names and link.head in names]
    annotation, issues = graph.assemble(there, kept, schema, article.id, article.sha256, made)
    return Read(annotation, issues, +lost)


def mark(
    name: str, label: str, start: int, end: int, text: str, **attributes: int | float | str
) -> Mark:
    """A mark with the words that it stands on."""
    return Mark(
        id=name, label=label, start=start, end=end, text=text[start:end], attributes=attributes
    )


def outermost(spans: Iterable[tuple[int, int, Mark]]) -> Iterator[tuple[int, int, Mark]]:
    """Of (start, end, mark) that overlap, the one that starts first, and of those the longer."""
    taken = 0
    for start, end, found in sorted(spans, key=lambda span: (span[0], -span[1], span[2].order)):
        if start >= taken:
            taken = end
            yield start, end, found


def place_tokens(words: Iterable[str], text: str, where: str) -> list[tuple[int, int]]:
    """Where each token stands in the text, each after the one before; between them is only white space."""
    places, place = [], 0
    for number, word in enumerate(words, 1):
        start = place + len(text[place:]) - len(text[place:].lstrip())
        if not text.startswith(word, start):
            found = text[start : start + max(20, len(word))]
            raise FormatError(
                f"{where}: token {number} is {word!r}, the article goes on with {found!r}; change"
                " tags only"
            )
        place = start + len(word)
        places.append((start, place))
    return places
