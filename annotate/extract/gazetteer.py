"""What a reader knows of the world: names and common nouns by the label that they have, wherever they stand.

`gazetteer.yaml` has the lists and says where they come from. Nothing here is learned: a name that training never showed
is found as well.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import spacy
import yaml
from spacy.tokens import Doc

from annotate.extract import countries, lexicon

STATE, CAPITAL, NATIONALITY = "state", "capital", "nationality"
"""Kinds of names that are no labels: a state is a place or a government, as the sentence has it."""
LANDS = (STATE, CAPITAL)


class Match(NamedTuple):
    """Tokens, half-open, that are a name or noun of a kind: a mention label, or one of the three above."""

    start: int
    end: int
    label: str


Phrases = dict[tuple[str, ...], str]
"""By tokens, the kind."""


class Phrasebook:
    """Phrases that are looked up by their first token."""

    def __init__(self, phrases: Phrases) -> None:
        self.phrases = phrases
        lengths: dict[str, set[int]] = defaultdict(set)
        for tokens in phrases:
            lengths[tokens[0]].add(len(tokens))
        self.lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}
        """By first token, how many tokens the phrases have that begin with it; the longest first."""


class Gazetteer(NamedTuple):
    """The lists, ready to be looked up."""

    names: Phrasebook
    """As they are written."""
    capitals: Phrasebook
    """The names in capitals, for texts that have nothing else; without those that are words there: *WHO*."""
    nouns: Phrasebook
    """In lower case, the last token in the singular or as it is listed."""
    kinds: tuple[str, ...]
    """Every kind, sorted: the columns of `features`."""


def kinds() -> tuple[str, ...]:
    """The mention labels and the three other kinds that the lists have, sorted."""
    return _load().kinds


def find(doc: Doc) -> list[Match]:
    """Where names and nouns of the lists stand in a doc, by its tokens alone; of those that overlap, the longest.

    *Sudan Liberation Army* is one armed group, with no state and no army in it.
    """
    lists = _load()
    words = [_plain(token.text) for token in doc]
    in_capitals = doc.text.isupper()
    matches = [
        *_matches(lists.capitals if in_capitals else lists.names, words),
        *_noun_matches(lists.nouns, [word.lower() for word in words]),
    ]
    # A name comes before a noun of the same length: the sort keeps their order.
    matches.sort(key=lambda match: match.start - match.end)
    free = [True] * len(doc)
    longest = []
    for match in matches:
        if all(free[match.start : match.end]):
            free[match.start : match.end] = [False] * (match.end - match.start)
            longest.append(match)
    return sorted(longest)


def features(doc: Doc) -> npt.NDArray[np.float32]:
    """An array (tokens, kinds) that is 1 where a token is in a name or noun of the kind, else 0."""
    columns = {kind: number for number, kind in enumerate(kinds())}
    array = np.zeros((len(doc), len(columns)), np.float32)
    for match in find(doc):
        array[match.start : match.end, columns[match.label]] = 1
    return array


def _matches(book: Phrasebook, words: Sequence[str]) -> Iterator[Match]:
    """At each token the longest phrase that begins there."""
    for start, word in enumerate(words):
        for length in book.lengths.get(word, ()):
            label = book.phrases.get(tuple(words[start : start + length]))
            if label:
                yield Match(start, start + length, label)
                break


def _noun_matches(book: Phrasebook, words: Sequence[str]) -> Iterator[Match]:
    """As `_matches`, with the last token as it stands or else in the singular."""
    singular = [_singular(word) for word in words]
    for start, word in enumerate(words):
        lengths = {*book.lengths.get(word, ()), *book.lengths.get(singular[start], ())}
        for length in sorted(lengths, reverse=True):
            end = start + length
            before = words[start : end - 1]
            label = book.phrases.get((*before, *words[end - 1 : end]))
            label = label or book.phrases.get((*before, *singular[end - 1 : end]))
            if label:
                yield Match(start, end, label)
                break


def _singular(word: str) -> str:
    # A lemma costs much more than the look-up: only what can be a plural is worth one.
    return lexicon.lemma(word, "NOUN") if word.endswith(("s", "men")) else word


def _plain(word: str) -> str:
    """The word without accents, and with a straight apostrophe: writers differ in both."""
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFD", word.replace("’", "'").replace("‘", "'"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@cache
def _load() -> Gazetteer:
    listed: dict[str, dict[str, list[str]]] = yaml.safe_load(
        resources.files("annotate.extract").joinpath("gazetteer.yaml").read_text(encoding="utf-8")
    )
    known = countries.load()
    names: Phrases = {}
    nouns: Phrases = {}
    # A capital that is called as its state is a state, and what the project lists comes before the library.
    names |= _phrases(known.capitals, CAPITAL)
    names |= _phrases(sorted(known.state_of), NATIONALITY)
    names |= _phrases(known.states, STATE)
    for label, lists in listed.items():
        names |= _phrases(lists["names"], label)
        nouns |= _phrases(lists.get("nouns", ()), label)
    found = {*names.values(), *nouns.values()}
    return Gazetteer(
        Phrasebook(names), Phrasebook(_in_capitals(names)), Phrasebook(nouns), tuple(sorted(found))
    )


def _in_capitals(names: Phrases) -> Phrases:
    capitals = {}
    for tokens, label in names.items():
        if len(tokens) > 1 or not _english().vocab[tokens[0].lower()].is_stop:
            capitals[tuple(token.upper() for token in tokens)] = label
    return capitals


def _phrases(listed: Iterable[str], label: str) -> Phrases:
    return {
        tuple(_plain(token.text) for token in _english().make_doc(phrase)): label
        for phrase in listed
    }


@cache
def _english() -> Any:
    return spacy.blank("en")
