"""Tokens and sentences by spaCy's rules, whose version the constraints fix: no model, the same for everyone."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any

from annotate.model.records import Article, Sentence, Span
from annotate.model.text import sha256

# Ranks, which reports of war are full of and spaCy's rules take for the end of a sentence; and a number: Post No. 4.
_RANK = re.compile(
    r"(?:^|\s)(?:Lt|Col|Maj|Brig|Capt|Cmdr|Cdr|Sgt|Cpl|Pvt|Adm|Gen|Gov|Hon|Mt|Ft)\s*\.$"
)
_NUMBER = re.compile(r"(?:^|\s)Nos?\s*\.$")


@cache
def pipeline(language: str) -> Any:
    """spaCy's rules of the language, a tokenizer and a sentencizer: made once, as that takes a tenth of a second."""
    import spacy  # two seconds to import

    rules = spacy.blank(language)
    rules.add_pipe("sentencizer")
    return rules


def version(language: str = "en") -> str:
    """What cuts the text, with its version."""
    import spacy

    return f"spacy {spacy.__version__} {language}, ranks joined"


def tokens(text: str, language: str = "en") -> list[Span]:
    """The tokens that are not white space, as spans of the text."""
    doc = pipeline(language).tokenizer(text)
    return [
        Span(start=token.idx, end=token.idx + len(token)) for token in doc if not token.is_space
    ]


def sentences(article: Article) -> tuple[Sentence, ...]:
    """The sentences of each zone in turn, so that none runs over the border of two; the text must be there."""
    text = article.text or ""
    cut = []
    for zone in article.zones:
        for words in _sentences(zone.slice(text), article.language):
            tokens = tuple((zone.start + start, zone.start + end) for start, end in words)
            start, end = tokens[0][0], tokens[-1][1]
            digest = sha256(text[start:end])[:8]
            cut.append(Sentence(start=start, end=end, tokens=tokens, digest=digest))
    return tuple(cut)


def _sentences(text: str, language: str) -> Iterator[list[tuple[int, int]]]:
    """The tokens of each sentence that has any, those joined that a rank or a number's abbreviation had cut in two."""
    from spacy.attrs import IDX, IS_SPACE, LENGTH, SENT_START

    # One array for all tokens: to ask spaCy of each takes as long as to find them.
    doc = pipeline(language)(text).to_array([IDX, LENGTH, IS_SPACE, SENT_START])
    starts = doc[:, 0].tolist()
    ends = (doc[:, 0] + doc[:, 1]).tolist()
    is_space = doc[:, 2].tolist()
    first = 0
    for beyond in [*((doc[1:, 3] == 1).nonzero()[0] + 1).tolist(), len(doc)]:
        if beyond < len(doc):
            before = text[starts[first] : ends[beyond - 1]]
            after = text[starts[beyond] : ends[beyond]]
            if _RANK.search(before) or (_NUMBER.search(before) and after.isdigit()):
                continue
        tokens = zip(starts[first:beyond], ends[first:beyond], is_space[first:beyond], strict=True)
        words = [(start, end) for start, end, is_blank in tokens if not is_blank]
        if words:
            yield words
        first = beyond


def sentence_of(span: Span, sentences: Sequence[Sentence]) -> int | None:
    """The number of the one sentence that the span lies in."""
    number = bisect_right(sentences, span.start, key=attrgetter("start")) - 1
    return number if number >= 0 and span.end <= sentences[number].end else None


def token_range(start: int, end: int, tokens: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Which of the tokens a span starts and ends with, half-open; None where it cuts one, or lies beyond them."""
    first = bisect_left(tokens, start, key=itemgetter(0))
    last = bisect_left(tokens, end, key=itemgetter(1))
    if first == len(tokens) or last == len(tokens):
        return None
    return (first, last + 1) if tokens[first][0] == start and tokens[last][1] == end else None
