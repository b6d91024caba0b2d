"""Text as the corpus keeps it: NFC, newline only, no control characters; offsets are half-open code points."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

from annotate.model.issues import AcreError

BOM = "\ufeff"
LOST = "\ufffd"
"""Stands where a letter was lost before the text came here."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CHARSET = re.compile(
    rb"<(?:meta|\?xml)\b[^>]*?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE
)
_MARKUP = re.compile(rb"<(?:html|body|p|div)\b", re.IGNORECASE)
_WRITTEN_MARKUP = re.compile(
    r"</?(?:p|div|br|span|a|b|i|em|strong|h[1-6]|ul|ol|li|img|figure|blockquote|table|td|tr)"
    r"(?:\s[^<>]{0,300})?/?>|&(?:amp|nbsp|quot|lt|gt|[lr][sd]quo|[mn]dash|#\d{2,6}|#x[0-9a-f]{2,5});",
    re.IGNORECASE,
)
_HEAD = 8192
"""Bytes in which a page declares its charset; browsers look at 1024, and pages have it later all the same."""
# C0, DEL and C1 controls but for tab and newline; lone surrogates break every later export of a Label Studio project.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# What a terminal obeys or can’t be given: controls but for tab and newline, half characters, turns of direction.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_LINE_END = re.compile("\r\n?|\u2028|\u2029|\x85|\x0b|\x0c")
_TRAILING = re.compile(r"[^\S\n]+(?=\n|\Z)")


def normalise(text: str) -> tuple[str, dict[str, int]]:
    """The text in the corpus's form, and how often each kind of change was made.

    Idempotent: normalising what it returns changes nothing.
    """
    changes: Counter[str] = Counter()

    def replace(pattern: re.Pattern[str], by: str, name: str, text: str) -> str:
        text, count = pattern.subn(by, text)
        changes[name] += count
        return text

    changes["byte order mark removed"] = text.count(BOM)
    text = text.replace(BOM, "")
    text = replace(_LINE_END, "\n", "line end made a newline", text)
    text = replace(_CONTROL, "", "control character removed", text)
    composed = unicodedata.normalize("NFC", text)
    if composed != text:
        changes["sequence composed (NFC)"] = len(text) - len(composed) or 1
        text = composed
    text = replace(_TRAILING, "", "white space at line end removed", text)
    stripped = text.strip("\n")
    changes["blank line at start or end removed"] = len(text) - len(stripped)
    return stripped, {name: count for name, count in changes.items() if count}


class Trace(NamedTuple):
    """A text in the corpus's form, and for each of its letters where it began and ended in the text that it
    was made from.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def moved(self, start: int, end: int) -> tuple[int, int]:
        """The span of the text that was made of this one of the text before; an empty one where all of it was removed.

        A span that cuts a composed letter takes the whole letter.
        """
        return bisect_right(self.ends, start), bisect_left(self.starts, end)


def trace(text: str) -> Trace:
    """What `normalise` makes of the text, with the way back; in time that grows with the text's length alone."""
    traced = Trace(text, range(len(text)), range(1, len(text) + 1))
    for pattern, by in ((re.compile(BOM), ""), (_LINE_END, "\n"), (_CONTROL, "")):
        traced = _replaced(traced, pattern, by)
    traced = _replaced(_composed(traced), _TRAILING, "")
    first = len(traced.text) - len(traced.text.lstrip("\n"))
    last = max(first, len(traced.text.rstrip("\n")))
    return Trace(traced.text[first:last], traced.starts[first:last], traced.ends[first:last])


def _replaced(traced: Trace, pattern: re.Pattern[str], by: str) -> Trace:
    """With `by`, at most one letter, in place of each match."""
    matches = list(pattern.finditer(traced.text))
    if not matches:
        return traced
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    place = 0
    for match in matches:
        letters += [traced.text[place : match.start()], by]
        starts += [
            *traced.starts[place : match.start()],
            *([traced.starts[match.start()]] if by else []),
        ]
        ends += [
            *traced.ends[place : match.start()],
            *([traced.ends[match.end() - 1]] if by else []),
        ]
        place = match.end()
    letters.append(traced.text[place:])
    return Trace("".join(letters), [*starts, *traced.starts[place:]], [*ends, *traced.ends[place:]])


