"""What a source does with a content, by its cue and its first verb: the rules of `guidelines/topics/stance.md`."""

from __future__ import annotations

from annotate.extract import cues, lexicon
from annotate.extract.attribution import Attribution
from annotate.extract.labels import Stance
from annotate.extract.passages import FINITE, Passage

_NEGATING = frozenset(["not", "n’t", "n't", "decline", "refuse"])
_QUESTIONS = frozenset(
    ["if", "whether", "who", "whom", "whose", "what", "when", "where", "why", "how", "which"]
)
_THEMSELVES = frozenset(["i", "we", "it", "they", "he", "she"])
_OBLIGING = frozenset(["must", "should", "ought"])
_PROMISING = frozenset(["will", "shall", "would", "’ll", "'ll", "wo"])


def stance(passage: Passage, told: Attribution, names: Stance) -> str | None:
    """The stance that the words show beyond doubt; None where they leave it open, as most verbs that only say do.

    “*denied* that it was so” denies; “said it *would leave*” commits, where *it* is the source itself.
    """
    verb = cues.verb(passage, told.cue)
    negated = _negated(passage, told)
    if negated is not None:
        return str(getattr(names, negated))
    if verb is not None and verb.stance == "asked":
        return names.asked if _is_question(passage, told) else names.demanded
    if verb is not None and verb.stance != "asserted":
        return str(getattr(names, verb.stance))
    if _ends_in_question(passage, told):
        return names.asked
    return _of_first_verb(passage, told, names)


def _negated(passage: Passage, told: Attribution) -> str | None:
    """*Did not deny* asserts, *would not say* leaves it open; None where the cue is not negated."""
    lemmas = {lexicon.lemma(word, "VERB") for word in passage.words[slice(*told.cue)]}
    if not lemmas & _NEGATING:
        return None
    return "asserted" if lemmas & {"deny", "dispute", "rule", "doubt"} else "doubted"


def _is_question(passage: Passage, told: Attribution) -> bool:
    return passage.words[told.content[0]] in _QUESTIONS or _ends_in_question(passage, told)


def _ends_in_question(passage: Passage, told: Attribution) -> bool:
    return "?" in passage.words[max(told.content[0], told.content[1] - 2) : told.content[1]]


def _of_first_verb(passage: Passage, told: Attribution, names: Stance) -> str | None:
    first, last = told.content
    for number in range(first, last):
        if passage.tags[number] not in FINITE:
            continue
        word = passage.words[number]
        if word in _OBLIGING:
            return names.demanded
        if word in ("has", "have", "need", "needs") and passage.words[number + 1 : number + 2] == [
            "to"
        ]:
            return names.demanded
        is_own = _is_themselves(passage, first, number, told)
        return names.committed if word in _PROMISING and is_own else None
    return None


def _is_themselves(passage: Passage, first: int, verb: int, told: Attribution) -> bool:
    """Whether the subject between the tokens is the source: a pronoun, or a noun of the source's own words."""
    subject = [word for word in passage.words[first:verb] if word.isalpha()]
    if not subject:
        return False
    source = passage.words[slice(*told.source)] if told.source is not None else []
    return subject[-1] in _THEMSELVES or (len(subject) < 4 and subject[-1] in source)
