"""The day, week, month, year or span of these that an expression names, counted from the date of publication."""

from __future__ import annotations

import datetime as dt
import re

from annotate.extract import numerals

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}
"""The month in which each begins, in the northern hemisphere."""
_MONTH = (
    rf"\b(?P<month>{'|'.join(MONTHS)}|sept|{'|'.join(name[:3] for name in MONTHS)})(?![a-z])\.?"
)
_DAY = r"\b(?P<day>\d{1,2})(?:st|nd|rd|th)?(?![\d:])"
_DAY_MONTH = re.compile(rf"{_DAY}\s+(?:of\s+)?{_MONTH}")
_MONTH_DAY = re.compile(rf"{_MONTH}\s*{_DAY}")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_TO = re.compile(r"\s*(?:–|(?<=\d)-(?=\d)|\b(?:to|and|until|till)\b)\s*")
_NEAR_DAYS = {
    r"\bday before yesterday\b": -2,
    r"\bday after tomorrow\b": 2,
    r"\byesterday\b|\blast night\b": -1,
    r"\btoday\b|\btonight\b|\bovernight\b|\bthis (?:morning|afternoon|evening)\b|\bminutes? ago\b": 0,
    r"\btomorrow\b": 1,
}
_PARTS = {
    "first quarter": (1, 3), "second quarter": (4, 6), "third quarter": (7, 9), "fourth quarter": (10, 12),
    "last quarter": (10, 12), "first half": (1, 6), "second half": (7, 12),
}  # fmt: skip
"""The first and the last month of a part of a year."""


def date(expression: str, published: dt.date | None) -> str | None:
    """What an expression in small letters names, in ISO 8601; None where it names no date.

    A day 2024-03-16, a week 2024-W11, a month 2024-03, a year 2024, a span of two of a kind 2024-03-13/2024-03-16. A
    weekday, a day of a month and a month without a year are the nearest up to publication. Of a season, its year.
    """
    try:
        return _span(expression, published) or _point(expression, published)
    except (OverflowError, ValueError):
        return None  # 31 February; ten thousand years ago


def _span(expression: str, published: dt.date | None) -> str | None:
    """Two of a kind: *3 and 19 September*, *between Monday and Wednesday*, *2012–2014*."""
    for between in _TO.finditer(expression):
        left, right = _completed(expression[: between.start()], expression[between.end() :])
        first, last = _point(left, published), _point(right, published)
        if not first or not last or "/" in first + last or len(first) != len(last):
            continue
        if first > last and _weekday(left) is not None and published:
            first = (dt.date.fromisoformat(first) - dt.timedelta(weeks=1)).isoformat()
        if first < last:
            return f"{first}/{last}"
    return None


def _completed(left: str, right: str) -> tuple[str, str]:
    """Both ends of a span, each with the month and the year that only the other one has: *3* and *9 March 2015*."""
    if not re.search(_MONTH, left) and re.search(r"\b\d{1,2}(?:st|nd|rd|th)?$", left):
        later = _DAY_MONTH.match(right)
        left += f" {later['month']}" if later else ""
    elif re.match(r"\d{1,2}(?:st|nd|rd|th)?(?![\d:.h]|\s*[ap]\.?m\b)", right) and not re.search(
        _MONTH, right
    ):
        earlier = _MONTH_DAY.search(left)
        right = f"{earlier['month']} {right}" if earlier else right
    starting, ending = _YEAR.search(left), _YEAR.search(right)
    if ending and not starting:
        left += f" {ending[0]}"
    elif starting and re.fullmatch(r"\d\d", right) and int(right) == (int(starting[0]) + 1) % 100:
        right = str(int(starting[0]) + 1)  # 2025–26
    return left, right


def _point(expression: str, published: dt.date | None) -> str | None:
    """A date as exact as its words; raises ValueError where they name one that there is not, such as 31 February."""
    year = _YEAR.search(expression)
    of_year = int(year[0]) if year else None
    for absolute in (_iso_day, _day, _part_of_year, _month, _decade):
        if found := absolute(expression, of_year, published):
            return found
    if year or published is None:
        return year[0] if year else None
    for relative in (_relative_day, _ago, _past, _weekend, _season, _relative_unit):
        if found := relative(expression, published):
            return found
    return None


def _iso_day(expression: str, year: int | None, published: dt.date | None) -> str | None:
    day = re.search(r"\b(\d{4})-(\d\d)-(\d\d)\b", expression)
    return dt.date(int(day[1]), int(day[2]), int(day[3])).isoformat() if day else None


def _day(expression: str, year: int | None, published: dt.date | None) -> str | None:
    """A day of a month, or with *the week of* the week that it is in."""
    day = _DAY_MONTH.search(expression) or _MONTH_DAY.search(expression)
    if not day or (year is None and published is None):
        return None
    month = _month_number(day["month"])
    of_year = year or _nearest_year(month, expression, published)
    found = dt.date(of_year, month, int(day["day"]))
    return _week(found) if re.search(r"\bweek of\b", expression) else found.isoformat()


def _part_of_year(expression: str, year: int | None, published: dt.date | None) -> str | None:
    """*The first six months of 2026*, *the second quarter of 2015*."""
    part = re.search(
        rf"\b({'|'.join(_PARTS)}) of\b|\bfirst (?P<months>\w+) months of\b", expression
    )
    if not part or year is None:
        return None
    first, last = _PARTS.get(part[1], (1, 0))
    if part["months"]:
        count = numerals.read(part["months"])
        last = int(count[0].value) if count else 0
    return f"{year}-{first:02}/{year}-{last:02}" if first < last <= 12 else None


