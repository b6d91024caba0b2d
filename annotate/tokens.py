"""Tokens by spaCy's rule-based tokenizer, whose version the constraints fix: no model, the same for everyone."""

from __future__ import annotations

from functools import cache
from typing import Any

from annotate.model import Span


@cache
def _tokenizer(language: str) -> Any:
    import spacy  # two seconds to import

    return spacy.blank(language).tokenizer


def tokens(text: str, language: str = "en") -> list[Span]:
    """The tokens that are not white space, as spans of the text."""
    found = _tokenizer(language)(text)
    return [Span(start=token.idx, end=token.idx + len(token)) for token in found if not token.is_space]