def _composed(traced: Trace) -> Trace:
    """In NFC, sequence by sequence."""
    if unicodedata.is_normalized("NFC", traced.text):
        return traced
    sequences = [
        (
            unicodedata.normalize("NFC", traced.text[start:end]),
            traced.starts[start],
            traced.ends[end - 1],
        )
        for start, end in _sequences(traced.text)
    ]
    starts = chain.from_iterable([start] * len(letters) for letters, start, _end in sequences)
    ends = chain.from_iterable([end] * len(letters) for letters, _start, end in sequences)
    return Trace("".join(letters for letters, _start, _end in sequences), list(starts), list(ends))


def _sequences(text: str) -> Iterator[tuple[int, int]]:
    """The stretches that NFC composes each by itself: a letter with what is joined to it."""
    start, whole = 0, ""
    for place, letter in enumerate(text):
        if place > start and unicodedata.combining(letter) == 0:
            whole = whole or unicodedata.normalize("NFC", text[start:place])
            if unicodedata.normalize("NFC", whole + letter) == whole + unicodedata.normalize(
                "NFC", letter
            ):
                yield start, place
                start = place
            whole = ""
    if text:
        yield start, len(text)


def is_normal(text: str) -> bool:
    """Whether `normalise` would leave the text as it is."""
    return normalise(text)[0] == text


def shown(line: str) -> str:
    """The line for a terminal, in which what a terminal would obey stands as an escape, and moves no cursor.

    >>> shown("m1\\x1b[2J")
    'm1\\\\x1b[2J'
    """
    return _OBEYED.sub(lambda match: ascii(match[0])[1:-1], line)


def escaped_json(document: str) -> str:
    """JSON of the same value, in which what a terminal would obey stands as JSON's own escape."""
    return _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", document)


def sha256(text: str) -> str:
    """The hash of the text's UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def decode(raw: bytes, where: str) -> str:
    """Bytes as text, by their byte order mark or as UTF-8; refuses all else by name, saying where."""
    if raw.startswith(_UTF_16):
        return _filled(raw.decode("utf-16", errors="replace"), raw, where)
    if b"\x00" in raw:
        raise AcreError(
            f"{where}: binary: a NUL byte at byte {raw.index(0)}; give a text, HTML or JSON lines"
            " file"
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise AcreError(
            f"{where}: not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}; convert it first,"
            " for example with iconv"
        ) from None
    return _filled(text, raw, where)


def decode_page(raw: bytes, where: str) -> tuple[str, dict[str, int]]:
    """A web page's bytes as text, in the charset that it declares, and how many of them are none in that charset.

    UTF-8 comes first where the bytes are that: wrong declarations are common, bytes that are UTF-8 by chance are not.
    """
    if (
        b"\x00" in raw
        and not raw.startswith(_UTF_16)
        and _MARKUP.search(raw)
        and raw.count(0) * 100 < len(raw)
    ):
        letters, changes = decode_page(raw.replace(b"\x00", b""), where)
        return letters, {**changes, "NUL byte removed": raw.count(0)}
    import webencodings

    declared = _CHARSET.search(raw[:_HEAD])
    encoding = webencodings.lookup(declared[1].decode("ascii")) if declared else None
    try:
        return decode(raw, where), {}
    except AcreError:
        if b"\x00" in raw or (encoding is None and not declared):
            raise
    name = declared[1].decode("ascii") if declared else ""
    if encoding is None:
        raise AcreError(
            f"{where}: charset {name!r} is unknown; convert the page to UTF-8 first, for example"
            " with iconv"
        )
    text, _errors = encoding.codec_info.decode(raw, "replace")
    count = text.count(LOST)
    if count * 100 > len(text):
        raise AcreError(
            f"{where}: not {name}, which it declares: {count} bytes have no letter in it; convert"
            " it to UTF-8 first"
        )
    return _filled(text, raw, where), (
        {f"byte that is none in {name} replaced": count} if count else {}
    )


def _filled(text: str, raw: bytes, where: str) -> str:
    if not text.strip().strip(BOM):
        raise AcreError(f"{where}: empty: no text in {len(raw)} bytes; give a file with an article")
    return text


def mended(text: str) -> tuple[str, dict[str, int]]:
    """The text without mojibake, and how many words had it: letters of one encoding that were read as another's.

    >>> mended("The governorâ€™s cafÃ©")
    ('The governor’s café', {'word with mojibake mended': 2})
    """
    import ftfy

    lines = text.split("\n")
    # Line by line: one line with a letter beyond Latin would keep all the others as they are.
    fixed = [line if line.isascii() else ftfy.fix_encoding(line) for line in lines]
    count = sum(
        _words_changed(old, new) for old, new in zip(lines, fixed, strict=True) if old != new
    )
    return "\n".join(fixed), {"word with mojibake mended": count} if count else {}


def damage(text: str) -> Iterator[str]:
    """What is wrong with the text and can't be mended here, in words."""
    if LOST in text:
        yield (
            f"{text.count(LOST)} letters were lost before the text came here: they stand as {LOST}"
        )
    markup = _WRITTEN_MARKUP.findall(text)
    if len(markup) > 1:
        yield (
            f"{len(markup)} tags and references of HTML stand in it as letters, such as"
            f" {markup[0][:30]!r}; give it as .html"
        )
    from ftfy import badness

    bad = [line for line in text.split("\n") if not line.isascii() and badness.is_bad(line)]
    if bad:
        yield f"{len(bad)} lines look like mojibake that can't be mended, such as {bad[0][:60]!r}"


