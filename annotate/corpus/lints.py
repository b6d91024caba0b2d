"""What is suspicious in gold: warnings, each with the page of the guidelines that decides whether it may stay.

Rules by words are expressions of one language, and stand in the schema (`Schema.lints`); those here need none. A pass
is what its annotator marked, and is not looked through.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from annotate.model.issues import Issue, Severity
from annotate.model.records import Annotation, Article, EventMention, Gold, Mark
from annotate.model.schema import SPAN_LAYERS, Layer, Schema

ANSWER = re.compile(r"(?P<code>[a-z]+(?:-[a-z]+)+): \S")
"""How the reason for a mark begins that answers a lint: its code, and why the mark may stay."""
_WORDLESS = ("count-noun", "filler-nested", "source-status", "words-unmarked")
"""The codes of the lints that stand here."""
_COUNT = "count"
_STATUS = "source_status"
_SENTENCE_END = re.compile(r"[.!?:\n“”\"‘(\[–—]\s*$")
_SHORTEST = 3
"""Letters of what is looked for: initials and pronouns are often other words."""


def unknown(reason: str, schema: Schema) -> Iterator[str]:
    """The codes in a reason that answers lints, parted by `; `, of which there is no lint.

    Of `trigger-light: what was launched is not told; word-unmarked: another thing` it is `word-unmarked`.
    """
    for part in reason.split("; "):
        answer = ANSWER.match(part)
        if answer is not None and answer["code"] not in known(schema):
            yield answer["code"]


def known(schema: Schema) -> list[str]:
    """The codes of all lints."""
    return sorted((*_WORDLESS, *schema.lints))


def check(annotation: Annotation, article: Article, schema: Schema) -> Iterator[Issue]:
    """All lints of gold that its record does not answer, none of a pass.

    Where the words are neither in the marks nor here, none is found by words.
    """
    if not isinstance(annotation, Gold):
        return
    answered = _answered(annotation)
    for code, where, message in (
        *_words(annotation, article, schema),
        *_statuses(annotation),
        *_fillers(annotation),
        *_counts(annotation, schema),
        *_unmarked(annotation, article, schema),
    ):
        if (where, code) not in answered:
            yield Issue(where, code, message, Severity.WARNING)


def _answered(gold: Gold) -> set[tuple[str, str]]:
    """Each mark's id with the codes of the lints that its record answers."""
    ids = {(mark.label, mark.start, mark.end): mark.id for mark in gold.marks()}
    return {
        (ids[decision.label, decision.start, decision.end], answer["code"])
        for decision in gold.decisions
        if decision.reason and not decision.rest
        for answer in ANSWER.finditer(decision.reason)
        if (decision.label, decision.start, decision.end) in ids
    }


Found = tuple[str, str, str]
"""Code, id of the mark, message."""


def _words(gold: Gold, article: Article, schema: Schema) -> Iterator[Found]:
    """The marks that the expressions of the schema meet."""
    for mark in gold.marks():
        looks = schema.lints_of.get(mark.label, ())
        words = mark.text if article.text is None else mark.slice(article.text)
        if not looks or words is None:
            continue
        for code, look in looks:
            can_be_met = article.published is not None or not look.dated
            if can_be_met and look.is_met(words, mark.attributes):
                ask = look.ask[0].lower() + look.ask[1:].rstrip(".")
                yield code, mark.id, f"{mark.label} {_shown(mark)}; {ask}"


def _statuses(gold: Gold) -> Iterator[Found]:
    """Of two contents of one source, by its span or by the thing that its span names, two statuses."""
    sources = {source.id: source for source in gold.sources}
    named = {(mention.start, mention.end): mention.id for mention in gold.mentions}
    entity: dict[str, str] = {}
    for cluster in gold.entities:
        entity |= dict.fromkeys(cluster.mentions, cluster.id)
    first: dict[str, Mark] = {}
    for content in gold.attributions:
        source = sources.get(content.source or "")
        if source is None:
            continue
        mention = named.get((source.start, source.end), source.id)
        other = first.setdefault(entity.get(mention, mention), content)
        status, before = content.attributes.get(_STATUS), other.attributes.get(_STATUS)
        if status != before:
            message = (
                f"its source {_shown(source)} is {status}, and the same one of {other.id} is {before};"
                " one source has one status in the whole article (topics/anonymous-and-unattributed)"
            )
            yield "source-status", content.id, message


def _fillers(gold: Gold) -> Iterator[Found]:
    """*hit [the town of [Dol Harun]]*, with both as the target."""
    mentions = {mention.id: mention for mention in gold.mentions}
    for event in gold.event_mentions:
        of_role: dict[str, list[Mark]] = defaultdict(list)
        for argument in event.arguments:
            if argument.target in mentions:
                of_role[argument.role].append(mentions[argument.target])
        for role, fillers in of_role.items():
            for one, other in combinations(sorted(fillers, key=lambda mark: mark.order), 2):
                if other.end <= one.end:
                    message = (
                        f"{role} of {event.label} {_shown(event)} is {_shown(one)} and, in it,"
                        f" {_shown(other)}; the whole fills the role, not its part (topics/fillers)"
                    )
                    yield "filler-nested", event.id, message


