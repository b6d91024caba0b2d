"""Whose words a cue shows: the source in front of it, behind it, or that of the cue that it is coordinated with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from annotate.extract import cues
from annotate.extract.passages import AUXILIARIES, FINITE, STOPS, VERBS, Passage, Tokens

REACH = 14
"""Tokens behind a cue within which what belongs to it is looked for."""
RELATIVES = frozenset(["who", "which", "whose", "whom", "that", "where"])
_NOMINAL = frozenset(
    ["NN", "NNS", "NNP", "NNPS", "PRP", "CD", "DT", "JJ", "POS", "PRP$", "JJS", "JJR"]
)
_HEADS = frozenset(["NN", "NNS", "NNP", "NNPS", "PRP", "CD"])
_TIMES = frozenset([
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "yesterday",
    "morning", "afternoon", "evening", "night",
])  # fmt: skip
_KNOWING = frozenset(
    ["asking", "citing", "declining", "requesting", "speaking", "talking", "briefed"]
)
"""Participles that are in a source: they say how it knows, or why it is not named (`guidelines/labels/source.md`)."""
_LONGEST = 25
"""Tokens of a source."""


class Evidence(NamedTuple):
    """What is known of a passage; all are stretches of its tokens."""

    cues: Sequence[Tokens]
    """Words that mostly are cues; verbs of the list need not be among them."""
    sources: Sequence[Tokens]
    speakers: Sequence[Tokens]
    """Mentions of those who may be sources, where none is known."""
    phrases: Sequence[Tokens]
    """Noun phrases, such as those of who listens."""


def sources(
    passage: Passage, all_cues: Sequence[Tokens], evidence: Evidence
) -> dict[Tokens, Tokens | None]:
    """By cue, in the order of the text, the source that it has.

    *A medic* in “[A medic] denied it and *said* …”, in “…, *said* [a medic]” and “*according to* [a medic]”.
    """
    source_of: dict[Tokens, Tokens | None] = {}
    before: Tokens | None = None
    for cue in all_cues:
        source_of[cue] = None
        if not cues.is_unsourced(passage, cue):
            source_of[cue] = (
                _known(passage, cue, before, evidence.sources)
                or _shared(passage, cue, before, source_of)
                or _worded(passage, cue, before, evidence.speakers)
                or _before(passage, cue, evidence.sources)
            )
        before = cue
    return source_of


def _known(
    passage: Passage, cue: Tokens, cue_before: Tokens | None, spans: Sequence[Tokens]
) -> Tokens | None:
    """Of the spans the one in front of the cue, as its subject, or the one right behind it."""
    start, end = passage.sentence(cue[0])
    right = [span for span in spans if cue[1] <= span[0] < end]
    behind = min(right, key=lambda span: (span[0], -span[1]), default=None)
    if cues.is_prepositional(passage, cue):
        is_near = behind and behind[0] - cue[1] <= REACH
        return behind if behind and is_near and not passage.has(FINITE, cue[1], behind[0]) else None
    near = _before(passage, cue, spans)
    is_subject = near is not None and not passage.has(FINITE, near[1], cue[0])
    if near is not None and is_subject and (cue_before is None or cue_before[0] < near[1]):
        return near
    if behind is None or behind[0] - cue[1] > 1:
        return None
    if cues.has_listener(passage, cue):
        return behind if _is_inverted(passage, start, cue) else None
    return behind if near is None or passage.has(FINITE, near[1], cue[0]) else None


def _is_inverted(passage: Passage, start: int, cue: Tokens) -> bool:
    """Whether the cue follows right on what it attributes: “…,” *said* the medic."""
    if cue[0] == start:
        return False
    return passage.words[cue[0] - 1] == "," or passage.quotation_before(cue[0]) is not None


def _shared(
    passage: Passage,
    cue: Tokens,
    cue_before: Tokens | None,
    source_of: Mapping[Tokens, Tokens | None],
) -> Tokens | None:
    """The source of the cue before this one, where the two are coordinated."""
    if cue_before is None or cue_before[0] < passage.sentence(cue[0])[0]:
        return None
    joint = _joint(passage, cue[0])
    is_coordinated = passage.words[joint] in ("and", "but", ",", "then", "or")
    if joint < cue_before[1] or not (is_coordinated or passage.tags[cue[0]] == "VBG"):
        return None
    return source_of.get(cue_before)


def _joint(passage: Passage, first: int) -> int:
    """The token in front of a verb, its adverbs and auxiliaries left out."""
    joint = first - 1
    while joint > 0 and (passage.words[joint] in AUXILIARIES or passage.tags[joint] == "RB"):
        joint -= 1
    return joint


def _before(passage: Passage, cue: Tokens, spans: Sequence[Tokens]) -> Tokens | None:
    start, _end = passage.sentence(cue[0])
    left = [span for span in spans if start <= span[0] and span[1] <= cue[0]]
    return max(left, key=lambda span: (span[1], -span[0]), default=None)


def _worded(
    passage: Passage, cue: Tokens, cue_before: Tokens | None, speakers: Sequence[Tokens]
) -> Tokens | None:
    """A source that nothing knows: the words of the subject, or behind *according to* and an inverted verb."""
    start, end = passage.sentence(cue[0])
    if cues.is_prepositional(passage, cue):
        return _behind(passage, cue[1], end, speakers)
    if passage.tags[cue[0]] == "VBG":
        return None
    subject = _subject(passage, _beginning(passage, start, cue, cue_before), cue[0], speakers)
    if subject is not None:
        return subject
    if passage.tags[cue[1] - 1] in FINITE and _is_inverted(passage, start, cue):
        return _behind(passage, cue[1], end, speakers)
    return None


def _beginning(passage: Passage, start: int, cue: Tokens, cue_before: Tokens | None) -> int:
    """Where the clause of the cue may begin: behind the quotation, the verb or the cue before it."""
    begin = passage.after_dateline(start, cue[0])
    if cue_before is not None and cue_before[1] > begin:
        begin = cue_before[1]
    for _first, last in passage.quotations:
        if begin < last <= cue[0]:
            begin = last
    return begin


def _subject(passage: Passage, begin: int, end: int, speakers: Sequence[Tokens]) -> Tokens | None:
    """The noun phrase in front of the verb, with its appositive; relative clauses and participles are left out.

    “Nobody died, [the mayor, Olan Resk,] said”, “[The mayor] who had seen it said”.
    """
    words, tags = passage.words, passage.tags
    last = _joint(passage, end) + 1
    while last > begin + 1 and (words[last - 1] in _TIMES or tags[last - 2 : last] == ["IN", "DT"]):
        last -= 1
    is_apposed = last > begin and words[last - 1] == ","
    first, last = passage.trimmed(begin, last)
    for number in range(first + 1, last):
        if words[number] in RELATIVES and (is_apposed or words[number] != "that"):
            last = number - (tags[number - 1] in ("IN", "TO"))
            break
    commas = [number for number in range(first, last) if words[number] == ","]
    if commas and (tags[first] in ("IN", "RB", "CC") or passage.has(FINITE, first, last)):
        first = commas[0 if is_apposed and not passage.has(FINITE, commas[0], last) else -1] + 1
    for number in range(first + 1, last):
        if (
            tags[number] in ("VBN", "VBG")
            and tags[number - 1] in _HEADS
            and words[number] not in _KNOWING
        ):
            last = number
            break
    first, last = passage.trimmed(first, last)
    if passage.has(FINITE | {"TO", "VB"}, first, last) or (
        first < last and tags[first] not in _NOMINAL
    ):
        first = last
        while first > begin and tags[first - 1] in _NOMINAL:
            first -= 1
        for span in speakers:
            if span[1] == last and begin <= span[0] < first and not passage.has(VERBS, *span):
                first = span[0]
    is_phrase = first < last and tags[last - 1] in _HEADS and last - first <= _LONGEST
    return (first, last) if is_phrase and tags[first] in _NOMINAL else None


def _behind(passage: Passage, begin: int, end: int, speakers: Sequence[Tokens]) -> Tokens | None:
    """The noun phrase that begins there, up to punctuation or a verb; of *a report by the Monitor* the Monitor."""
    last = begin
    while last < end and passage.words[last] not in STOPS and passage.tags[last] not in VERBS:
        if passage.words[last] in RELATIVES or passage.quotation_at(last):
            break
        last += 1
    inside = [span for span in speakers if begin <= span[0] and span[1] <= last]
    if inside:
        return max(inside, key=lambda span: (span[0] == begin, span[1] - span[0]))
    first, last = passage.trimmed(begin, last)
    return (first, last) if first < last and passage.tags[first] in _NOMINAL else None
