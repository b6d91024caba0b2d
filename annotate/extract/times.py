"""The value of a time expression, as its words give it by the rules of `guidelines/topics/times.md`.

No library reads them as well: dateparser 1.5 gives 78 of the 178 times of `tests/extract/phrases.yaml` and 394 of the
649 of gold with a date of publication, Microsoft's recognizers 105 and 446, and this 178 and 567.
"""

from __future__ import annotations

import datetime as dt
import re

from annotate.extract import dates, numerals

_NOW = frozenset([
    "now", "right now", "currently", "nowadays", "at present", "these days", "the time being", "the moment",
    "this time",
])  # fmt: skip
_ANCHOR = re.compile(r"\b(?:after|before|since|until|till)\b(.+)")
_EACH = re.compile(r"\b(?:every|each|daily)\b")
_CALENDAR = frozenset([
    *dates.MONTHS, *(name[:3] for name in dates.MONTHS), "sept", *dates.WEEKDAYS, *dates.SEASONS,
    "yesterday", "today", "tonight", "tomorrow", "overnight", "weekend", "night", "morning", "afternoon",
    "evening", "day", "week", "month", "year", "days", "weeks", "months", "years", "hours", "noon", "midday",
    "midnight", "dawn", "sunrise", "daybreak", "daylight", "light", "sunset", "dusk", "nightfall", "gmt", "utc",
    "local", "time", "o'clock", "early", "earlier", "late", "later", "mid", "middle", "end", "start", "beginning",
    "half", "quarter", "first", "last", "next", "past", "this", "that", "the", "a", "an", "of", "in", "on", "at",
    "to", "and", "between", "from", "by", "am", "pm", "m", "p", "s", "st", "nd", "rd", "th",
])  # fmt: skip
"""The words of a time that a calendar or a clock fixes."""
_HALF = r"(?P<half>[ap])\.?\s?m\b\.?"
_WEEKDAY = "|".join(dates.WEEKDAYS)
_PART = r"(?:morning|afternoon|evening|night)"
_CLOCKS = (
    rf"(?P<from>\b\d\d?\s*(?:–|-|to|and|or)\s*)?\b(?P<hour>\d\d?)(?:[:.h](?P<minute>[0-5]\d))?\s*{_HALF}",
    r"\b(?P<hour>\d\d?)[:h](?P<minute>[0-5]\d)\b",
    rf"\b(?P<hour>\d\d?)\.(?P<minute>[0-5]\d)\b(?=\W*(?:$|(?:on|in|this|gmt|local|yesterday|today|{_WEEKDAY})\b))",
    r"\b(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?=\s*(?:gmt|utc|local|hours|hrs)\b)",
    # Of four digits alone, what is no year of living memory.
    r"\b(?P<hour>0\d|1[0-7]|2[1-3])(?P<minute>[0-5]\d)\b",
)
_SPOKEN_CLOCKS = (
    r"\b(?P<minutes>half|quarter|five|ten|twenty(?:-five)?) (?P<side>past|to) (?P<hour>[a-z]+|\d\d?)\b",
    rf"\b(?P<hour>[a-z]+|\d\d?) (?:o'clock|(?=(?:in the|this|at|on (?:{_WEEKDAY})) {_PART}\b))",
)
_UNITS = {
    "second": "PT{}S", "minute": "PT{}M", "hour": "PT{}H", "day": "P{}D", "week": "P{}W", "month": "P{}M",
    "year": "P{}Y",
}  # fmt: skip
_HALVES = {
    "minute": ("PT30S", "PT{}M30S"),
    "hour": ("PT30M", "PT{}H30M"),
    "day": ("PT12H", "P{}DT12H"),
    "year": ("P6M", "P{}Y6M"),
}
"""Half of each, and a number and a half."""
_MULTIPLES = {"fortnight": ("day", 14), "decade": ("year", 10), "century": ("year", 100)}
_LENGTH = re.compile(
    rf"^(?P<number>.*?)(?:^|[\s-]+)(?:(?:more|whole|full|straight|consecutive) )?"
    rf"(?P<kind>{'|'.join((*_UNITS, *_MULTIPLES))})s?\b(?P<half> and a half\b)?(?P<rest>.*)"
)


def time(words: str, published: dt.date | None) -> str | None:
    """The value of a time expression, counted from the date of publication; None where the words leave it open.

    A day 2024-03-16, a month 2024-03, a year 2024, a week 2024-W11, a span 2024-03-13/2024-03-16, a length P3D, a
    time of day 2024-03-16T14:05, and PRESENT for “now”. A weekday is the nearest one up to the day of publication, and
    a time of day without a day is on it.
    """
    expression = _plain(words)
    if expression in _NOW:
        return "PRESENT"
    if _is_clause(expression) or _EACH.search(expression):
        return None
    clock, rest = _clock(expression)
    day = dates.date(rest, published)
    if clock and day is None and published:
        return f"{published}T{clock}"
    # Midnight on Friday may be the one before it or the one after.
    if clock and day and re.fullmatch(r"\d{4}-\d\d-\d\d", day) and "midnight" not in expression:
        return f"{day}T{clock}"
    return day or _length(rest)


