"""Which mentions are of one thing, by their words alone: equal words, a name and its last word, a pronoun."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from annotate.model.graph import Link
from annotate.model.records import Mark
from annotate.model.schema import SAME_AS, Layer, Schema

_PRONOUNS = re.compile(
    r"he|him|his|himself|she|hers?|herself|it|its|itself|they|them|theirs?|themselves"
    r"|we|us|ours?|ourselves|i|me|my|myself"
)
_DETERMINER = re.compile(r"^(?:the|an?|this|that|its|his|her|their)\s+")


def coreferent(marks: Iterable[Mark], schema: Schema) -> Iterator[Link]:
    """Links between mentions of one thing, each to an earlier one of the same label.

    A pronoun's label says what it stands for; one that stands inside a mention is not joined to that. In *Mira Dareth
    left; Dareth said she …* all three are one person.
    """
    seen: dict[tuple[str, str], Mark] = {}
    before: dict[str, list[Mark]] = {}
    for mark in sorted(marks, key=lambda mark: mark.order):
        if schema.layer(mark.label) is not Layer.MENTION or mark.label in schema.value_labels:
            continue
        earlier = before.setdefault(mark.label, [])
        words = _DETERMINER.sub("", (mark.text or "").lower())
        antecedent: Mark | None = None
        if _PRONOUNS.fullmatch(words):
            ended = (other for other in reversed(earlier) if other.end <= mark.start)
            antecedent = next(ended, None)
        else:
            keys = [(mark.label, key) for key in _keys(mark, words)]
            antecedent = next((seen[key] for key in keys if key in seen), None)
            for key in keys:
                seen.setdefault(key, mark)
        if antecedent is not None:
            yield Link(antecedent.id, SAME_AS, mark.id)
        earlier.append(mark)


def _keys(mark: Mark, words: str) -> Iterator[str]:
    """What a mention is known again by: its words without a determiner, and the last capitalised one before a comma."""
    yield words
    head = (mark.text or "").split(",")[0]
    capitalised = [word for word in re.findall(r"\w+", head) if word[0].isupper()]
    if capitalised:
        yield capitalised[-1].lower()
