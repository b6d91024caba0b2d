"""The corpus on disk: the only module that knows the paths under `corpus/`. Atomic writes, canonical bytes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import ValidationError

from annotate.corpus.files import (
    UNREADABLE,
    compact,
    entries,
    file_names,
    names_below,
    one_line,
    table,
    write_table,
)
from annotate.corpus.files import Batch as Batch
from annotate.corpus.files import StoreError as StoreError
from annotate.corpus.files import read_text as read_text
from annotate.corpus.files import write as write
from annotate.model import ids, plain_yaml, text
from annotate.model.issues import UsageError
from annotate.model.records import Annotation, Article, Gold, Record, Sentence, StoryEvent, withhold

_ASSIGNED = ["article", "annotator"]
_SPLIT = ["article", "story", "split"]
_SENTENCES = ".sentences.json"
SPLITS = ("train", "validation", "test", "real")

_RELEASE = re.compile(r"^## (\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)\)$", re.MULTILINE)

A = TypeVar("A", bound=Annotation)


class Collection(Record):
    """Where a set of articles comes from, and what may be done with it."""

    title: str
    origin: str
    """Who wrote the texts, and how."""
    text_kind: Literal["invented", "news"]
    written_by: Literal["human", "machine"]
    licence: str
    """SPDX identifier, or `other`."""
    ships_text: bool
    """False where the text may not be redistributed: the dataset then holds offsets, length and hash alone."""
    in_dataset: bool = True
    """False for texts that serve another end, as the qualification set does: they are loaded by name, never built."""
    available_from: str | None = None
    """Where a user gets the texts that are not shipped."""


class Collections(dict[str, Collection]):
    """The declared collections, by name."""

    def of(self, article: Article) -> Collection:
        """The article's collection; StoreError where it is not declared."""
        if article.collection not in self:
            declared = ", ".join(sorted(self)) or "none"
            raise StoreError(
                article_file(article),
                f"no collection {article.collection!r} ({declared}); declare it in collections.yaml",
                "collection-unknown",
            )
        return self[article.collection]


class Annotator(Record):
    """Who or what stands behind a pseudonym."""

    kind: Literal["human", "machine"]
    description: str
    corrects: str | None = None
    """Of a second reader: whose passes they go through, mark by mark. Their own are the corrected ones."""


@dataclass(frozen=True)
class SplitRow:
    """Where `splits.csv` puts an article."""

    story: str
    """What two reports of one happening share; all of a story is in one split."""
    split: str


