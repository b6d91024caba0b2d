"""Identifiers: made from what they name, so that the same input gets the same one."""

from __future__ import annotations

import re
import unicodedata

from annotate.model.issues import UsageError

ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


def slug(text: str, length: int = 48) -> str:
    """Lower-case ASCII words joined by hyphens, cut at a word where that is possible."""
    plain = (
        unicodedata.normalize("NFKD", text)
        .encode("ascii", "ignore")
        .decode()
        .lower()
        .replace("'", "")
    )
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(words) > length:
        words = words[: length + 1].rpartition("-")[0] or words[:length]
    return words


def article_id(title: str, sha256: str) -> str:
    """The title's slug and ten digits of the text's hash: readable, and unique without a register.

    Ten, since six collide among some ten thousand articles of one title.
    """
    return f"{slug(title) or 'article'}-{sha256[:10]}"


def withheld_id(collection: str, sha256: str) -> str:
    """For an article whose text may not be redistributed: no word of its headline is in it."""
    return f"{collection}-{sha256[:10]}"


def label_name(words: str) -> str:
    """A label as a schema names it: lower-case words joined by underscores; empty where no letter a–z is in it.

    >>> label_name("Armed Group"), label_name("B-52")
    ('armed_group', 'b_52')
    """
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def check(kind: str, value: str) -> str:
    """The value, where it can stand in a file name on every system; UsageError where it can't."""
    if not ID.fullmatch(value):
        raise UsageError(
            f"{kind} {value!r}: use lower-case letters, digits, '-' and '_', 80 at most, a letter"
            " or digit first"
        )
    return value