def _plain(words: str) -> str:
    """The words in small letters, with one kind of apostrophe and of dash, and without the verbs *may* and *march*."""
    without_verbs = re.sub(r"\b(?:may|march)\b", " ", words) if words != words.lower() else words
    expression = (
        without_verbs.strip(" .,;").lower().replace("’", "'").replace("‘", "'").replace("—", "–")
    )
    return re.sub(r"\s+", " ", expression).removesuffix("'s").removesuffix(" s")


def _is_clause(expression: str) -> bool:
    """Whether an event anchors the time, whose own date is not said: *since the bridge fell*, not *since 2014*."""
    anchor = _ANCHOR.search(expression)
    if not anchor:
        return False
    words = re.findall(r"[a-z']+", anchor[1])
    return any(
        word.removesuffix("'s") not in _CALENDAR and not numerals.read(word) for word in words
    )


def _clock(expression: str) -> tuple[str | None, str]:
    """The one time of day in the words, HH:MM, and the words without what says it.

    *2:30 p.m.* is 14:30, *12 a.m.* 00:00, *three on Monday morning* 03:00; *half past two* may be either, and is none.
    What stands in brackets counts only where nothing else says it: *2000 local (0200 GMT)*.
    """
    outside = re.sub(r"\([^)]*\)", " ", expression)
    found, rest = _clocks(outside)
    if not found:
        found, rest = _clocks(expression)
    return (found[0] if len(found) == 1 else None), re.sub(r"\s+", " ", rest).strip()


def _clocks(expression: str) -> tuple[list[str | None], str]:
    """Every time of day, None for one that may be before noon or after it, and the words without them."""
    found: list[str | None] = []
    part = re.search(r"\b(?:morning|afternoon|evening|tonight|night)\b", expression)

    def take(clock: re.Match[str]) -> str:
        time_of_day = _time_of_day(clock.groupdict(), part[0] if part else None)
        if time_of_day == "":
            return clock[0]
        found.append(time_of_day)
        return " "

    for pattern in (*_CLOCKS, *_SPOKEN_CLOCKS):
        expression = re.sub(pattern, take, expression)
    if re.search(r"\b(?:noon|midday)\b", expression):
        found.append("12:00")
    elif re.search(r"(?<!before )\bmidnight\b", expression):
        found.append("00:00")
    return found, expression


def _time_of_day(clock: dict[str, str | None], part: str | None) -> str | None:
    """HH:MM of the groups of a pattern and the part of the day; “” for no time.

    None for a spoken hour without a part of the day, and for a span: *from 2 to 3 p.m.*
    """
    hour = _number(clock["hour"] or "")
    if hour is None or hour > 23:
        return ""
    if clock.get("from"):
        return None
    minute = int(clock.get("minute") or 0)
    if "minute" not in clock:
        past = _number(clock.get("minutes") or "0")
        if not 1 <= hour <= 12 or past is None or past > 30:
            return ""
        if part is None:
            return None
        minutes = hour * 60 + (-past if clock.get("side") == "to" else past)
        hour, minute = divmod(minutes, 60)
    is_late = part in ("afternoon", "evening", "tonight") or (part == "night" and 6 <= hour < 12)
    half = clock.get("half") or (part and ("p" if is_late else "a"))
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    return f"{hour:02}:{minute:02}"


def _number(word: str) -> int | None:
    """The whole number of a word on a clock, in digits or spelled out."""
    if word in ("half", "quarter"):
        return 30 if word == "half" else 15
    found = numerals.read(word)
    return int(found[0].value) if len(found) == 1 else None


def _length(expression: str) -> str | None:
    """A length of time: “three days” is P3D, “two and a half years” P2Y6M; “dozens of days” has no number."""
    length = _LENGTH.search(expression.replace("a quarter of an hour", "15 minutes"))
    if not length or re.match(
        r"[\s-]*(?:ago|later|earlier|before|after|old|from now)\b", length["rest"]
    ):
        return None
    before = length["number"]
    count = numerals.last(before)
    is_article = bool(re.search(r"\ban?$", before))
    if count is None or re.search(r"\b(?:this|next|of an?)\b", before):
        return None
    if is_article and (length["kind"] == "second" or numerals.read(before)):
        return None  # “a second day”, “once a week”
    if _LENGTH.search(length["rest"]) and numerals.read(length["rest"]):
        return None  # two years and three months
    unit, multiple = _MULTIPLES.get(length["kind"], (length["kind"], 1))
    count = (count + (0.5 if length["half"] else 0)) * multiple
    whole, fraction = divmod(count, 1)
    if fraction == 0:
        return _UNITS[unit].format(int(count))
    if fraction != 0.5 or unit not in _HALVES:
        return None
    half, and_a_half = _HALVES[unit]
    return and_a_half.format(int(whole)) if whole else half
