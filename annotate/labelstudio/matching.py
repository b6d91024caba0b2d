"""Which article a task is of: by the article's id in its data, or by a text in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from pydantic import ValidationError

from annotate.corpus.store import Collections, Corpus
from annotate.labelstudio import config
from annotate.labelstudio.results import Task, TaskData, printable
from annotate.model import ids
from annotate.model.issues import AcreError, Issue
from annotate.model.records import Article
from annotate.model.text import normalise, sha256


class Match(NamedTuple):
    """What a task is of."""

    name: str
    """What it is called in messages and in the name of a file: by its article, or by its number."""
    article: Article | None = None
    """With its text; None where it can't be had."""
    issue: Issue | None = None
    """Why it can't; None where the corpus has no such article."""
    source: str | None = None
    """The text that was annotated, where another made the task, or it is not the article's to the letter."""
    version: str | None = None
    """The schema's version that it was made under; None of a task that ACRE did not make."""

    @property
    def is_stray(self) -> bool:
        """Whether the corpus has no article of the task's id or text."""
        return self.article is None and self.issue is None


class Articles:
    """The articles that tasks may be of: the corpus's, and others that are not in it yet."""

    def __init__(self, corpus: Corpus, others: Iterable[Article] = ()) -> None:
        self._corpus = corpus
        self._others = {article.sha256: article for article in others}

    def of(self, task: Task) -> Match:
        """The task's article. Its text is compared with the article's before the marks are."""
        try:
            own = TaskData.model_validate(task.data)
        except ValidationError:
            own = None
        named = task.data.get("article")
        name = printable(named) if isinstance(named, str) and named else f"task {task.id}"
        version = own.schema_version if own else None
        try:
            article = self._named(task.data, own)
            if own and article is not None and article.text == own.text:
                return self._checked(Match(name, article, version=version))
            # Of our own tasks it is known which string was annotated; a title may say the same as its article.
            for value in [own.text] if own else _texts(task.data):
                digest = sha256(normalise(value)[0])
                same = article or self._by_text(digest)
                if same is not None and same.sha256 == digest:
                    return self._checked(Match(same.id, same, source=value, version=version))
            if article is None:
                return Match(name, version=version)
            if article.text is None:
                return self._checked(Match(name, article))
        except AcreError as error:
            return Match(name, issue=Issue("task", "article-unknown", str(error)), version=version)
        message = (
            "the task's text is not the article's; somebody edited one of them: restore it, then"
            " pull --all"
        )
        return Match(name, issue=Issue("task", "text-changed", message), version=version)

    def _named(self, data: dict[str, Any], own: TaskData | None) -> Article | None:
        name = data.get("article")
        if not isinstance(name, str) or not ids.ID.fullmatch(name):
            return None
        if own is not None and ids.ID.fullmatch(own.collection):
            return self._corpus.article(own.collection, name)
        return self._corpus.find(name)

    def _by_text(self, digest: str) -> Article | None:
        if digest in self._others:
            return self._others[digest]
        name = self._hashes.get(digest)
        return None if name is None else self._corpus.find(name)

    @cached_property
    def _hashes(self) -> dict[str, str]:
        return {article.sha256: article.id for article in self._corpus.articles(lenient=True)}

    @cached_property
    def _collections(self) -> Collections:
        return self._corpus.collections()

    def _checked(self, match: Match) -> Match:
        """The match; without its article where its text is not here, or nobody declared what of it may be kept."""
        assert match.article is not None
        self._collections.of(match.article)
        if match.article.text is not None:
            return match
        message = "its text is withheld and not here; put your own copy in place, then pull --all"
        return match._replace(article=None, issue=Issue("task", "article-unknown", message))


def _texts(data: dict[str, Any]) -> Iterator[str]:
    """The strings of a task's data that may be what was annotated, the longest first."""
    yield from sorted(
        (value for value in data.values() if isinstance(value, str)), key=len, reverse=True
    )


def annotated_text(task: Task) -> str | None:
    """The string of the task's data that was annotated: where the words of most regions stand at their offsets.

    Of several, the one that is called as ACRE calls it, or else the longest.
    """
    words = [quote for raw in task.annotations for quote in _words(raw)]
    return max(
        _texts(task.data),
        key=lambda value: (
            sum(value[start:end] == said for start, end, said in words),
            value == task.data.get(config.TEXT),
            len(value),
        ),
        default=None,
    )


def _words(annotation: Any) -> Iterator[tuple[int, int, str]]:
    result = annotation.get("result") if isinstance(annotation, dict) else None
    for entry in result if isinstance(result, list) else []:
        value = entry.get("value") if isinstance(entry, dict) else None
        if isinstance(value, dict):
            start, end, said = value.get("start"), value.get("end"), value.get("text")
            if type(start) is type(end) is int and isinstance(said, str):
                yield start, end, said