def _words_changed(old: str, new: str) -> int:
    one, other = old.split(), new.split()
    return (
        max(1, sum(a != b for a, b in zip(one, other, strict=False)))
        if len(one) == len(other)
        else 1
    )


def shingles(text: str, size: int = 5) -> frozenset[int]:
    """Hashes of the runs of `size` words, lower-cased: what two copies of an article share."""
    words = re.findall(r"\w+", text.lower())
    runs = (" ".join(words[i : i + size]) for i in range(max(1, len(words) - size + 1)))
    return frozenset(
        int.from_bytes(hashlib.blake2b(run.encode(), digest_size=8).digest()) for run in runs
    )


def resemblance(one: frozenset[int], other: frozenset[int]) -> float:
    """Jaccard resemblance of two shingle sets (Broder 1997): 1.0 for equal ones, 0.0 for disjoint or empty ones."""
    union = len(one | other)
    return len(one & other) / union if union else 0.0


def difference(text: str, article: str) -> str:
    """Where a text first leaves an article’s, in words; the two differ."""
    place = next(
        (at for at, (one, other) in enumerate(zip(text, article, strict=False)) if one != other),
        min(len(text), len(article)),
    )
    line = article.count("\n", 0, place) + 1
    return (
        f"not the article’s text: at its line {line} it reads {text[place : place + 20]!r}, the"
        f" article {article[place : place + 20]!r}; change marks only"
    )


_HYPHENS = "-\u2010\u2011"
_APOSTROPHES = "'’"
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
"""Scripts that set no blanks between words, by how Unicode names their letters: their words have no edges here."""


def is_inside_word(text: str, offset: int) -> bool:
    """Whether a mark that starts or ends there has half a word at its edge.

    A word is a run of letters and digits, which hyphens join (Russian-backed), apostrophes inside a name (O’Brien) and
    the points of numbers (12,500). A possessive or a contraction (Moscow|’s, he|’ll) is no part of the word before it.
    `labelstudio/page/words.js` says the same to the annotator's browser.
    """
    if not 0 < offset < len(text) or text[offset - 1].isspace() or text[offset].isspace():
        return False
    before, left, right, after = (
        text[place : place + 1] if place >= 0 else "" for place in range(offset - 2, offset + 2)
    )
    if _in_word(left) and _in_word(right):
        return True
    for one, sign, other in ((left, right, after), (before, left, right)):
        if not (_in_word(one) and _in_word(other)):
            continue
        if sign in _HYPHENS or (sign in ".,:" and one.isdigit() and other.isdigit()):
            return True
    if left in _APOSTROPHES:
        return _in_word(before) and right.isalpha()
    name = text[offset + 1 : offset + 4]
    return right in _APOSTROPHES and _in_word(left) and len(name) == 3 and name.isalpha()


@cache
def _in_word(letter: str) -> bool:
    return (
        bool(letter)
        and unicodedata.category(letter)[0] in "LNM"
        and not unicodedata.name(letter, "").startswith(_UNSPACED)
    )
