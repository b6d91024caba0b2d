"""The sign of a claim: what its source does with the event, as a character, a tone and words. From `signs.yaml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from annotate.model import plain_yaml
from annotate.model.records import Record

FILE = Path(__file__).with_name("signs.yaml")


class Sign(Record):
    """How a claim is shown, so that neither colour nor shape alone tells it."""

    sign: str
    """One character."""
    tone: str
    """A class of the style sheet, which gives it a colour."""
    words: str


class Attributes(Record):
    """What the schema calls the answers that the pages show."""

    stance: str
    realis: str
    min: str
    max: str
    unverified: str
    value: str


class Signs(Record):
    """The file, whole."""

    attributes: Attributes
    answers: dict[str, str]
    """What an answer is called on a page for readers who do not know the schema."""
    kinds: dict[str, str]
    """What marks are called there, by kind."""
    tones: tuple[str, ...]
    stance: dict[str, Sign]
    realis: dict[str, Sign]
    put_forward: tuple[str, ...]
    """Stances of a source that vouches for what it says: then the realis decides."""
    own_voice: Sign
    mentioned: Sign
    other: Sign

    def of(self, row: dict[str, Any], in_own_voice: bool) -> Sign:
        """The sign of a row of the config `claims`.

        The army *denies* an attack, and the army writes in its own voice that *no* attack took place: both are `−`.
        """
        stance, realis = row.get(self.attributes.stance), row.get(self.attributes.realis)
        if in_own_voice or stance in self.put_forward:
            told = self.realis.get(str(realis))
            return told or (self.own_voice if in_own_voice else self.stance[str(stance)])
        if stance is None:
            return self.mentioned
        return self.stance.get(stance) or self.other.model_copy(update={"words": str(stance)})

    def alike(self, sign: Sign) -> Sign:
        """One sign for all that have its character and tone: what a source says, and what an article says itself."""
        known = (*self.stance.values(), *self.realis.values(), self.mentioned)
        same = (each for each in known if (each.sign, each.tone) == (sign.sign, sign.tone))
        return next(same, sign)


def tally(signs: Iterable[Sign]) -> tuple[tuple[Sign, int], ...]:
    """How many claims have which sign, those alike taken together; the most frequent first."""
    counts = Counter(map(load().alike, signs))
    return tuple(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0].sign)))


@cache
def load() -> Signs:
    """The signs of `FILE`."""
    return Signs.model_validate(plain_yaml.load(FILE.read_text(encoding="utf-8")))