def _month(expression: str, year: int | None, published: dt.date | None) -> str | None:
    month = re.search(_MONTH, expression)
    if not month or (year is None and published is None):
        return None
    number = _month_number(month["month"])
    of_year = year or _nearest_year(number, expression, published)
    return dt.date(of_year, number, 1).isoformat()[:7]


def _month_number(name: str) -> int:
    return next(n for n, full in enumerate(MONTHS, 1) if full.startswith(name[:3]))


def _nearest_year(month: int, expression: str, published: dt.date | None) -> int:
    """The year of the last such month up to publication, as reports look back; with “next”, of the first after it."""
    assert published is not None
    words = expression.split()
    if "next" in words:
        return published.year + (month <= published.month)
    return published.year - (
        month > published.month or ("last" in words and month == published.month)
    )


def _decade(expression: str, year: int | None, published: dt.date | None) -> str | None:
    """*The 1990s*; *the ’80s* are the last ones before publication."""
    decade = re.search(r"\b((?:19|20)\d0)s\b|'(\d0)s\b", expression)
    if not decade or not (decade[1] or published):
        return None
    first = int(decade[1] or 1900 + int(decade[2]))
    if decade[2] and published and first + 100 <= published.year:
        first += 100
    return f"{first}/{first + 9}"


def _relative_day(expression: str, published: dt.date) -> str | None:
    """A weekday, yesterday, today, tomorrow."""
    number = _weekday(expression)
    if number is not None:
        back = (published.weekday() - number) % 7
        if re.search(r"\bnext\b|\bcoming\b", expression):
            back -= 7
        elif back == 0 and re.search(r"\blast\b", expression):
            back = 7
        return (published - dt.timedelta(days=back)).isoformat()
    for pattern, days in _NEAR_DAYS.items():
        if re.search(pattern, expression):
            return (published + dt.timedelta(days=days)).isoformat()
    return None


def _weekday(expression: str) -> int | None:
    day = re.search(rf"\b({'|'.join(WEEKDAYS)})\b", expression)
    return WEEKDAYS.index(day[1]) if day else None


def _ago(expression: str, published: dt.date) -> str | None:
    """*Three days ago*, a day; *two weeks ago*, a week; *a month ago*, a month; *ten years ago*, a year."""
    ago = re.search(r"^(.*?)\s*\b(day|week|month|year)s? ago\b", expression)
    count = numerals.last(ago[1]) if ago else None
    return (
        _counted_from(published, ago[2], -int(count)) if ago and count and count % 1 == 0 else None
    )


def _past(expression: str, published: dt.date) -> str | None:
    """Days or weeks up to publication: *the past day*, *the last two weeks*."""
    past = re.search(r"\b((?:the|these) (?:past|last)(?: .*?)?)\s+(day|week)s?\b", expression)
    count = numerals.last(past[1]) if past else None
    if not past or not count or count % 1:
        return None
    start = published - dt.timedelta(**{f"{past[2]}s": int(count)})
    return f"{start}/{published}"


def _weekend(expression: str, published: dt.date) -> str | None:
    """The last Saturday and Sunday of which one is up to publication."""
    if not re.search(r"\b(?:the|last|next) weekend\b|^weekend\b", expression):
        return None
    saturday = published - dt.timedelta(days=(published.weekday() - 5) % 7)
    if "next" in expression:
        saturday += dt.timedelta(weeks=1)
    elif "last" in expression and published.weekday() >= 5:
        saturday -= dt.timedelta(weeks=1)
    return f"{saturday}/{saturday + dt.timedelta(days=1)}"


def _season(expression: str, published: dt.date) -> str | None:
    """The year of a season; of one without *this*, *last* or *next*, the nearest that began before publication."""
    season = re.search(
        rf"^(?:(?:the|this|last|next|past|early|late|mid|all)[\s-]+)*({'|'.join(SEASONS)})$",
        expression,
    )
    if not season:
        return None
    start = SEASONS[season[1]]
    year = published.year
    if "next" in expression:
        year += start <= published.month
    elif "last" in expression:
        year -= start + 2 >= published.month
    elif "this" not in expression:
        year -= start > published.month
    return dt.date(year, 1, 1).isoformat()[:4]


def _relative_unit(expression: str, published: dt.date) -> str | None:
    """A week, month or year counted from that of publication: *last year*, *all week*, *the end of the month*."""
    unit = re.search(
        r"\b(this|last|next) (week|month|year)\b|^(?:all|the)(?: whole)? (?P<week>week)$"
        r"|\b(?:end|start|beginning|middle|rest) of the (?P<whole>week|month|year)\b",
        expression,
    )
    if not unit or re.search(r"\bthe last\b", expression):
        return None
    steps = {"last": -1, "next": 1}.get(unit[1] or "this", 0)
    return _counted_from(published, unit[2] or unit["week"] or unit["whole"], steps)


def _counted_from(published: dt.date, unit: str, steps: int) -> str:
    """The day, week, month or year so many of its kind after publication, or before it."""
    match unit:
        case "day":
            return (published + dt.timedelta(days=steps)).isoformat()
        case "week":
            return _week(published + dt.timedelta(weeks=steps))
        case "month":
            month = published.year * 12 + published.month - 1 + steps
            return dt.date(month // 12, month % 12 + 1, 1).isoformat()[:7]
        case _:
            return dt.date(published.year + steps, 1, 1).isoformat()[:4]


def _week(day: dt.date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"
