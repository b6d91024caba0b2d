"""Bounds and unit of a quantity, as its words give them by the rules of `guidelines/topics/quantities.md`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from annotate.extract import numerals
from annotate.extract.numerals import Numeral

_PEOPLE = frozenset([
    "people", "persons", "men", "women", "children", "boys", "girls", "civilians", "residents", "inhabitants",
    "villagers", "refugees", "prisoners", "detainees", "hostages", "passengers", "patients", "survivors",
    "victims", "participants", "members", "others", "officials", "officers", "soldiers", "troops", "fighters",
    "militants", "insurgents", "rebels", "gunmen", "militiamen", "policemen", "peacekeepers", "recruits",
    "personnel", "bodies", "casualties", "corpses", "deaths", "lives", "dead", "wounded", "killed", "injured",
    "hurt", "missing",
])  # fmt: skip
"""What people are called whoever they are; of other nouns the mark inside says whether they are people."""
_GROUPS = frozenset([
    "families", "households", "crews", "groups", "communities", "tribes", "villages", "couples", "teams",
    "parties", "gangs", "militias", "patrols", "forces", "armies", "divisions", "brigades", "regiments",
    "battalions", "companies", "platoons", "squads", "units",
])  # fmt: skip
"""What has its own noun though people are in it."""
_IRREGULAR = {
    "person": "people", "man": "men", "woman": "women", "child": "children", "aircraft": "aircraft",
    "personnel": "personnel", "dead": "dead", "wounded": "wounded", "killed": "killed", "missing": "missing",
}  # fmt: skip
_NO_NOUNS = frozenset([
    "than", "more", "so", "some", "many", "several", "few", "most", "each", "all", *numerals.SCALES, *numerals.OPEN,
])  # fmt: skip
_MODIFIER = re.compile(
    r"\s(?:of|in|from|for|with|without|at|on|by|a|an|per|who|which|that|marked|against)\s", re.I
)
"""What begins a description of the counted noun."""
_MONEY = {"£": "pounds", "$": "dollars", "€": "euros"}
_SHARE = re.compile(r"\b(?:half|thirds?|quarters?|fourths?|fifths?|tenths?)\b", re.I)
_ORDINAL = re.compile(
    r"\b(?:first|second|third|[a-z]+(?:th|-first|-second|-third)|\d+(?:st|nd|rd|th))\b", re.I
)
_AGE = re.compile(r"[\s-]*years?[\s-]old\b", re.I)
_AGED = re.compile(r"\bage[ds]?\b", re.I)
_LEAST = re.compile(
    r"\bat (?:the )?least\b|\b(?:no|not) (?:fewer|less) than\b|\bor more\b|\bminimum\b|^(?:\+|-plus\b)",
    re.I,
)
_MOST = re.compile(
    r"\bup to\b|\bas many as\b|\b(?:no|not) more than\b|\bat (?:the )?most\b|\bor (?:fewer|less)\b|\bmaximum\b",
    re.I,
)
_ABOVE = re.compile(
    r"\b(?:more|greater) than\b|\bover\b|\bupwards of\b|\babove\b|\bin excess of\b", re.I
)
_BELOW = re.compile(r"\b(?:fewer|less) than\b|\bunder\b|\bbelow\b", re.I)
_TO = re.compile(r"(?:–|-|(?<!\bup )\bto|\bor)\s*$", re.I)

Bounds = tuple[float | None, float | None]


class Amount(NamedTuple):
    """Bounds and unit of a quantity; None where the words leave them open."""

    min: float | None = None
    max: float | None = None
    unit: str | None = None


def quantity(words: str, of_people: bool = False) -> Amount:
    """Bounds and unit of a quantity as its words give them.

    12 is 12 and 12; “at least” has a minimum, “up to” a maximum; “more than 40” is 41 or more; “dozens” is 24 or more;
    “two or three” is 2 to 3; “about” and “some” bound nothing; “several hundred” is 200 or more. “Several” and “a third
    of the houses” have no bounds, and an ordinal and an age (“the second convoy”, “a 34-year-old”) count nothing.
    `of_people` says that what is counted is people, whatever they are called.
    """
    plain = re.sub(r"\([^)]*\)", " ", words).strip(" .,;”“’'\"")
    found = numerals.read(plain)
    counts = [
        numeral
        for numeral in found
        if not _AGE.match(plain, numeral.end) and not _AGED.search(plain, 0, numeral.start)
    ]
    share = _share_end(plain, counts)
    if share is not None:
        return Amount(unit=_unit(plain, share, of_people))
    if not counts:
        is_count = not found and not _ORDINAL.search(plain)
        return Amount(unit=_unit(plain, 0, of_people) if is_count else None)
    (low, high), last = _bounds(plain, counts)
    is_one = last.value == 1 and not re.match(r"\s*of\b", plain[last.end :])
    return Amount(low, high, _unit(plain, last.end, of_people, counts[0].start, is_one))


def _share_end(words: str, counts: Sequence[Numeral]) -> int | None:
    """Where a share ends, after which stands what is shared: *a third* of the houses, *one in five* houses."""
    if len(counts) > 1 and re.fullmatch(
        r"\s+(?:in|out of)(?: every)?\s+", words[counts[0].end : counts[1].start], re.I
    ):
        return counts[1].end
    for share in _SHARE.finditer(words):
        is_of_number = any(count.start <= share.start() < count.end for count in counts)
        if not is_of_number and re.match(
            r"$|\s+(?:of|the|its|his|her|their)\b", words[share.end() :]
        ):
            return share.end()
    return None


def _bounds(words: str, counts: Sequence[Numeral]) -> tuple[Bounds, Numeral]:
    """The bounds that one number or two give, and the last that gives one."""
    first = counts[0]
    second = counts[1] if len(counts) > 1 else None
    before, after = words[: first.start], words[first.end :]
    if second is None:
        return _bound(before, after, first), first
    between = words[first.end : second.start]
    bounds = _bound(before, re.split(r",|\b(?:and|but)\b", between)[0], first)
    if _is_range(before, between):
        low, high = _range(first, second, between)
        if first.is_open or bounds[1] is None:
            return (bounds[0], None), second
        return ((None, high) if bounds[0] is None else (low, high)), second
    other = _bound(between, words[second.end :], second)
    if bounds[1] is None and other[0] is None:
        return (bounds[0], other[1]), second
    return bounds, first


def _bound(before: str, after: str, number: Numeral) -> Bounds:
    """The bounds of one number by the words before and after it."""
    value = number.value
    around = (before, after)
    if any(_MOST.search(words) for words in around):
        return None, value
    if any(_LEAST.search(words) for words in around) or number.is_open:
        return value, None
    if _ABOVE.search(before):
        return value + 1, None
    if _BELOW.search(before):
        return None, value - 1
    return value, value


def _is_range(before: str, between: str) -> bool:
    is_between = re.search(r"\bbetween\b", before, re.I) and re.search(r"\band\s*$", between, re.I)
    return bool(is_between or _TO.search(between))


def _range(first: Numeral, second: Numeral, between: str) -> Bounds:
    """The bounds of “two to three”; of “two to three million”, in millions."""
    low, high = first.value, second.value
    is_bare = re.fullmatch(r"\W*(?:to|or|and)?\W*", between, re.I)
    if first.scale == 1 and is_bare and low * second.scale <= high:
        low = numerals.whole(low * second.scale)
    return min(low, high), max(low, high)


def _unit(
    words: str, end: int, of_people: bool, first: int = 0, is_one: bool = False
) -> str | None:
    """What is counted after the number that ends there: people, or the last word before whatever says more of it.

    “380 tonnes of flour” counts tonnes, “12 km (7.5 miles)” km, “dozens of trucks” trucks, “about 30 soldiers” people,
    “one house” houses. A measure joined to its number is in the plural: *a 30-kilometre road*.
    """
    if re.search(r"\b(?:once|twice|thrice)$", words[:end], re.I):
        return "times"
    after = words[end:]
    if re.match(r"\s*(?:%|per ?cent\b)", after, re.I):
        return "per cent"
    if words[:first].endswith(tuple(_MONEY)):
        return _MONEY[words[first - 1]]
    joined = re.match(r"-(?!plus\b|odd\b)([a-z]+)\b", after, re.I)
    if joined:
        return _counted(joined[1], [], of_people or joined[1] == "strong", is_one=True)
    phrase = re.sub(r"\bor (?:more|so|fewer|less)\b|^\s*of\b|^[\s+]*", " ", after, flags=re.I)
    head = _MODIFIER.split(f" {phrase.strip()} ")[0].split()
    noun = head[-1].strip("”“\"’',;") if head else ""
    if not re.fullmatch(r"[^\W\d_]+(?:-[^\W\d_]+)*", noun):
        return "people" if of_people else None
    return _counted(noun, head[:-1], of_people, is_one)


def _counted(noun: str, before: Sequence[str], of_people: bool, is_one: bool) -> str | None:
    """The unit that a noun gives: its plural, an abbreviation as it is written, and people for persons."""
    name = noun if re.fullmatch(r"[A-Z]{2,}s", noun) else noun.lower()
    if is_one:
        name = _plural(name)
    if name in _GROUPS:
        return name
    if of_people or name in _PEOPLE:
        return "people"
    if name in _NO_NOUNS or numerals.read(name):
        return None
    if before and before[-1].lower() in ("square", "cubic", "nautical"):
        return f"{before[-1].lower()} {name}"
    return name


def _plural(noun: str) -> str:
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if re.search(r"(?:s|x|z|ch|sh)$", noun) else f"{noun}s"
