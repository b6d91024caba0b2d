"""One search over all pages: an inverted index as a script, so that it works from a file as well."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words that a page is found by: lower case, without accents.

    >>> words("Célestin’s 12 men")
    ['celestin', 's', '12', 'men']
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))


@dataclass
class Index:
    """Pages, and by word the numbers of the pages that have it."""

    pages: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Kind, title, address, and the first words."""
    _of_word: dict[str, list[int]] = field(default_factory=dict)

    def add(self, kind: str, title: str, address: str, about: str, text: Iterable[str]) -> None:
        """A page, to be found by its title, by what it is about, and by its text."""
        number = len(self.pages)
        self.pages.append((kind, title, address, about[:200]))
        found = {*words(title), *words(about)}
        for part in text:
            found.update(words(part))
        for word in found:
            self._of_word.setdefault(word, []).append(number)

    def script(self) -> str:
        """The script that gives the index to the search page; titles and texts are data in it, never markup."""
        data = {"pages": self.pages, "words": dict(sorted(self._of_word.items()))}
        # A line separator of Unicode ends a line of JavaScript in older browsers, and "</" a script in a page.
        written = json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("</", "<\\/")
        return f'"use strict";\nwindow.acreIndex = {written};\n'
