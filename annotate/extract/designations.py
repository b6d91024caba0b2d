"""What a mention may be called, by its words alone: its full name, short forms of it, and the noun at its head."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources

import yaml

from annotate.extract import countries, labels
from annotate.model.records import Record

_PRONOUN_FORMS = (
    "he him his himself she her hers herself it its itself they them their theirs themselves"
    " we us our ours ourselves i me my mine myself"
)
_PRONOUNS = frozenset(_PRONOUN_FORMS.split())
_GENDERS = dict.fromkeys(("he", "him", "his", "himself"), "he") | dict.fromkeys(
    ("she", "her", "hers", "herself"), "she"
)
_DETERMINER = re.compile(r"^(?:the|an?|this|that|these|those|its|his|her|their)\s+", re.I)
_DEFINITE = re.compile(r"^(?:the|this|that|these|those)\s+", re.I)
_HEAD_ENDS = re.compile(r",|\s(?:of|in|from|at|on|for|with|who|which|that|near|under|to)\s", re.I)
"""What stands behind the head of a noun phrase."""
_KIND_OF = re.compile(
    r"\b(?:city|town|township|village|port|province|department|district|island) of ", re.I
)
_LETTERS = re.compile(r"[(\[](?:aka )?([A-Z][\w-]+)[)\]]")
"""What a name is called for short: “Sudanese Armed Forces ([SAF])”."""
_BRACKETED = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_NAME_AT_END = re.compile(r"(?<=[a-z] )[A-Z][\w’'-]*(?: [A-Z][\w’'-]*)*$")
"""“the research group [Cordova Munitions Watch]”."""
_JOINED = re.compile(r"\b(?:of|in|and|for|on) (?:the )?$")
"""Before such words stands the name of something else: “the ministry of [Defence]”."""
_OWNER = re.compile(r"[’']s?\s")
_POSSESSIVE = re.compile(r"[’']s?$")
_BELONGING = re.compile(r"([\w -]+) of (?:the )?([\w -]+)")


_REMEMBERED = 20_000
"""Phrases whose names are kept: the news says the same ones again and again."""


class Words(Record):
    """What `coreference.yaml` lists; it says of each list what it is."""

    general: dict[str, tuple[str, ...]]
    states: dict[str, tuple[str, ...]]
    towns: dict[str, tuple[str, ...]]
    rulers: tuple[str, ...]
    titles: tuple[str, ...]
    states_by_alias: dict[str, str]


@cache
def words() -> Words:
    """The project's own list."""
    file = resources.files("annotate.extract").joinpath("coreference.yaml")
    return Words.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))


@cache
def _state_of() -> Mapping[str, str]:
    """States in lower case by their names, by other names, and by what their people are called."""
    known = countries.load()
    states = {state.lower(): state.lower() for state in known.states}
    nationalities = {word.lower(): state.lower() for word, state in known.state_of.items()}
    return nationalities | states | words().states_by_alias


def is_pronoun(text: str) -> bool:
    """Whether the words are a pronoun; “US” is a state."""
    return text.lower() in _PRONOUNS and text != "US"


def gender(text: str) -> str | None:
    """*he* or *she*, where the words are a form of that."""
    return _GENDERS.get(text.lower())


def without_possessive(text: str) -> str:
    """Without the ’s at the end."""
    return _POSSESSIVE.sub("", text)


def bare(text: str) -> str:
    """In lower case, without a determiner, and without the full stops of *U.S.*"""
    return _DETERMINER.sub("", text).replace(".", "").lower()


def is_definite(text: str) -> bool:
    """Whether the phrase begins with *the* or a word that points."""
    return bool(_DEFINITE.match(text))


def is_name(text: str) -> bool:
    """Whether the phrase begins with a capital, and not with a determiner."""
    return text[:1].isupper() and not _DETERMINER.match(text)


def is_state(text: str) -> bool:
    """Whether the words are a state's name, or what its people are called."""
    return bare(text) in _state_of()


@lru_cache(_REMEMBERED)
def forms(label: str, text: str) -> tuple[str, ...]:
    """The names in the words, the surest first: the whole phrase, and what is left without appositives and kinds.

    Of *the Orsenian Army (OA)* “orsenian army (oa)” and “orsenian army”; of *the town of Lisk, Orsenia* “lisk”.
    """
    return tuple(dict.fromkeys(_forms(label, text)))


