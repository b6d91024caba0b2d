"""Where what a cue attributes begins and ends, by the rules of `guidelines/labels/content.md`.

Behind its cue a content ends with its sentence, before its cue it begins with it; of a quotation the marks are in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from annotate.extract import cues
from annotate.extract.passages import AUXILIARIES, FINITE, STOPS, VERBS, Passage, Tokens
from annotate.extract.speakers import REACH, RELATIVES

_OPENERS = {
    "accus": "of", "blam": "for", "thank": "for", "prais": "for", "condemn": "for", "criticis": "for",
    "criticiz": "for", "apologi": "for", "describ": "as", "characteri": "as", "label": "as", "term": "as",
    "refer": "as", "identif": "as",
}  # fmt: skip
"""How cues begin behind which stands who is judged, and the word that opens the content: “accused him [of] lying”."""
_CONJUNCTIONS = frozenset([
    "and", "but", "or", "then", "while", "as", "after", "whereas", "although", "though", "when", "with",
])  # fmt: skip
_OBJECTS = frozenset(["me", "us", "him", "her", "them", "you"])
_WHEN = frozenset([
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "yesterday", "earlier",
    "late", "on", "morning", "afternoon", "evening", "night", "also", "later", "again", "here", "recently",
])  # fmt: skip
"""Words between a cue and its content that say when or where: “said [late on Sunday] that …”."""


class Placing:
    """Finds the contents of a passage's cues, of which all sources are known; `phrases` are noun phrases."""

    def __init__(
        self, passage: Passage, source_of: Mapping[Tokens, Tokens | None], phrases: Sequence[Tokens]
    ) -> None:
        self._passage, self._source_of, self._phrases = passage, source_of, phrases

    def contents(self, cue: Tokens) -> Iterator[Tokens]:
        """The content of the cue; both parts of one that the cue stands in the middle of. Edges are not yet trimmed."""
        passage = self._passage
        if cues.is_unsourced(passage, cue):
            yield from self._unsourced(cue)
            return
        start, end = passage.sentence(cue[0])
        first, last = self._block(cue)
        before = (self._left_edge(start, first), first)
        if not self._is_behind(before, (last, end), cue):
            begin = self._begin(cue, last, end)
            yield begin, self._right_edge(begin, end, cue)
            return
        yield self._quoted_alone(before)
        resumed = last
        while resumed < end and passage.words[resumed] in (",", ";"):
            resumed += 1
        if resumed > last and self._resumes(resumed, end):
            yield resumed, self._right_edge(resumed, end, cue)

    def _unsourced(self, cue: Tokens) -> Iterator[Tokens]:
        """The clause around *reportedly*, what is behind *alleged* and *reports of*, what *is thought*."""
        passage = self._passage
        start, end = passage.sentence(cue[0])
        tag, behind = passage.tags[cue[1] - 1], passage.words[cue[1] : cue[1] + 1]
        if cues.is_adverb(passage, cue):
            yield self._clause_start(start, cue[0]), end
        elif tag in ("NN", "NNS"):
            if behind == ["that"]:
                yield cue[1] + 1, self._right_edge(cue[1] + 1, end, cue)
            elif behind in (["of"], ["about"]):
                yield cue[1] + 1, self._verb(cue[1] + 1, self._right_edge(cue[1] + 1, end, cue))
        elif behind in (["to"], ["that"]):
            yield cue[1] + (behind == ["that"]), self._right_edge(cue[1] + 1, end, cue)
        elif cues.is_passive(passage, cue):
            yield self._clause_start(start, cue[0]), cues.auxiliary(passage, cue)
            if passage.tags[cue[1] : cue[1] + 1] == ["IN"]:
                yield cue[1], self._right_edge(cue[1], end, cue)
        else:
            yield cue[1], self._phrase_end(cue, end)

    def _verb(self, begin: int, end: int) -> int:
        """The first finite verb between the tokens, else the end: “reports of [further deaths] *are* spread”."""
        tags = self._passage.tags
        return next((number for number in range(begin, end) if tags[number] in FINITE), end)

    def _clause_start(self, start: int, number: int) -> int:
        """Where the clause of the token begins, as far as words tell."""
        passage = self._passage
        for place in range(number - 1, start, -1):
            if passage.words[place] in (";", "that", *_CONJUNCTIONS):
                return place + 1
        return passage.after_dateline(start, number)

    def _phrase_end(self, cue: Tokens, end: int) -> int:
        """Where the noun phrase ends that begins behind the cue, or holds it."""
        phrases = [last for first, last in self._phrases if cue[0] <= first <= cue[1] < last]
        if phrases:
            return max(phrases)
        noun = cue[1]
        while noun < end and self._passage.tags[noun][:2] in ("NN", "JJ"):
            noun += 1
        return noun

    def _block(self, cue: Tokens) -> Tokens:
        """The cue with its source, where no content can stand between the two."""
        source = self._source_of[cue]
        if source is None:
            return cue
        if source[0] >= cue[1]:
            return cue[0], source[1]
        is_divided = any(source[1] <= other[0] < cue[0] for other in self._source_of)
        return cue if is_divided or source[1] > cue[0] else (source[0], cue[1])

    def _left_edge(self, start: int, first: int) -> int:
        """Where what stands before the cue begins: behind a dateline or a semicolon."""
        passage = self._passage
        for number in range(first - 2, start, -1):
            if passage.words[number] == ";" and not passage.is_quoted(number):
                return number + 1
        return passage.after_dateline(start, first)

    def _is_behind(self, before: Tokens, after: Tokens, cue: Tokens) -> bool:
        """Whether the cue stands behind what it attributes, or in the middle of it."""
        passage = self._passage
        first, last = before
        if first >= last:
            return False
        joint = passage.words[last - 1]
        if cues.is_prepositional(passage, cue):
            return passage.has(VERBS, first, last) and joint not in (*_CONJUNCTIONS, "that")
        if passage.tags[cue[0]] == "VBG" and passage.words[cue[0]] != "saying":
            return False
        source = self._source_of[cue]
        is_inverted = source is not None and cue[1] <= source[0]
        quotation = passage.quotation_before(last)
        if joint not in STOPS and joint != "as" and quotation is None:
            return is_inverted and passage.has(FINITE, first, last)
        if quotation is None and not passage.has(VERBS, first, last):
            return False
        return self._ends_with(after, quotation is not None or is_inverted)

    def _ends_with(self, after: Tokens, is_likely: bool) -> bool:
        """Whether nothing stands behind a cue and its source that they may attribute."""
        passage = self._passage
        rest, end = after
        while rest < end and self._is_mark(rest):
            rest += 1
        if rest >= end or passage.words[rest] in STOPS - {":"}:
            return True
        if passage.words[rest] in ("that", ":", "to") or passage.quotation_at(rest):
            return False
        return is_likely or not passage.has(FINITE, rest, end)

    def _is_mark(self, number: int) -> bool:
        """Whether the token is no word, and nothing that divides a sentence."""
        passage = self._passage
        is_dividing = passage.words[number] in STOPS or passage.quotation_at(number)
        return not (passage.doc[number].is_alpha or is_dividing)

    def _quoted_alone(self, before: Tokens) -> Tokens:
        """Of what stands before a cue the quotation alone, where it is a sentence of its own."""
        quotation = self._passage.quotation_before(before[1])
        if quotation is None or quotation[0] <= before[0]:
            return before
        opener = self._passage.words[quotation[0] - 1]
        return quotation if opener in ("because", ".", ":", "…") else before

    def _resumes(self, number: int, end: int) -> bool:
        """Whether the content goes on behind the cue in its middle."""
        passage = self._passage
        if passage.quotation_at(number) is not None:
            return True
        if passage.words[number] in RELATIVES - {"that"}:
            return False
        is_clause = passage.tags[number] != "IN" or passage.words[number] in ("as", "that", "with")
        return is_clause and passage.has(FINITE, number, end)

    def _begin(self, cue: Tokens, last: int, end: int) -> int:
        """Where what stands behind the cue begins: behind who listens, when it was said, and *that*."""
        passage = self._passage
        if cues.is_prepositional(passage, cue):
            return self._behind_source(last, end)
        opener = self._opener(cue, last, end)
        if opener is not None:
            return opener
        is_noun = passage.tags[cue[1] - 1] in ("NN", "NNS")
        if is_noun and passage.words[last : last + 1] in (["of"], ["about"], ["that"]):
            return last + 1
        marked = self._marked(cue, last, end)
        if marked is not None:
            return marked
        last = self._behind_listener(cue, last)
        while last < end and passage.words[last] in _WHEN:
            last += 1
        return last + (passage.words[last : last + 1] == ["that"])

    def _behind_source(self, last: int, end: int) -> int:
        """Behind *according to* somebody: at the comma, where one is near."""
        for number in range(last, min(end, last + REACH)):
            if self._passage.words[number] == ",":
                return number + 1
            if self._passage.tags[number] in FINITE:
                break
        return last

    def _opener(self, cue: Tokens, last: int, end: int) -> int | None:
        """Behind the word that opens what somebody is accused of, praised for, described as."""
        passage, reads = self._passage, cues.reads(self._passage, cue)
        word = next((word for stem, word in _OPENERS.items() if reads.startswith(stem)), None)
        if word is None or passage.words[cue[1] - 1] == word:
            return None
        near = range(last, min(end, last + REACH))
        return next((number + 1 for number in near if passage.words[number] == word), None)

    def _marked(self, cue: Tokens, last: int, end: int) -> int | None:
        """Behind *that*, at a quotation behind a comma or colon, at the *to* or the question behind who listens."""
        passage = self._passage
        listens = cues.has_listener(passage, cue)
        for number in range(last, min(end, last + REACH)):
            word = passage.words[number]
            if word == "that" and passage.tags[number] in ("IN", "WDT", "DT"):
                is_aside = passage.tags[last] in ("IN", "TO", "RB") or passage.words[last] in _WHEN
                return number + 1 if number == last or listens or is_aside else None
            if number > last:
                if passage.quotation_at(number) and passage.words[number - 1] in (",", ":"):
                    return number
                if listens and word in ("to", "not", "whether", "how", "why", "what", "if"):
                    return number
            if passage.tags[number] in FINITE or word == ";" or passage.quotation_at(number):
                return None
        return None

    def _behind_listener(self, cue: Tokens, last: int) -> int:
        """Behind who listens, or is called something."""
        passage, reads = self._passage, cues.reads(self._passage, cue)
        is_naming = reads.startswith("call") and not reads.endswith(("for", "on"))
        if not (cues.has_listener(passage, cue) or is_naming):
            return last
        phrases = [end for first, end in self._phrases if last <= first <= last + 1]
        if phrases and not passage.has(FINITE, max(phrases), max(phrases) + 1):
            return max(phrases)
        return last + (passage.words[last : last + 1] != [] and passage.words[last] in _OBJECTS)

    def _right_edge(self, begin: int, end: int, cue: Tokens) -> int:
        """Where what stands behind the cue ends: with the sentence, or where something else is told in it."""
        passage = self._passage
        quotation = passage.quotation_at(begin)
        if quotation and quotation[1] <= end and passage.words[quotation[1] - 2] in STOPS:
            return quotation[1]
        has_clause = False
        for number in range(begin, end):
            if passage.is_quoted(number):
                continue
            if passage.words[number] == ";" or self._is_joined(number, begin, end, cue, has_clause):
                return number
            has_clause = has_clause or passage.tags[number] in FINITE | {"TO"}
        return min([end, *self._further(begin, end, cue)])

    def _is_joined(self, number: int, begin: int, end: int, cue: Tokens, has_clause: bool) -> bool:
        """Whether the token joins another verb of the cue's own subject: “claimed the attack [and] fled”."""
        passage = self._passage
        if passage.words[number] not in ("and", "but") or number == begin:
            return False
        verb = number + 1
        while verb < end and passage.tags[verb] == "RB":
            verb += 1
        if verb >= end or passage.tags[verb] not in ("VBD", "VBZ"):
            return False
        is_parallel = passage.tags[verb] == passage.tags[cue[1] - 1]
        return not has_clause or (passage.words[number - 1] == "," and is_parallel)

    def _further(self, begin: int, end: int, cue: Tokens) -> Iterator[int]:
        """Where further cues take over that are not nested in what the cue attributes."""
        passage = self._passage
        for other, source in self._source_of.items():
            is_inside = begin < other[0] < end
            if not is_inside or passage.is_quoted(other[0]) != passage.is_quoted(cue[0]):
                continue
            has_subject = source is not None and begin < source[0] < other[0]
            head = source[0] if source is not None and has_subject else other[0]
            joint = head - 1
            while joint > begin and (
                passage.tags[joint] == "RB" or passage.words[joint] in AUXILIARIES
            ):
                joint -= 1
            word = passage.words[joint]
            if word in _CONJUNCTIONS or word in ("amid", "amidst"):
                yield joint
            elif word == "which" and passage.words[joint - 2] == ",":
                yield joint - 2
            elif word == "," and not has_subject:
                yield joint