@dataclass(frozen=True)
class Corpus:
    """A corpus folder."""

    root: Path

    @property
    def card(self) -> Path:
        """The dataset card, generated."""
        return self.root / "README.md"

    @property
    def changelog(self) -> Path:
        """What each release changed, the newest first."""
        return self.root / "CHANGELOG.md"

    def release(self) -> tuple[str | None, str | None]:
        """Version and date of the newest release in the changelog; None and None where there is none."""
        try:
            heading = _RELEASE.search(self.changelog.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None, None
        except UNREADABLE as error:
            raise StoreError(self.changelog, f"{one_line(error)}; correct the file") from None
        return (heading[1], heading[2]) if heading else (None, None)

    def baselines(self) -> dict[str, Any]:
        """What `acre score --json` printed of each system, by the system's name: `baselines/<name>.json`."""
        scores = {}
        for path in sorted(self.root.glob("baselines/*.json")):
            try:
                scores[path.stem] = json.loads(path.read_bytes())
                if not isinstance(scores[path.stem]["rows"], list):
                    raise TypeError("its rows are no list")
            except UNREADABLE as error:
                raise StoreError(
                    path, f"{one_line(error)}; write it with: acre score --json"
                ) from None
        return scores

    def baseline_path(self, name: str) -> Path:
        """Where the scores of a system are kept."""
        return self.root / "baselines" / f"{name}.json"

    @property
    def data(self) -> Path:
        """The built dataset, generated."""
        return self.root / "data"

    def annotation_path(self, annotator: str, article: str) -> Path:
        """Where the annotator's pass over the article is kept."""
        return (
            self.root
            / "annotations"
            / ids.check("annotator", annotator)
            / f"{ids.check('article id', article)}.json"
        )

    def aside_path(self, annotator: str, article: str, which: str) -> Path:
        """Where an annotation that does not fit is kept in full, until it does; not part of the dataset."""
        # Both names may come from a server: nothing of them may lead out of the folder.
        return (
            self.root
            / "aside"
            / ids.slug(annotator, 80)
            / f"{ids.slug(article, 80)}.{ids.slug(which)}.json"
        )

    def set_aside(self) -> Iterator[tuple[str, Any]]:
        """Each annotation that `pull` set aside and that no pass stands for, by annotator: the JSON as written.

        A file that `pull` did not write so is passed over.
        """
        for path in sorted((self.root / "aside").glob("*/*.json")):
            try:
                kept = json.loads(path.read_bytes())
            except (OSError, ValueError, RecursionError):
                continue
            issues = kept.get("issues") if isinstance(kept, dict) else None
            if isinstance(issues, list) and all(isinstance(issue, str) for issue in issues):
                yield path.parent.name, kept

    def review_path(self, migration: str) -> Path:
        """What people must look at again after the migration."""
        return self.root / "reviews" / f"{ids.check('migration', migration)}.csv"

    def to_review(self) -> dict[str, int]:
        """By migration, how many marks its list still has, which nobody has looked at again; none where it has none."""
        counts = {path.stem: len(rows) - 1 for path, rows in self._review_lists()}
        return {migration: listed for migration, listed in counts.items() if listed > 0}

    def _review_lists(self) -> Iterator[tuple[Path, list[list[str]]]]:
        """Each list of what is to be looked at again, its heading first."""
        for path in sorted((self.root / "reviews").glob("*.csv")):
            try:
                yield path, list(csv.reader(read_text(path).splitlines()))
            except csv.Error as error:
                raise StoreError(path, f"{one_line(error)}; correct the file") from None

    def to_review_in(self, article: str) -> list[list[str]]:
        """The rows of these lists that tell of the article's gold: file, mark, label, start, end, why."""
        gold = f"gold/{article}.json"
        rows: list[list[str]] = []
        for _path, listed in self._review_lists():
            rows += (row for row in listed if row[:1] == [gold])
        return rows

    def settle_reviews(self, article: str) -> None:
        """Take these rows out: the article's gold has been read again. A list that has no other row goes."""
        gold = f"gold/{article}.json"
        for path, rows in self._review_lists():
            left = [row for row in rows if row[:1] != [gold]]
            if len(left) < 2:
                path.unlink()
            elif left != rows:
                content = io.StringIO()
                csv.writer(content, lineterminator="\n").writerows(left)
                write(path, content.getvalue().encode())

    def sheet_path(self, name: str) -> Path:
        """What the sheet `<article>.<hash>` was made from; not part of the dataset."""
        article, _dot, number = name.partition(".")
        return (
            self.root
            / "aside"
            / "sheets"
            / f"{ids.check('article id', article)}.{ids.slug(number)}.json"
        )

    def pull_path(self, key: str) -> Path:
        """How far a project of Label Studio has been pulled into this copy; not part of the dataset."""
        return self.root / "aside" / f"pulled-{ids.slug(key)}.json"

    def suggestion_path(self, version: str, article: str) -> Path:
        """What an extractor, by its name and version, suggested of an article to an annotator who began with it."""
        return (
            self.root
            / "suggestions"
            / ids.slug(version, 80)
            / f"{ids.check('article id', article)}.json"
        )

    def _article_path(self, collection: str, article: str) -> Path:
        return (
            self.root
            / "articles"
            / ids.check("collection", collection)
            / f"{ids.check('article id', article)}.yaml"
        )

    def collections(self) -> Collections:
        """By name, from `collections.yaml`."""
        path = self.root / "collections.yaml"
        if not path.exists():
            raise UsageError(
                f"{path}: no such file; is {self.root} a corpus? name one with --corpus"
            )
        state = path.stat()
        return _collections(path, state.st_mtime_ns, state.st_size)

    def annotators(self) -> dict[str, Annotator]:
        """By pseudonym, from `annotators.yaml`; a pseudonym that is not there is a person's."""
        path = self.root / "annotators.yaml"
        return entries(path, Annotator) if path.exists() else {}

    def kind(self, annotator: str) -> Literal["human", "machine"]:
        """What stands behind the pseudonym."""
        return self._annotator(annotator).kind

    def made_from(self, annotator: str) -> tuple[str, ...]:
        """Whose passes those of the pseudonym correct; empty where they are the annotator's own."""
        corrected = self._annotator(annotator).corrects
        return (corrected,) if corrected else ()

    def _annotator(self, pseudonym: str) -> Annotator:
        return self.annotators().get(pseudonym) or Annotator(kind="human", description="")

    def declared(self, pseudonym: str) -> Annotator:
        """One annotator; UsageError names those of `annotators.yaml`: a slip would make a pass a stranger's."""
        annotators = self.annotators()
        if pseudonym not in annotators:
            names = f" ({', '.join(sorted(annotators))})" if annotators else ""
            raise UsageError(
                f"{self.root / 'annotators.yaml'}: no annotator {pseudonym!r}{names}; add it there,"
                " with `kind: human` or `kind: machine` and a `description`"
            )
        return annotators[pseudonym]

    def collection(self, name: str) -> Collection:
        """One collection; UsageError names the known ones."""
        collections = self.collections()
        if name not in collections:
            known = ", ".join(sorted(collections))
            raise UsageError(
                f"{self.root / 'collections.yaml'}: no collection {name!r} ({known}); declare it"
                " there first"
            )
        return collections[name]

    def articles(self, lenient: bool = False) -> Iterator[Article]:
        """Every article, sorted by id, one at a time.

        Lenient, those that can't be read are passed over; `walk` reports them.
        """
        for name, collection in sorted(names_below(self.root / "articles", ".yaml")):
            try:
                yield self._read_article(self.root / "articles" / collection / f"{name}.yaml")
            except StoreError:
                if not lenient:
                    raise

    def find(self, article: str) -> Article | None:
        """The article of that id, or None where the corpus has none; StoreError where two collections have one."""
        if not ids.ID.fullmatch(article):
            return None
        name = f"{article}.yaml"
        paths = sorted(self.root.glob(f"articles/*/{name}"))
        if len(paths) > 1:
            folders = " and ".join(path.parent.name for path in paths)
            raise StoreError(
                name, f"the collections {folders} have an article of this id; remove one of them"
            )
        return self._read_article(paths[0]) if paths else None

    def article(self, collection: str, article: str) -> Article | None:
        """One article, or None where the corpus has none of that id in the collection."""
        path = self._article_path(collection, article)
        return self._read_article(path) if path.exists() else None

    def _read_article(self, path: Path) -> Article:
        try:
            fields = plain_yaml.load(path.read_text(encoding="utf-8"))
            article = Article.model_validate(fields)
        except UNREADABLE as error:
            raise StoreError(path, f"{one_line(error)}; correct the file") from None
        if (article.collection, article.id) != (path.parent.name, path.stem):
            message = (
                f"it says that it is {article.collection}/{article.id}; move the file, or"
                " correct it"
            )
            raise StoreError(path, message, "file-misplaced")
        body = path.with_suffix(".txt")
        if not body.exists():
            return article
        letters = body.read_bytes().decode("utf-8", errors="replace")
        if len(letters) != article.length or text.sha256(letters) != article.sha256:
            raise StoreError(
                body,
                f"text-damaged: {len(letters)} code points, hash {text.sha256(letters)[:12]}; the"
                f" metadata says {article.length}, {article.sha256[:12]}; restore the text, offsets"
                " point into it",
                "text-damaged",
            )
        return article.model_copy(update={"text": letters})

    def write_article(self, article: Article) -> None:
        """Metadata and text, one file each; the text's bytes are exactly its UTF-8.

        StoreError where another text has the id: offsets point into that one.
        """
        path = self._article_path(article.collection, article.id)
        present = self._read_article(path) if path.exists() else None
        if present is not None and present.sha256 != article.sha256:
            raise StoreError(
                path, "another text has this id; nothing was written: give this one another title"
            )
        left_out = {"text", "zones"} if article.cites else {"text", "zones", "cites"}
        fields = article.model_dump(mode="json", exclude=left_out, exclude_none=True)
        head = yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=120)
        # One zone a line: a person can read and correct them.
        zones = "".join(
            f"- {{kind: {zone.kind}, start: {zone.start}, end: {zone.end}}}\n"
            for zone in article.zones
        )
        if article.text is not None:
            write(path.with_suffix(".txt"), article.text.encode())
        write(path, f"{head}zones:\n{zones}".encode())

    def write_text(self, article: Article) -> None:
        """The article's text alone, beside its metadata; it must be the one that the metadata tell of."""
        if article.text is None or text.sha256(article.text) != article.sha256:
            raise StoreError(article.id, "the text is not the article's; nothing was written")
        write(
            self._article_path(article.collection, article.id).with_suffix(".txt"),
            article.text.encode(),
        )

    def _sentences_path(self, article: Article) -> Path:
        return self._article_path(article.collection, article.id).with_suffix(_SENTENCES)

    def sentences(self, article: Article) -> tuple[Sentence, ...] | None:
        """The kept sentences of an article whose text is withheld; None where none are kept."""
        path = self._sentences_path(article)
        if not path.exists():
            return None
        try:
            rows = json.loads(path.read_bytes())
            return tuple(
                Sentence(
                    start=start,
                    end=end,
                    digest=digest,
                    tokens=tuple(zip(edges[::2], edges[1::2], strict=True)),
                )
                for start, end, digest, edges in rows
            )
        except UNREADABLE as error:
            fault = (
                one_line(error)
                if isinstance(error, ValidationError)
                else "not rows of start, end, digest, tokens"
            )
            raise StoreError(
                path, f"{fault}; restore the file, or write it anew with: acre rehydrate"
            ) from None

    def write_sentences(self, article: Article, sentences: Sequence[Sentence]) -> None:
        """Offsets and digests alone, a sentence a line: what the dataset is built from where the text is withheld."""
        rows = []
        for sentence in sentences:
            edges = list(chain.from_iterable(sentence.tokens))
            rows.append(compact([sentence.start, sentence.end, sentence.digest, edges]))
        write(self._sentences_path(article), ("[\n" + ",\n".join(rows) + "\n]\n").encode())

    def annotated(self) -> Iterator[tuple[Article, Annotation, str]]:
        """Every pass and every gold, one at a time, with its article and its file's path in the corpus.

        StoreError at the first file that can't be read.
        """
        for step in self.walk():
            if isinstance(step, StoreError):
                raise step
            article, annotations = step
            for where, annotation in annotations.items():
                yield article, annotation, where

    def article_names(self) -> list[tuple[str, str]]:
        """(id, collection) of every article, sorted, by their files' names."""
        return sorted(names_below(self.root / "articles", ".yaml"))

    def walk(
        self, names: Sequence[tuple[str, str]] | None = None
    ) -> Iterator[tuple[Article, dict[str, Annotation]] | StoreError]:
        """Each article with its passes and its gold, by their files' paths in the corpus; each file is read once.

        One article is held at a time. What can't be read comes as a StoreError in its place, and the rest follows;
        last come the `strays`. With `names`, of (id, collection), those articles alone.
        """
        annotators = self._annotator_folders()
        for name, collection in self.article_names() if names is None else names:
            annotations: dict[str, Annotation] = {}
            try:
                article = self._read_article(self.root / "articles" / collection / f"{name}.yaml")
            except StoreError as error:
                yield error
                continue
            for path, read in self._annotation_paths(name, annotators):
                try:
                    annotations[str(path.relative_to(self.root))] = read(path)
                except StoreError as error:
                    yield error
            yield article, annotations
        if names is None:
            yield from self.strays()

    def _annotator_folders(self) -> list[str]:
        return sorted(folder.name for folder in self.root.glob("annotations/*/"))

    def strays(self) -> Iterator[StoreError]:
        """Annotations of articles that there are not."""
        known = self.article_ids()
        annotators = (self.root / "annotations" / name for name in self._annotator_folders())
        for folder in (*annotators, self.root / "gold"):
            strays = sorted(
                path
                for path in file_names(folder, ".json")
                if path.removesuffix(".json") not in known
            )
            for stray in strays:
                message = (
                    f"there is no article {stray.removesuffix('.json')}; add it, or remove the"
                    " annotation"
                )
                yield StoreError(folder / stray, message, "article-unknown")

    def _annotation_paths(
        self, article: str, annotators: list[str]
    ) -> Iterator[tuple[Path, Callable[[Path], Annotation]]]:
        for annotator in annotators:
            path = self.root / "annotations" / annotator / f"{article}.json"
            if path.exists():
                yield path, read_annotation
        if self.gold_path(article).exists():
            yield self.gold_path(article), read_gold

    def files_of(self, name: str, collection: str) -> Iterator[Path]:
        """All files that are kept of an article, whether or not they can be read."""
        metadata = self.root / "articles" / collection / f"{name}.yaml"
        for path in (metadata, metadata.with_suffix(".txt"), metadata.with_suffix(_SENTENCES)):
            if path.exists():
                yield path
        yield from (path for path, _read in self._annotation_paths(name, self._annotator_folders()))

    def built_path(self, article: str) -> Path:
        """Where what is built of the article is kept until one of its files changes; not part of the dataset."""
        return self.root / "aside" / "built" / f"{article}.part"

    def passes(self) -> dict[str, list[str]]:
        """By article id, the annotators who have a pass over it."""
        annotators: dict[str, list[str]] = {}
        for name, annotator in sorted(names_below(self.root / "annotations", ".json")):
            annotators.setdefault(name, []).append(annotator)
        return annotators

    def article_ids(self) -> frozenset[str]:
        """The ids of all articles, by their files' names."""
        return frozenset(name for name, _collection in names_below(self.root / "articles", ".yaml"))

    @property
    def assignments_path(self) -> Path:
        """Who is to annotate what."""
        return self.root / "assignments.csv"

    def assignments(self) -> dict[str, tuple[str, ...]]:
        """By article id, the annotators to whom it is assigned; empty where nothing is."""
        annotators: dict[str, tuple[str, ...]] = {}
        for article, annotator in table(self.assignments_path, _ASSIGNED):
            annotators[article] = (*annotators.get(article, ()), annotator)
        return annotators

    def write_assignments(self, assignments: Mapping[str, Sequence[str]]) -> None:
        """One row for each article and annotator, sorted, so that a `git diff` shows what changed hands."""
        rows: list[tuple[str, ...]] = []
        for article, annotators in assignments.items():
            rows += [(article, annotator) for annotator in annotators]
        write_table(self.assignments_path, _ASSIGNED, rows)

    @property
    def splits_path(self) -> Path:
        """Which article is in which split."""
        return self.root / "splits.csv"

    def splits(self) -> dict[str, SplitRow]:
        """By article id, its story and its split, which is empty until it is assigned; nothing without a file."""
        return {
            article: SplitRow(story, split)
            for article, story, split in table(self.splits_path, _SPLIT, open_end=True)
        }

    def write_splits(self, rows: Mapping[str, SplitRow]) -> None:
        """One row for each article, sorted."""
        write_table(
            self.splits_path, _SPLIT, ((name, row.story, row.split) for name, row in rows.items())
        )

    def stories(self) -> dict[str, dict[str, StoryEvent]]:
        """By story, from `stories/<story>.yaml`, the events that several of its articles tell of, by name."""
        folder = self.root / "stories"
        names = sorted(file_names(folder, ".yaml")) if folder.is_dir() else []
        return {name.removesuffix(".yaml"): entries(folder / name, StoryEvent) for name in names}

    def gold_path(self, article: str) -> Path:
        """Where the adjudicated annotation of the article is kept."""
        return self.root / "gold" / f"{ids.check('article id', article)}.json"

    def gold_ids(self) -> list[str]:
        """The ids of the articles that have gold, sorted, by their files' names."""
        names = file_names(self.root / "gold", ".json")
        return sorted(name.removesuffix(".json") for name in names)

    def gold(self, article: str) -> Gold | None:
        """The adjudicated annotation of the article, where there is one."""
        path = self.gold_path(article)
        return read_gold(path) if path.exists() else None

    def shipped(self, annotation: A, article: Article) -> A:
        """The annotation as it may be kept: without the marked words where the text may not be redistributed."""
        return annotation if self.collections().of(article).ships_text else withhold(annotation)

    def write_annotation(self, annotation: Annotation, article: Article) -> None:
        """The annotator's pass over the article, or its gold, in its place; see `shipped` for what is left out."""
        if isinstance(annotation, Gold):
            path = self.gold_path(article.id)
        else:
            path = self.annotation_path(annotation.provenance.annotator, article.id)
        write(path, dump(self.shipped(annotation, article)))

    def write_suggestion(self, suggestion: Annotation, version: str, article: Article) -> None:
        """What an extractor suggested of the article, in its place; see `shipped` for what is left out."""
        write(self.suggestion_path(version, article.id), dump(self.shipped(suggestion, article)))


