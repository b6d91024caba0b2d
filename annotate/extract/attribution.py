"""Who says what in a passage: each cue with its source and its content, by words, tags and quotation marks.

No parse is needed. The cues and sources that something else has found are where the rules begin; verbs of a list that
have a source and a clause are cues as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from annotate.extract import cues, speakers
from annotate.extract.contents import Placing
from annotate.extract.passages import FINITE, Passage, Tokens
from annotate.extract.speakers import Evidence


class Attribution(NamedTuple):
    """The tokens of a content, of its cue and of its source, if it has any."""

    content: Tokens
    cue: Tokens
    source: Tokens | None


def attributions(passage: Passage, evidence: Evidence) -> list[Attribution]:
    """What each cue attributes, and to whom; nested ones too: what *one said another had told him* are two.

    Without a source only the cues of `cues.may_lack_source` attribute anything: “the army said” is never somebody.
    """
    known = set(evidence.cues)
    candidates = sorted([*known, *(cue for cue in cues.find(passage) if not _touches(cue, known))])
    source_of = {
        cue: source
        for cue, source in speakers.sources(passage, candidates, evidence).items()
        if (source is not None or cues.may_lack_source(passage, cue))
        and not _is_own(passage, cue, source)
    }
    placing = Placing(passage, source_of, evidence.phrases)
    told: list[Attribution] = []
    for cue, source in source_of.items():
        trimmed = [passage.trimmed(*content) for content in placing.contents(cue)]
        contents = [content for content in trimmed if content[0] < content[1]]
        if cue in known or any(_is_told(passage, cue, content) for content in contents):
            told += [Attribution(content, cue, source) for content in contents]
    told += _continued(passage, told)
    return [apart for one in told for apart in _apart(passage, one)]


def _apart(passage: Passage, one: Attribution) -> Iterator[Attribution]:
    """The attribution; where its source lies in its content, that is cut down to the longer side of the source."""
    source, (first, last) = one.source, one.content
    if source is None or not (first <= source[0] and source[1] <= last):
        yield one
        return
    sides = [passage.trimmed(first, source[0]), passage.trimmed(source[1], last)]
    content = max(sides, key=lambda side: side[1] - side[0])
    if content[0] < content[1]:
        yield one._replace(content=content)


def _is_own(passage: Passage, cue: Tokens, source: Tokens | None) -> bool:
    """Whether the cue attributes nothing: the paper says it of itself, or somebody *asked not to* be named."""
    is_paper = source is not None and passage.words[slice(*source)] == ["we"]
    is_request = cues.reads(passage, cue).startswith("ask") and (
        passage.words[cue[1] : cue[1] + 2] == ["not", "to"]
    )
    return is_request or (is_paper and not passage.is_quoted(cue[0]))


def _touches(cue: Tokens, others: Sequence[Tokens] | set[Tokens]) -> bool:
    return any(cue[0] < last and first < cue[1] for first, last in others)


def _is_told(passage: Passage, cue: Tokens, content: Tokens) -> bool:
    """Whether the content is of a kind that a verb of the list has."""
    verb = cues.verb(passage, cue)
    if verb is None or verb.takes_noun or passage.is_upper:
        return True
    first, last = content
    if any(first <= start and end <= last for start, end in passage.quotations):
        return True
    return passage.has(FINITE | {"TO"}, first, last)


def _continued(passage: Passage, told: Sequence[Attribution]) -> Iterator[Attribution]:
    """Quotations in sentences without a cue, behind one that attributes something: the same source goes on.

    “He left,” she *said*. [“Nobody saw him.”]
    """
    last = {
        passage.sentence(one.cue[0])[0]: one
        for one in sorted(told, key=lambda one: one.cue)
        if not passage.is_quoted(one.cue[0])
    }
    speaking: Attribution | None = None
    for start, end in passage.sentences():
        quotation = passage.quotation_at(start)
        if start in last:
            speaking = last[start]
        elif quotation is None or passage.trimmed(quotation[1], end)[0] < end:
            speaking = None
        elif speaking is not None and speaking.source is not None:
            yield speaking._replace(content=quotation)
