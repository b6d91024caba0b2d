"""What the words of a mark say by themselves, by the rules of `guidelines/topics/`: bounds and dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
]  # fmt: skip
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)}|{'|'.join(f'{name[:3]}(?![a-z])' for name in _MONTHS)}|sept)\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAYS = re.compile(rf"{_DAY}\s*(?:–|-|to|and)\s*(?P<last>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH}")
"""Two days of one month: *3 and 19 September*."""
_PEOPLE = frozenset([
    "people", "men", "women", "persons", "children", "boys", "girls", "civilians", "residents", "soldiers", "dead",
    "wounded", "killed", "bodies", "casualties", "corpses", "deaths", "fighters",
    "lives", "prisoners", "recruits", "victims",
])  # fmt: skip
_DETERMINERS = frozenset(["some", "many", "several", "few", "most", "each", "all"])
_MODIFIER = re.compile(
    r"\s+(?:of|in|from|for|with|without|at|on|by|a|an|per|who|which|that|marked|against)\s"
)
"""What begins a description of the counted noun."""
_FRACTION = re.compile(r"\b(?:half|third|quarter|fifth|tenth)s?\b", re.I)
_OPEN = re.compile(r"^(?:several|many|few|a few|numerous)\b", re.I)
_SEVERAL_SCALES = re.compile(r"^(?:several|many|a few)\s+(hundred|thousand|million)\b", re.I)
_NOW = frozenset(["now", "currently", "nowadays", "at present", "these days"])
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


class Amount(NamedTuple):
    """Bounds and unit of a quantity; None where the words leave them open."""

    min: float | None = None
    max: float | None = None
    unit: str | None = None


def quantity(words: str, of_people: bool = False) -> Amount:
    """Bounds and unit of a quantity as its words give them.

    12 is 12 and 12; “at least” has a minimum, “up to” a maximum; “more than 40” is 41 or more; “dozens” is 24 or more;
    “about” and “some” bound nothing; “several hundred” is 200 or more; “several” and “a third” have no numbers at all.
    `of_people` says that what is counted is people, whatever they are called.
    """
    if _FRACTION.search(words):
        return Amount()
    low, high = _bounds(words)
    return Amount(low, high, "people" if of_people else _unit(words))


def _bounds(words: str) -> tuple[float | None, float | None]:
    scale = _SEVERAL_SCALES.search(words)
    if scale:
        return 2 * _SCALES[scale[1].lower()], None
    numbers = [] if _OPEN.search(words) else list(_numbers(words))
    if not numbers:
        return None, None
    first, is_open = numbers[0]
    if _MOST.search(words):
        return None, first
    if _LEAST.search(words) or is_open:
        return first, None
    if _ABOVE.search(words):
        return first + 1, None
    if _BELOW.search(words):
        return None, first - 1
    if len(numbers) > 1 and _RANGE.search(words):
        second = numbers[1][0]
        return min(first, second), max(first, second)
    return first, first


def _numbers(words: str) -> Iterator[tuple[float, bool]]:
    """Each number in the words, and whether it is the least of an open many (“dozens”)."""
    tokens = re.findall(r"\d[\d,]*(?:\.\d+)?|[a-z]+(?:-[a-z]+)*", words.lower())
    start = 0
    while start < len(tokens):
        if tokens[start : start + 3] == ["tens", "of", "thousands"]:
            yield 20_000, True
            start += 3
        elif tokens[start] in _MULTIPLES and tokens[start] != "dozen":
            yield _MULTIPLES[tokens[start]], True
            start += 1
        else:
            value, end = _number(tokens, start)
            if value is not None:
                while end < len(tokens) and tokens[end] in (*_SCALES, "dozen"):
                    value *= _SCALES.get(tokens[end], 12)
                    end += 1
                yield (int(value) if value == int(value) else value), False
            start = end


def _number(tokens: Sequence[str], start: int) -> tuple[float | None, int]:
    """The number that begins at a token, if one does, and where to read on."""
    from text_to_num import text2num

    token = tokens[start]
    if token[0].isdigit():
        return float(token.replace(",", "").rstrip(".")), start + 1
    if token in ("twice", "dozen"):
        return {"twice": 2.0, "dozen": 12.0}[token], start + 1
    for end in range(min(len(tokens), start + 6), start, -1):
        run = " ".join(tokens[start:end])
        if run.startswith(("and ", "a ")) or run.endswith(" and"):
            continue
        try:
            return float(text2num(run, "en")), end
        except ValueError:
            continue
    return None, start + 1


def _unit(words: str) -> str | None:
    """What is counted: people, or the last word before whatever says more of it, singular or plural as it stands.

    “380 tonnes of flour” counts tonnes, “12 km (7.5 miles)” km, “about 30 soldiers” people.
    """
    plain = re.sub(r"\([^)]*\)", "", words).strip(" .,;”“’'\"")
    if plain.lower() in ("twice", "once"):
        return "times"
    if plain.endswith("%"):
        return "%"
    head = _MODIFIER.split(plain)[0]
    noun = head.split()[-1].strip("”“\"’'").lower() if head else ""
    if noun in _PEOPLE:
        return "people"
    if not noun.isalpha() or noun in _DETERMINERS or noun in _SCALES or noun in _MULTIPLES:
        return None
    return None if list(_numbers(noun)) else noun


def time(words: str, published: dt.date | None) -> str | None:
    """The value of a time expression, counted from the date of publication; None where the words leave it open.

    A day 2024-03-16, a month 2024-03, a year 2024, a week 2024-W11, a span 2024-03-13/2024-03-16, a length P3D, a
    time of day 2024-03-16T14:05, and PRESENT for “now”. A weekday is the nearest one up to the day of publication.
    """
    expression = words.lower().strip()
    if expression in _NOW:
        return "PRESENT"
    anchored = re.search(r"\b(?:after|before|since|until)\b\s+\w+\s+\w+", expression)
    if anchored and not re.search(_YEAR, expression):
        return None  # a clause anchors it, whose own date is not said
    clock = re.search(r"\b(\d{1,2})[:.h](\d\d)\b|\b(\d{1,2})\s?([ap])\.?m\b", expression)
    day = _day(expression, published)
    if clock and (day or published):
        hour = int(clock[1] or clock[3]) + (12 if clock[4] == "p" and clock[3] != "12" else 0)
        if hour < 24:
            date = day or (published.isoformat() if published else "")
            return f"{date}T{hour:02}:{clock[2] or '00'}"
    return day or _length(expression) or _vague(expression, published)


def _day(expression: str, published: dt.date | None) -> str | None:
    """A day, a span of days, a month or a year."""
    year = re.search(_YEAR, expression)
    span = _DAYS.search(expression)
    if span:
        first = _date(int(span["day"]), span["month"], year, published)
        last = _date(int(span["last"]), span["month"], year, published)
        return f"{first}/{last}" if first and last else None
    for pattern in (rf"\b{_DAY}\s+(?:of\s+)?{_MONTH}", rf"\b{_MONTH}\s+{_DAY}\b"):
        day = re.search(pattern, expression)
        if day:
            return _date(int(day["day"]), day["month"], year, published)
    month = re.search(rf"\b{_MONTH}", expression)
    is_verb = month and month[0].rstrip(".") == "may" and "may " in expression
    if month and (year or published) and not is_verb:
        number = _month(month["month"])
        of_year = int(year[0]) if year else _nearest_year(number, expression, published)
        return f"{of_year}-{number:02}"
    relative = _relative_day(expression, published) if published else None
    return relative or (year[0] if year else None)


def _relative_day(expression: str, published: dt.date) -> str | None:
    """A weekday, yesterday, today, tomorrow."""
    for number, name in enumerate(_WEEKDAYS):
        if re.search(rf"\b{name}\b", expression):
            back = (published.weekday() - number) % 7
            ahead = bool(re.search(r"\bnext\b|\bcoming\b", expression))
            return (published + dt.timedelta(days=7 - back if ahead else -back)).isoformat()
    for pattern, days in _NEAR_DAYS.items():
        if re.search(pattern, expression):
            return (published + dt.timedelta(days=days)).isoformat()
    return None


def _date(
    day: int, month: str, year: re.Match[str] | None, published: dt.date | None
) -> str | None:
    if year is None and published is None:
        return None
    number = _month(month)
    of_year = int(year[0]) if year else _nearest_year(number, "", published)
    try:
        return dt.date(of_year, number, day).isoformat()
    except ValueError:
        return None


def _month(name: str) -> int:
    return next(n for n, full in enumerate(_MONTHS, 1) if full.startswith(name[:3]))


def _nearest_year(month: int, expression: str, published: dt.date | None) -> int:
    """The year of the last such month up to publication, as reports look back; with “next”, of the first after it."""
    assert published is not None
    words = expression.split()
    if "next" in words:
        return published.year + (month <= published.month)
    return published.year - (
        month > published.month or ("last" in words and month == published.month)
    )


def _length(expression: str) -> str | None:
    """A length of time: “three days” is P3D, “a week” P1W; “dozens of days” has no number."""
    unit = re.search(r"\b(minute|hour|day|week|month|year)s?\b", expression)
    if not unit or re.search(r"\b(?:this|last|next|ago|earlier|later|half)\b", expression):
        return None
    numbers = list(_numbers(expression[: unit.start()].replace("-", " ")))
    if not numbers:
        is_one = re.search(r"\b(?:an?|the past|the last)\b", expression)
        return _LENGTHS[unit[1]].format(1) if is_one else None
    count, is_open = numbers[0]
    return None if is_open else _LENGTHS[unit[1]].format(count)


def _vague(expression: str, published: dt.date | None) -> str | None:
    """A week, month or year counted from that of publication."""
    relative = re.search(r"\b(this|last|next)\s+(week|month|year)\b", expression)
    if published is None or not relative:
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
