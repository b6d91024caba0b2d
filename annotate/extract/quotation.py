"""How much of a content is in quotation marks, and whether the article could verify it."""

from __future__ import annotations

import enum
import re

_UNVERIFIED = re.compile(
    r"\b(?:could|can|has|have|was|were)\s?(?:not|n[o’']t)[^.]{0,40}(?:verif|confirm|authentic|check)"
    r"|\bneither [^.]{0,60}(?:verif|confirm)|\bnone of this could", re.I,
)  # fmt: skip


class Quotation(enum.Enum):
    """How much of a content is in quotation marks."""

    DIRECT = "throughout"
    MIXED = "in part"
    INDIRECT = "not at all"


def quotation(words: str) -> Quotation:
    """How much of a content is in quotation marks."""
    if words.startswith("“") and words.endswith("”") and "“" not in words[1:]:
        return Quotation.DIRECT
    return Quotation.MIXED if "“" in words else Quotation.INDIRECT


def is_unverified(words: str) -> bool:
    """Whether the article says that what is claimed there could not be verified."""
    return bool(_UNVERIFIED.search(words))