def _forms(label: str, text: str) -> Iterator[str]:
    yield bare(text)
    plain = _BRACKETED.sub("", text)
    head = plain.partition(",")[0]
    yield bare(plain)
    yield bare(head)
    kind_of = _KIND_OF.search(head)
    if kind_of:
        yield bare(head[kind_of.end() :])
    name = _NAME_AT_END.search(head)
    if name and label in labels.names().bodies and not _JOINED.search(head[: name.start()]):
        yield bare(name[0])
    yield from _by_state(label, head)


def _by_state(label: str, head: str) -> Iterator[str]:
    """One form for “Syria’s army”, “the Syrian army” and “the army of Syria”; for who rules a state, the state."""
    phrase = _OWNER.sub(" ", bare(head))
    belonging = _BELONGING.fullmatch(phrase)
    if belonging:
        phrase = f"{belonging[2]} {belonging[1]}"
    states = _state_of()
    phrase = states.get(phrase) or " ".join(states.get(word, word) for word in phrase.split())
    owner, _space, last = phrase.rpartition(" ")
    if last in words().rulers:
        phrase = f"{owner} government".lstrip()
        if label == labels.names().speaking_place and owner in states:
            yield owner
    yield phrase


@lru_cache(_REMEMBERED)
def lookups(label: str, text: str) -> tuple[str, ...]:
    """What earlier mentions of the same thing may be called, the surest first."""
    return tuple(dict.fromkeys(_lookups(label, text)))


def _lookups(label: str, text: str) -> Iterator[str]:
    yield from forms(label, text)
    if label in labels.names().named_after_persons:
        yield from (word.lower() for word in _name_words(text)[-1:])
    short = bare(text)
    is_in_front = short == text.lower() and text[:1].isupper() and not text.isupper()
    if is_definite(text) or is_in_front:
        yield f"… {short}"


@lru_cache(_REMEMBERED)
def calls(label: str, text: str) -> tuple[str, ...]:
    """What the same thing may be called later."""
    return tuple(dict.fromkeys(_calls(label, text)))


def _calls(label: str, text: str) -> Iterator[str]:
    yield from forms(label, text)
    if label in labels.names().named_after_persons:
        yield from (word.lower() for word in _name_words(text))
    parts = bare(_HEAD_ENDS.split(text)[0]).split()
    yield from (f"… {' '.join(parts[number:])}" for number in range(1, len(parts)))
    yield from (letters.lower() for letters in _LETTERS.findall(text))
    initials = "".join(word[0] for word in re.findall(r"\w+", text) if word[0].isupper())
    if len(initials) > 1 and not text.isupper():
        yield initials.lower()


@lru_cache(_REMEMBERED)
def endings(text: str) -> tuple[str, ...]:
    """The last words of the phrase's head, all of them first: “orsenian army”, “army”."""
    parts = bare(_HEAD_ENDS.split(_BRACKETED.sub("", text))[0]).split()
    return tuple(" ".join(parts[number:]) for number in range(len(parts)))


def are_two_persons(one: str, other: str) -> bool:
    """Whether both are full names, and neither is a part of the other: “Ana Dareth” and “Ilan Dareth”."""
    names = [
        {word.lower() for word in _name_words(text)}.difference(words().titles)
        for text in (one, other)
    ]
    is_full = all(len(name) > 1 for name in names)
    return is_full and not (names[0] <= names[1] or names[1] <= names[0])


def _name_words(text: str) -> list[str]:
    """The capitalised words of a person's name and title, without what it is the head or the owner of."""
    own = _DETERMINER.sub("", _OWNER.split(_BRACKETED.sub("", text).partition(",")[0])[-1])
    titles = words().titles
    capitalised = _capitalised(_HEAD_ENDS.split(own)[0])
    is_named = any(word.lower() not in titles for word in capitalised)
    return capitalised if is_named else _capitalised(own)


def _capitalised(text: str) -> list[str]:
    return [word for word in re.findall(r"[\w-]+", text) if word[0].isupper()]
