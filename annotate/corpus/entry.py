"""An article with all that the corpus keeps of it; and what a check is that is shown one entry after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from annotate.corpus.store import Corpus
from annotate.model.issues import Issue
from annotate.model.records import Annotation, Article, Sentence


@dataclass(frozen=True)
class Entry:
    """An article of a corpus; each of its files is read once, whoever asks."""

    corpus: Corpus
    article: Article
    annotations: Mapping[str, Annotation]
    """Its passes and its gold, by their files' paths in the corpus."""
    issues: Mapping[str, Sequence[Issue]]
    """What the rules find in each annotation, by the same paths."""

    @cached_property
    def sentences(self) -> tuple[Sentence, ...] | None:
        """The kept sentences of a withheld text, None where none are kept; StoreError where they can't be read."""
        return self.corpus.sentences(self.article)


class Check(Protocol):
    """A check that is shown each entry of a corpus once, in the order of ids."""

    def article(self, entry: Entry) -> Iterator[Issue]:
        """What is wrong with the entry."""

    def rest(self) -> Iterator[Issue]:
        """What is wrong with all of them together."""
