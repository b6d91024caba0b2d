"""Events that several articles of a story tell of: by mark, and a check that each mark is there, and joined once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from annotate.corpus.entry import Entry
from annotate.corpus.store import Corpus
from annotate.model.issues import Issue
from annotate.model.records import Gold


class Stories:
    """What each article has in common with others."""

    def __init__(self, corpus: Corpus) -> None:
        self._rows = corpus.splits()
        self._joined: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        """By story and article, the joined event of each mark."""
        for story, events in corpus.stories().items():
            for name, event in events.items():
                for article, marks in event.marks.items():
                    self._joined[story, article] |= dict.fromkeys(marks, f"{story}/{name}")

    def of(self, article: str) -> tuple[str | None, Mapping[str, str]]:
        """The article's story, None where it is in none; and by event mention of its gold, `<story>/<event>`."""
        row = self._rows.get(article)
        if row is None or not row.story:
            return None, {}
        return row.story, self._joined.get((row.story, article), {})


class StoryCheck:
    """Joins of stories, articles or marks that there are not, and marks that are in two of them.

    Is shown each article once (`entry.Check`); of each article in a story the ids of its event mentions are held.
    """

    def __init__(self, corpus: Corpus) -> None:
        self._stories = corpus.stories()
        self._rows = corpus.splits() if self._stories else {}
        self._told: dict[str, frozenset[str]] = {}
        """By article, the event mentions of its gold."""
        self._joined = {
            article
            for events in self._stories.values()
            for event in events.values()
            for article in event.marks
        }

    def article(self, entry: Entry) -> Iterator[Issue]:
        """Nothing yet: keeps what the article's gold tells of."""
        if entry.article.id in self._joined:
            for annotation in entry.annotations.values():
                if isinstance(annotation, Gold):
                    ids = frozenset(event.id for event in annotation.event_mentions)
                    self._told[entry.article.id] = ids
        yield from ()

    def rest(self) -> Iterator[Issue]:
        """What is wrong with each joined event, in the order of the files."""
        for story, events in self._stories.items():
            where = f"stories/{story}.yaml"
            owners: dict[tuple[str, str], str] = {}
            for name, event in events.items():
                for article, marks in event.marks.items():
                    row = self._rows.get(article)
                    if row is None or row.story != story:
                        message = (
                            f"{name}: splits.csv has no article {article} in the story {story};"
                            " correct the id, or the file's name"
                        )
                        yield Issue(where, "story-unknown", message)
                        continue
                    for mark in marks:
                        yield from self._mark(where, name, article, mark, owners)

    def _mark(
        self, where: str, name: str, article: str, mark: str, owners: dict[tuple[str, str], str]
    ) -> Iterator[Issue]:
        """A mark that gold does not have, or that another event, or this one, has already."""
        if mark not in self._told.get(article, frozenset()):
            message = (
                f"{name}: {mark} is no event mention of gold/{article}.json; name the mark that"
                " tells of it, or take it out"
            )
            yield Issue(where, "story-mark", message)
        owner = owners.setdefault((article, mark), name)
        if owner != name:
            message = f"{name}: {mark} of {article} is in {owner} already; leave it in one"
            yield Issue(where, "story-mark", message)
