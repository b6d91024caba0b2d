"""Cues by their words: a list of the language's verbs of speech, by the stance that they show, and fixed phrases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

import yaml

from annotate.extract import lexicon
from annotate.extract.passages import AUXILIARIES, FINITE, Passage, Tokens

PREPOSITIONAL = (
    "according to", "in the words of", "in the view of", "in the opinion of", "in the estimate of",
    "by the reckoning of",
)  # fmt: skip
"""Cues that stand before their source."""
_LONGEST = 3
"""Tokens of a verb with its particle."""
_UNSOURCED = frozenset([
    "alleged", "believed", "blamed", "feared", "reported", "rumoured", "suspected", "thought", "understood", "reports",
    "rumours", "report", "rumors", "rumored",
])  # fmt: skip
"""Of cues without a source, those that do not end like *reportedly*: the list of `guidelines/labels/cue.md`."""


_DESCRIBING = frozenset(["alleged", "suspected", "reported", "rumoured", "rumored"])
"""Those that stand before a noun: “[alleged] smugglers”."""
_NOUNS = frozenset(["reports", "rumours", "rumors"])
_LISTENERS = (
    "tell", "told", "inform", "assur", "warn", "notif", "remind", "ask", "urg", "order", "advis", "instruct", "call on",
    "called on", "calls on", "promis", "request",
)  # fmt: skip
"""How cues begin behind which stands who listens: “told [reporters] that …”."""
_NEGATED = frozenset(["not", "n’t", "n't"])


class Verb(NamedTuple):
    """What a verb of speech shows."""

    stance: str
    """As `labels.yaml` names it."""
    takes_noun: bool
    """Whether a noun phrase may be its content."""


@cache
def load() -> Mapping[str, Verb]:
    """The project's own list, `cues.yaml`, by lemma and particle."""
    listed = yaml.safe_load(
        resources.files("annotate.extract").joinpath("cues.yaml").read_text(encoding="utf-8")
    )
    verbs: dict[str, Verb] = {}
    for stance, words in listed.items():
        for kind in ("clause", "noun"):
            for word in words[kind]:
                verbs[word] = Verb(stance, kind == "noun")
    return verbs


def reads(passage: Passage, cue: Tokens) -> str:
    """The cue's words in lower case."""
    return " ".join(passage.words[cue[0] : cue[1]])


def verb(passage: Passage, cue: Tokens) -> Verb | None:
    """What the list says of the cue, by the lemma of its first word."""
    first = lexicon.lemma(passage.words[cue[0]], "VERB")
    words = " ".join([first, *passage.words[cue[0] + 1 : cue[1]]])
    return load().get(words) or load().get(first)


def is_prepositional(passage: Passage, cue: Tokens) -> bool:
    """Whether the cue is a preposition of several words, which stands before its source."""
    return reads(passage, cue) in PREPOSITIONAL


def is_adverb(passage: Passage, cue: Tokens) -> bool:
    """Whether the cue is one like *reportedly*."""
    return passage.words[cue[1] - 1].endswith("edly")


def is_unsourced(passage: Passage, cue: Tokens) -> bool:
    """Whether the cue has no source by how it stands: *reportedly*, *alleged* smugglers, they *are thought* to flee."""
    word, tag = passage.words[cue[1] - 1], passage.tags[cue[1] - 1]
    behind = passage.words[cue[1] : cue[1] + 1]
    if is_adverb(passage, cue):
        return True
    if cue[1] - cue[0] > 1 or word not in _UNSOURCED or behind == ["by"]:
        return False
    if tag in ("NN", "NNS", "JJ"):
        return True
    return (
        is_passive(passage, cue)
        or (tag == "VBN" and behind == ["to"])
        or (tag not in FINITE and word in ("alleged", "suspected"))
    )


def is_passive(passage: Passage, cue: Tokens) -> bool:
    """Whether a form of *be* stands before the cue, adverbs left out."""
    words = ("is", "are", "was", "were", "been", "being", "be")
    return passage.words[auxiliary(passage, cue)] in words and passage.tags[cue[1] - 1] in (
        "VBN",
        "VBD",
    )


def auxiliary(passage: Passage, cue: Tokens) -> int:
    """The first of the auxiliaries before the cue, adverbs left out; the cue itself where it has none."""
    number = cue[0]
    while number > 0 and (
        passage.words[number - 1] in AUXILIARIES or passage.tags[number - 1] == "RB"
    ):
        number -= 1
    return number


def may_lack_source(passage: Passage, cue: Tokens) -> bool:
    """Whether the cue attributes something also where nobody is named or described."""
    word = passage.words[cue[0]]
    return word in _UNSOURCED or is_adverb(passage, cue) or reads(passage, cue) == "said to"


def has_listener(passage: Passage, cue: Tokens) -> bool:
    """Whether who listens may stand behind the cue: “told [reporters]”."""
    return reads(passage, cue).startswith(_LISTENERS)


def find(passage: Passage) -> Iterator[Tokens]:
    """Verbs of the list and fixed phrases, each with its particle; whether they attribute anything is not looked at."""
    number = 0
    while number < len(passage.words):
        cue = _at(passage, number)
        if cue is not None:
            yield cue
            number = cue[1]
        else:
            number += 1


def _at(passage: Passage, number: int) -> Tokens | None:
    for phrase in PREPOSITIONAL:
        end = number + phrase.count(" ") + 1
        if reads(passage, (number, end)) == phrase:
            return number, end
    if passage.words[number] in ("reportedly", "allegedly", "purportedly", "supposedly"):
        return number, number + 1
    if _is_found_unsourced(passage, number):
        return number, number + 1
    first = lexicon.lemma(passage.words[number], "VERB")
    # Of words in capitals the tagger knows little: there an inflected verb is one.
    is_verb = first != passage.words[number] if passage.is_upper else False
    is_verb = is_verb or passage.tags[number] in FINITE | {"VBG"}
    if not (is_verb or _is_perfect(passage, number)):
        return None
    for end in range(min(number + _LONGEST, len(passage.words)), number, -1):
        words = " ".join([first, *passage.words[number + 1 : end]])
        if words in load():
            # “That” and “to” open the content.
            return number, end - (passage.words[end - 1] in ("that", "to", "whether"))
    return None


def _is_found_unsourced(passage: Passage, number: int) -> bool:
    """Whether the token is a cue without a source: *alleged* smugglers, *reports* of deaths, *thought* to flee.

    *No reports of* and *are not reported* attribute nothing.
    """
    word, tag = passage.words[number], passage.tags[number]
    if word not in _UNSOURCED or word == "blamed" or tag not in ("VBN", "VBD", "JJ", "NN", "NNS"):
        return False
    if {"no", "not"}.intersection(passage.words[max(0, number - 2) : number]):
        return False
    behind = passage.words[number + 1 : number + 2]
    if word in _NOUNS:
        return behind in (["of"], ["that"])
    if word in _DESCRIBING and (passage.tags[number + 1 : number + 2] or [""])[0][:2] in (
        "NN",
        "JJ",
    ):
        return True
    return behind != ["by"] and is_passive(passage, (number, number + 1))


def _is_perfect(passage: Passage, number: int) -> bool:
    """Whether the token is the participle of a perfect: they have *denied* it, and have not been denied."""
    before = passage.words[auxiliary(passage, (number, number + 1)) : number]
    has_have = not {"has", "have", "had"}.isdisjoint(before)
    return passage.tags[number] == "VBN" and has_have and "been" not in before
