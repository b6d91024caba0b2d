"""Tokens and sentences by spaCy's rules, whose version the constraints fix: no model, the same for everyone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from annotate.model import Article, Sentence, Span
from annotate.text import sha256


@cache
def _rules(language: str) -> Any:
    import spacy  # two seconds to import

    found = spacy.blank(language)
    found.add_pipe("sentencizer")
    return found


def version(language: str = "en") -> str:
    """What cuts the text, with its version."""
    import spacy

    return f"spacy {spacy.__version__} {language}"


def tokens(text: str, language: str = "en") -> list[Span]:
    """The tokens that are not white space, as spans of the text."""
    found = _rules(language).tokenizer(text)
    return [Span(start=token.idx, end=token.idx + len(token)) for token in found if not token.is_space]


def sentences(article: Article) -> tuple[Sentence, ...]:
    """The sentences of each zone in turn, so that none runs over the border of two; the text must be there."""
    text = article.text or ""
    rules = _rules(article.language)
    found = []
    for zone in article.zones:
        for sentence in rules(zone.slice(text)).sents:
            words = tuple(
                (zone.start + token.idx, zone.start + token.idx + len(token))
                for token in sentence
                if not token.is_space
            )
            if words:
                start, end = words[0][0], words[-1][1]
                found.append(Sentence(start=start, end=end, tokens=words, digest=sha256(text[start:end])[:8]))
    return tuple(found)


def sentence_of(span: Span, sentences: Sequence[Sentence]) -> int | None:
    """The number of the one sentence that the span lies in."""
    return next((n for n, own in enumerate(sentences) if own.start <= span.start and span.end <= own.end), None)


def token_range(span: Span, sentence: Sentence) -> tuple[int, int] | None:
    """The sentence's tokens that the span starts and ends with, half-open; None where it cuts one."""
    starts = {start: n for n, (start, _end) in enumerate(sentence.tokens)}
    ends = {end: n + 1 for n, (_start, end) in enumerate(sentence.tokens)}
    if span.start in starts and span.end in ends:
        return starts[span.start], ends[span.end]
    return None