def _counts(gold: Gold, schema: Schema) -> Iterator[Found]:
    """*[two [boys]] died*, with the quantity as the count and the boys as nothing."""
    mentions = {mention.id: mention for mention in gold.mentions}
    at_end: dict[int, list[Mark]] = defaultdict(list)
    for mention in gold.mentions:
        at_end[mention.end].append(mention)
    same = {name: cluster.mentions for cluster in gold.entities for name in cluster.mentions}
    for event in gold.event_mentions:
        filled = {argument.target for argument in event.arguments}
        for argument in event.arguments:
            whole = mentions.get(argument.target)
            if argument.role != _COUNT or whole is None:
                continue
            inside = [mark for mark in at_end[whole.end] if mark.start > whole.start]
            noun = min(inside, key=lambda mark: mark.start, default=None)
            if noun is None or not filled.isdisjoint(same.get(noun.id, (noun.id,))):
                continue
            role = _role_for(noun, event, schema)
            if role is not None:
                message = (
                    f"count of {event.label} {_shown(event)} is {_shown(whole)}, and {_shown(noun)}"
                    f" in it fills no role; link it, perhaps as {role} (topics/fillers)"
                )
                yield "count-noun", event.id, message


def _role_for(noun: Mark, event: EventMention, schema: Schema) -> str | None:
    """The role that a counted noun is most likely to fill: who or what the event befalls."""
    if event.label not in schema.events:
        return None
    roles = [role for role in schema.events[event.label].roles if role != _COUNT]
    fitting = [role for role in roles if noun.label in schema.fillers(event.label, role)]
    last_first = ("victim", "object", "target")
    return next((role for role in last_first if role in fitting), fitting[0] if fitting else None)


def _unmarked(gold: Gold, article: Article, schema: Schema) -> Iterator[Found]:
    """A name or a trigger that stands elsewhere outside any mark of a mention, event, source or cue."""
    text = article.text
    if text is None:
        return
    marks = _sought(gold, text)
    if not marks:
        return
    longest_first = sorted(marks, key=len, reverse=True)
    # What touches a slash or a bracket is a credit, as in [Meridian/Pool].
    pattern = re.compile(rf"(?<![\w/\[])(?:{'|'.join(map(re.escape, longest_first))})(?![\w/\]])")
    covered = _covered(gold)
    starts = [start for start, _end in covered]
    for found in pattern.finditer(text):
        at = bisect_right(starts, found.start()) - 1
        is_marked = at >= 0 and covered[at][1] > found.start()
        reaches_into = at + 1 < len(starts) and starts[at + 1] < found.end()
        if is_marked or reaches_into or _is_silent(found.start(), article, schema):
            continue
        mark = marks.pop(found[0], None)
        if mark is not None:  # told once, at the first place
            page = "topics/triggers" if isinstance(mark, EventMention) else "topics/reading"
            message = (
                f"{mark.label} {_shown(mark)} has a mark here, and the same words at {found.start()}–"
                f"{found.end()} have none; mark them there, or leave them where they tell another"
                f" thing ({page})"
            )
            yield "words-unmarked", mark.id, message


def _sought(gold: Gold, text: str) -> dict[str, Mark]:
    """By its words, the first mark of each trigger and of each name.

    A name is a mention that begins with a capital where no sentence begins.
    """
    marks: dict[str, Mark] = {}
    for mark in (*gold.mentions, *gold.event_mentions):
        words = mark.slice(text)
        if isinstance(mark, EventMention):
            is_sought = len(words) >= _SHORTEST
        else:
            before = max(0, mark.start - 3)
            begins = not mark.start or _SENTENCE_END.search(text, before, mark.start)
            is_sought = words[:1].isupper() and len(words) >= _SHORTEST and not begins
        if is_sought:
            marks.setdefault(words, mark)
    return marks


def _covered(gold: Gold) -> list[tuple[int, int]]:
    """The stretches of text under any mark but a content, sorted and disjoint."""
    spans = sorted(
        (mark.start, mark.end)
        for layer in SPAN_LAYERS
        if layer is not Layer.CONTENT
        for mark in gold.of_layer(layer)
    )
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _is_silent(place: int, article: Article, schema: Schema) -> bool:
    zone = next((zone for zone in article.zones if zone.start <= place < zone.end), None)
    return zone is not None and zone.kind in schema.silent_zones


def _shown(mark: Mark) -> str:
    return f"at {mark.start}–{mark.end}" if mark.text is None else f"“{mark.text}”"
