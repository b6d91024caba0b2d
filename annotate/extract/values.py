"""What the words of a mark tell by themselves, by the rules of `guidelines/topics/`: bounds, dates, style, coreference. No model, no lookup."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator

from annotate.model.graph import Link
from annotate.model.records import AttributeValue, Mark
from annotate.model.schema import SAME_AS, Layer, Schema

_MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
]  # fmt: skip
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)}|{'|'.join(f'{name[:3]}(?![a-z])' for name in _MONTHS)}|sept)\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_PEOPLE = frozenset([
    "people", "men", "women", "persons", "children", "boys", "girls", "civilians", "residents", "soldiers", "dead", "wounded",
    "killed",
])  # fmt: skip
PEOPLE = frozenset(["civilians", "person", "state_force", "armed_group"])
"""Labels of a counted noun that make its unit people."""
_FRACTION = re.compile(r"\b(?:half|third|quarter|fifth|tenth)s?\b", re.I)
_OPEN = re.compile(r"^(?:several|many|few|a few|numerous)\b", re.I)
_MULTIPLES = {
    "dozen": 12,
    "dozens": 24,
    "scores": 40,
    "hundreds": 200,
    "thousands": 2000,
    "millions": 2_000_000,
}
"""The least that an unnumbered many is: two of its kind."""
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_BELOW = re.compile(r"\b(?:fewer|less) than\b|\bunder\b|\bbelow\b", re.I)
_ABOVE = re.compile(r"\b(?:more|greater) than\b|\bover\b|\bupwards of\b|\babove\b", re.I)
_MOST = re.compile(
    r"\bup to\b|\bas many as\b|\bno more than\b|\bnot more than\b|\bat (?:the )?most\b|\bor"
    r" fewer\b",
    re.I,
)
_LEAST = re.compile(
    r"\bat least\b|\bno fewer than\b|\bno less than\b|\bor more\b|\bminimum\b", re.I
)
_RANGE = re.compile(
    r"\bbetween\b.*\band\b|\d\s*(?:–|-|to)\s*\d|\bfrom\b.*\bto\b|\b\w+ to \w+", re.I
)
_UNVERIFIED = re.compile(
    r"\b(?:could|can|has|have|was|were)\s?(?:not|n[o’']t)[^.]{0,40}(?:verif|confirm|authentic|check)"
    r"|\bneither [^.]{0,60}(?:verif|confirm)|\bnone of this could", re.I,
)  # fmt: skip
_NEAR_DAYS = {
    r"\byesterday\b|\blast night\b|\bovernight\b": -1,
    r"\btoday\b|\btonight\b|\bthis (?:morning|afternoon|evening)\b": 0,
    r"\btomorrow\b": 1,
}
_LENGTHS = {
    "minute": "PT{}M",
    "hour": "PT{}H",
    "day": "P{}D",
    "week": "P{}W",
    "month": "P{}M",
    "year": "P{}Y",
}


def quantity(words: str, of_people: bool = False) -> dict[str, AttributeValue]:
    """`min`, `max` and `unit` of a quantity as its words tell them; what they leave open is left out.

    12 is 12 and 12; “at least” has a minimum, “up to” a maximum; “more than 40” is 41 or more; “dozens” is 24 or more;
    “about” and “some” bound nothing; “several” and “a third” have no numbers at all. `of_people` tells that what is
    counted is people, whatever they are called.
    """
    if _FRACTION.search(words):
        return {}
    found = [] if _OPEN.search(words) else list(_numbers(words))
    answers: dict[str, AttributeValue] = {}
    if found:
        low, high = found[0][0], found[1][0] if len(found) > 1 else found[0][0]
        is_open = found[0][1]
        if _MOST.search(words):
            answers["max"] = low
        elif _LEAST.search(words) or is_open:
            answers["min"] = low
        elif _ABOVE.search(words):
            answers["min"] = low + 1
        elif _BELOW.search(words):
            answers["max"] = low - 1
        elif len(found) > 1 and _RANGE.search(words):
            answers |= {"min": min(low, high), "max": max(low, high)}
        else:
            answers |= {"min": low, "max": low}
    unit = "people" if of_people else _unit(words)
    return answers | ({"unit": unit} if unit else {})


def _numbers(words: str) -> Iterator[tuple[float, bool]]:
    """Each number in the words, and whether it is the least of an open many (“dozens”)."""
    from text_to_num import text2num

    tokens = re.findall(r"\d[\d,]*(?:\.\d+)?|[a-z]+(?:-[a-z]+)*", words.lower())
    place = 0
    while place < len(tokens):
        token = tokens[place]
        value: float | None = None
        if token[0].isdigit():
            value = float(token.replace(",", "").rstrip("."))
            place += 1
        elif token == "twice":
            value = 2
            place += 1
        elif tokens[place : place + 2] == ["tens", "of"] and tokens[place + 2 :][:1] == [
            "thousands"
        ]:
            yield 20_000, True
            place += 3
            continue
        elif token in _MULTIPLES and token != "dozen":
            yield _MULTIPLES[token], True
            place += 1
            continue
        elif token == "dozen":
            value = 12
            place += 1
        else:
            for end in range(min(len(tokens), place + 6), place, -1):
                run = " ".join(tokens[place:end])
                if run.startswith(("and ", "a ")) or run.endswith(" and"):
                    continue
                try:
                    value = float(text2num(run, "en"))
                except ValueError:
                    continue
                place = end
                break
            else:
                place += 1
        if value is not None:
            while place < len(tokens) and tokens[place] in (*_SCALES, "dozen"):
                value *= _SCALES.get(tokens[place], 12)
                place += 1
            yield (int(value) if value == int(value) else value), False


def _unit(words: str) -> str | None:
    """What is counted: people, or the last word before whatever says more of it, singular or plural as it stands."""
    plain = re.sub(r"\([^)]*\)", "", words).strip(" .,;”“’'\"")
    if plain.lower() in ("twice", "once"):
        return "times"
    if plain.endswith("%"):
        return "%"
    head = re.split(
        r"\s+(?:of|in|from|for|with|without|at|on|by|a|an|per|who|which|that|marked|against)\s",
        plain,
    )[0]
    noun = head.split()[-1].strip("”“\"’'").lower() if head else ""
    if noun in _PEOPLE:
        return "people"
    is_word = (
        noun.isalpha()
        and noun not in _SCALES
        and noun not in _MULTIPLES
        and not list(_numbers(noun))
    )
    return (
        noun
        if is_word and noun not in ("some", "many", "several", "few", "most", "each", "all")
        else None
    )


def time(words: str, published: dt.date | None) -> str | None:
    """The value of a time expression, counted from the date of publication; None where the words leave it open.

    A day 2024-03-16, a month 2024-03, a year 2024, a week 2024-W11, a span 2024-03-13/2024-03-16, a length P3D, a time of
    day 2024-03-16T14:05. A weekday is the nearest one up to the day of publication.
    """
    told = words.lower().strip()
    if re.search(r"\b(?:after|before|since|until)\b\s+\w+\s+\w+", told) and not re.search(
        _YEAR, told
    ):
        return None  # a clause anchors it, whose own date is not told
    clock = re.search(r"\b(\d{1,2})[:.h](\d\d)\b|\b(\d{1,2})\s?([ap])\.?m\b", told)
    day = _day(told, published)
    if clock and (day or published):
        hour = int(clock[1] or clock[3]) + (12 if clock[4] == "p" and clock[3] != "12" else 0)
        if hour < 24:
            return f"{day or (published.isoformat() if published else '')}T{hour:02}:{clock[2] or '00'}"
    if day:
        return day
    return _length(told) or _vague(told, published)


def _day(told: str, published: dt.date | None) -> str | None:
    year_of = re.search(_YEAR, told)
    span = re.search(
        rf"{_DAY}\s*(?:–|-|to|and)\s*(?P<last>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH}", told
    )
    if span:
        first, last = (
            _date(int(span[name]), span["month"], year_of, published) for name in ("day", "last")
        )
        return f"{first}/{last}" if first and last else None
    for pattern in (rf"\b{_DAY}\s+(?:of\s+)?{_MONTH}", rf"\b{_MONTH}\s+{_DAY}\b"):
        found = re.search(pattern, told)
        if found:
            return _date(int(found["day"]), found["month"], year_of, published)
    month = re.search(rf"\b{_MONTH}", told)
    if month and (year_of or published) and not (month[0].rstrip(".") == "may" and "may " in told):
        number = _month(month["month"])
        year = int(year_of[0]) if year_of else _nearest_year(number, told, published)
        return f"{year}-{number:02}"
    if published is None:
        return year_of[0] if year_of else None
    weekday = next((n for n, name in enumerate(_WEEKDAYS) if re.search(rf"\b{name}\b", told)), None)
    if weekday is not None:
        back = (published.weekday() - weekday) % 7
        ahead = bool(re.search(r"\bnext\b|\bcoming\b", told))
        return (published + dt.timedelta(days=7 - back if ahead else -back)).isoformat()
    for pattern, days in _NEAR_DAYS.items():
        if re.search(pattern, told):
            return (published + dt.timedelta(days=days)).isoformat()
    return year_of[0] if year_of else None


def _date(
    day: int, month: str, year: re.Match[str] | None, published: dt.date | None
) -> str | None:
    if year is None and published is None:
        return None
    number = _month(month)
    try:
        return dt.date(
            int(year[0]) if year else _nearest_year(number, "", published), number, day
        ).isoformat()
    except ValueError:
        return None


def _month(name: str) -> int:
    return next(n for n, full in enumerate(_MONTHS, 1) if full.startswith(name[:3]))


def _nearest_year(month: int, told: str, published: dt.date | None) -> int:
    """The year of the last such month up to publication, since reports look back; with “next”, of the first after it."""
    assert published is not None
    if "next" in told.split():
        return published.year + (month <= published.month)
    return published.year - (
        month > published.month or ("last" in told.split() and month == published.month)
    )


def _length(told: str) -> str | None:
    found = re.search(r"\b(minute|hour|day|week|month|year)s?\b", told)
    if not found or re.search(r"\b(?:this|last|next|ago|earlier|later|half)\b", told):
        return None
    numbers = list(_numbers(told[: found.start()].replace("-", " ")))
    count = (
        numbers[0][0]
        if numbers
        else 1
        if re.search(r"\b(?:an?|the past|the last)\b", told)
        else None
    )
    return (
        _LENGTHS[found[1]].format(count)
        if count is not None and not (numbers and numbers[0][1])
        else None
    )


def _vague(told: str, published: dt.date | None) -> str | None:
    if published is None:
        return None
    relative = re.search(r"\b(this|last|next)\s+(week|month|year)\b", told)
    if not relative:
        return None
    step = {"this": 0, "last": -1, "next": 1}[relative[1]]
    match relative[2]:
        case "week":
            year, week, _ = (published + dt.timedelta(weeks=step)).isocalendar()
            return f"{year}-W{week:02}"
        case "month":
            month = published.year * 12 + published.month - 1 + step
            return f"{month // 12}-{month % 12 + 1:02}"
        case _:
            return str(published.year + step)


def style(words: str) -> str:
    """Of a content: `direct` in quotation marks throughout, `mixed` in part, else `indirect`."""
    if words.startswith("“") and words.endswith("”") and "“" not in words[1:]:
        return "direct"
    return "mixed" if "“" in words else "indirect"


def is_unverified(words: str) -> bool:
    """Whether the article says that what is claimed there could not be verified."""
    return bool(_UNVERIFIED.search(words))


_PRONOUNS = re.compile(
    r"he|him|his|himself|she|hers?|herself|it|its|itself|they|them|theirs?|themselves|we|us|ours?|ourselves|i|me|my|myself"
)


def same(marks: Iterable[Mark], schema: Schema) -> Iterator[Link]:
    """Mentions of one thing: equal words, a name and its last word, and a pronoun with the last mention of its label before it.

    A pronoun's label says what it stands for; one that stands inside a mention is not joined to that.
    """
    seen: dict[tuple[str, str], Mark] = {}
    last: dict[str, list[Mark]] = {}
    for mark in sorted(marks, key=lambda mark: mark.order):
        if schema.layer(mark.label) is not Layer.MENTION or schema.holds_value(mark.label):
            continue
        before = last.setdefault(mark.label, [])
        words = re.sub(
            r"^(?:the|an?|this|that|its|his|her|their)\s+", "", (mark.text or "").lower()
        )
        if _PRONOUNS.fullmatch(words):
            found = next((other for other in reversed(before) if other.end <= mark.start), None)
        else:
            names = [
                word
                for word in re.findall(r"\w+", (mark.text or "").split(",")[0])
                if word[0].isupper()
            ]
            keys = [(mark.label, words)] + ([(mark.label, names[-1].lower())] if names else [])
            found = next((seen[key] for key in keys if key in seen), None)
            for key in keys:
                seen.setdefault(key, mark)
        if found is not None:
            yield Link(found.id, SAME_AS, mark.id)
        before.append(mark)