@lru_cache(maxsize=8)
def _collections(path: Path, changed: int, size: int) -> Collections:
    """Read anew when the file was changed: every file of a withheld text that is written asks for it."""
    return Collections(entries(path, Collection))


def article_file(article: Article) -> str:
    """Where the article's metadata are, as a path in the corpus: how messages name the article."""
    return f"articles/{article.collection}/{article.id}.yaml"


def sentences_file(article: Article) -> str:
    """Where the kept sentences of an article are, as a path in the corpus."""
    return f"articles/{article.collection}/{article.id}.sentences.json"


def read_annotation(path: Path) -> Annotation:
    """One annotator's pass; StoreError says what is wrong with the file."""
    annotation = _read(path, Annotation)
    if annotation.provenance.annotator != path.parent.name:
        message = f"it says that {annotation.provenance.annotator} made it; move the file"
        raise StoreError(path, message, "file-misplaced")
    return annotation


def read_gold(path: Path) -> Gold:
    """One adjudicated annotation; StoreError says what is wrong with the file."""
    return _read(path, Gold)


def _read(path: Path, record: type[A]) -> A:
    try:
        annotation = record.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        raise StoreError(
            path, f"{one_line(error)}; pull the task again, or restore the file"
        ) from None
    if annotation.article != path.stem:
        raise StoreError(
            path, f"it says that it is of {annotation.article}; rename the file", "file-misplaced"
        )
    return annotation


def dump(annotation: Annotation) -> bytes:
    """Canonical JSON: what is empty is left out, one mark a line, so that a `git diff` reads well."""
    fields = annotation.model_dump(mode="json", exclude_defaults=True)
    parts = []
    for name, value in fields.items():
        if isinstance(value, list):
            rows = ",\n".join(f"  {compact(row)}" for row in value)
            parts.append(f" {compact(name)}: [\n{rows}\n ]")
        else:
            parts.append(f" {compact(name)}: {compact(value)}")
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()
