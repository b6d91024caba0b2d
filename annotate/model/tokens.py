"""Tokens and sentences by spaCy's rules, whose version the constraints fix: no model, the same for everyone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
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
    rules = pipeline(article.language)
    cut = []
    for zone in article.zones:
        for sentence in _joined(rules(zone.slice(text))):
            words = tuple(
                (zone.start + token.idx, zone.start + token.idx + len(token))
                for token in sentence
                if not token.is_space
            )
            if words:
                start, end = words[0][0], words[-1][1]
                cut.append(
                    Sentence(start=start, end=end, tokens=words, digest=sha256(text[start:end])[:8])
                )
    return tuple(cut)


def _joined(doc: Any) -> Iterator[Any]:
    """The sentences of a spaCy doc, those joined that a rank or a number's abbreviation had cut in two."""
    start = 0
    for sentence in doc.sents:
        before, after = doc[start : sentence.end].text, doc[sentence.end : sentence.end + 1].text
        if after and (_RANK.search(before) or (_NUMBER.search(before) and after.isdigit())):
            continue
        yield doc[start : sentence.end]
        start = sentence.end


def sentence_of(span: Span, sentences: Sequence[Sentence]) -> int | None:
    """The number of the one sentence that the span lies in."""
    return next(
        (n for n, own in enumerate(sentences) if own.start <= span.start and span.end <= own.end),
        None,
    )


def token_range(span: Span, sentence: Sentence) -> tuple[int, int] | None:
    """The sentence's tokens that the span starts and ends with, half-open; None where it cuts one."""
    starts = {start: n for n, (start, _end) in enumerate(sentence.tokens)}
    ends = {end: n + 1 for n, (_start, end) in enumerate(sentence.tokens)}
    if span.start in starts and span.end in ends:
        return starts[span.start], ends[span.end]
    return None
