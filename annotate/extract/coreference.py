"""Which mentions are of one thing, by their words alone: equal words, a shorter form of a name, a pronoun."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from annotate.extract import labels
from annotate.model.graph import Link
from annotate.model.records import Mark
from annotate.model.schema import SAME_AS, Layer, Schema

_PRONOUNS = re.compile(
    r"he|him|his|himself|she|hers?|herself|it|its|itself|they|them|theirs?|themselves"
    r"|we|us|ours?|ourselves|i|me|my|myself",
    re.I,
)
_DETERMINER = re.compile(r"^(?:the|an?|this|that|these|those|its|his|her|their)\s+", re.I)
_DEFINITE = re.compile(r"^(?:the|this|that|these|those)\s+", re.I)
_HEAD_ENDS = re.compile(r",|\s(?:of|in|from|at|on|for|with|who|which|that|near|under|to)\s", re.I)
"""What stands behind the head of a noun phrase."""
_KIND_OF = re.compile(
    r"\b(?:city|town|township|village|port|province|department|district|island) of ", re.I
)
_LETTERS = re.compile(r"[(\[](?:aka )?([A-Z]{2,})[)\]]")
"""What a name is called for short: “Sudanese Armed Forces ([SAF])”."""
_OWNER = re.compile(r"[’']s?\s")
_POSSESSIVE = re.compile(r"[’']s?$")


def coreferent(marks: Iterable[Mark], schema: Schema) -> Iterator[Link]:
    """Links between mentions of one thing, each to the last one before it, of the same label.

    A pronoun's label says what it stands for. A mention inside another is not joined to that. In *Mira Dareth left;
    Dareth said she …* all three are one person; *the militia* is the *Tarn Militia*, and *the LLF* the *Lufira
    Liberation Front*.
    """
    seen: dict[tuple[str, str], Mark] = {}
    before: dict[str, list[Mark]] = {}
    for mark in sorted(marks, key=lambda mark: mark.order):
        if schema.layer(mark.label) is not Layer.MENTION or mark.label in schema.value_labels:
            continue
        text = _POSSESSIVE.sub("", mark.text or "")
        earlier = before.setdefault(mark.label, [])
        if _PRONOUNS.fullmatch(text):
            antecedents = reversed(earlier)
        else:
            names = ((mark.label, name) for name in _names(mark.label, text))
            antecedents = iter([seen[name] for name in names if name in seen])
        antecedent = next((other for other in antecedents if other.end <= mark.start), None)
        if antecedent is not None:
            yield Link(antecedent.id, SAME_AS, mark.id)
        if not _PRONOUNS.fullmatch(text):
            seen |= dict.fromkeys(((mark.label, name) for name in _calls(mark.label, text)), mark)
        earlier.append(mark)


def _names(label: str, text: str) -> Iterator[str]:
    """The names of earlier mentions that the words may be said of, the surest first."""
    yield from _forms(label, text)
    words = _bare(text)
    if _DEFINITE.match(text) or (
        words == text.lower() and text[:1].isupper() and not text.isupper()
    ):
        yield f"… {words}"


def _calls(label: str, text: str) -> Iterator[str]:
    """What the same thing may be called later."""
    yield from _forms(label, text)
    words = _bare(_HEAD_ENDS.split(text)[0]).split()
    yield from (f"… {' '.join(words[number:])}" for number in range(1, len(words)))
    yield from (letters.lower() for letters in _LETTERS.findall(text))
    initials = "".join(word[0] for word in re.findall(r"\w+", text) if word[0].isupper())
    if len(initials) > 1 and not text.isupper():
        yield initials.lower()


def _forms(label: str, text: str) -> Iterator[str]:
    """The whole phrase, what stands before a comma, the name of *the town of Lisk*, and the last name of a person."""
    yield _bare(text)
    head, comma, _apposed = text.partition(",")
    if comma:
        yield _bare(head)
    kind_of = _KIND_OF.search(head)
    if kind_of:
        yield _bare(head[kind_of.end() :])
    if label in labels.names().named_after_persons:
        own = _DETERMINER.sub("", _OWNER.split(head)[-1])
        capitalised = [word for word in re.findall(r"\w+", own) if word[0].isupper()]
        yield from (word.lower() for word in capitalised[-1:])


def _bare(text: str) -> str:
    """In lower case, without a determiner, and without the full stops of *U.S.*"""
    return _DETERMINER.sub("", text).replace(".", "").lower()
