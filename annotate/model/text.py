"""Text as the corpus keeps it: NFC, newline only, no control characters; offsets are half-open code points."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter

from annotate.model.issues import AcreError

BOM = "\ufeff"
# C0, DEL and C1 controls but for tab and newline; lone surrogates break every later export of a Label Studio project.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
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


def is_normal(text: str) -> bool:
    """Whether `normalise` would leave the text as it is."""
    return normalise(text)[0] == text


def sha256(text: str) -> str:
    """The hash of the text's UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def decode(raw: bytes, where: str) -> str:
    """Bytes as UTF-8 text; refuses what is binary, empty or in another encoding, saying where."""
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
    if not text.strip().strip(BOM):
        raise AcreError(f"{where}: empty: no text in {len(raw)} bytes; give a file with an article")
    return text


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
