"""The spans that the categoriser considers: short ones all, long ones where a clause starts and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import Ragged, get_current_ops

_OPENERS = frozenset([
    "that", "to", "of", "if", "whether", "for", "by", "said", "says", "say", "as", "and", "but", "who",
])  # fmt: skip
"""Words behind which a content may start."""


@registry.misc("acre.suggester.v1")
def suggester(longest: int, longest_content: int) -> Callable[..., Ragged]:
    """Every run of up to `longest` tokens, and runs of up to `longest_content` that start and end where clauses do."""

    def suggest(docs: Iterable[Doc], *, ops: Any = None) -> Ragged:
        ops = ops or get_current_ops()
        spans: list[tuple[int, int]] = []
        lengths: list[int] = []
        for doc in docs:
            candidates = sorted({*_runs(len(doc), longest), *_clauses(doc, longest_content)})
            spans += candidates
            lengths.append(len(candidates))
        return Ragged(
            ops.asarray2i(np.array(spans, dtype="int32").reshape(-1, 2)), ops.asarray1i(lengths)
        )

    return suggest


def _runs(length: int, longest: int) -> Iterator[tuple[int, int]]:
    for start in range(length):
        for end in range(start + 1, min(start + longest, length) + 1):
            yield start, end


def _clauses(doc: Doc, longest: int) -> Iterator[tuple[int, int]]:
    """What may be a content: it starts where a clause may, and ends before punctuation or behind a closing mark."""
    starts, ends = [], []
    for token in doc:
        if _may_start(doc, token):
            starts.append(token.i)
        if token.is_punct:
            ends.append(token.i)
            if token.text in ("”", "’", '"', ".", "?", "!"):
                ends.append(token.i + 1)
    ends.append(len(doc))
    for start in starts:
        for end in ends:
            if start < end <= start + longest:
                yield start, end


def _may_start(doc: Doc, token: Any) -> bool:
    if token.i == 0 or token.text in "“‘":
        return True
    before = doc[token.i - 1]
    return before.is_punct or before.is_space or before.lower_ in _OPENERS
