"""The corpus on disk: the only module that knows the paths under `corpus/`. Atomic writes, canonical bytes."""

from __future__ import annotations

import csv
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import ValidationError

from annotate.model import ids, text
from annotate.model.issues import AcreError, Issue, UsageError
from annotate.model.records import Annotation, Article, Gold, Record, Sentence

_ASSIGNED = ["article", "annotator"]
_SPLIT = ["article", "story", "split"]
SPLITS = ("train", "validation", "test", "real")

_RELEASE = re.compile(r"^## (\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)\)$", re.MULTILINE)

R = TypeVar("R", bound=Record)
A = TypeVar("A", bound=Annotation)


class StoreError(AcreError):
    """A file of the corpus that can't be read as what it should be; `issue` is the finding."""

    def __init__(self, where: object, message: str, code: str = "file-unreadable") -> None:
        self.issue = Issue(str(where), code, message)
        super().__init__(f"{where}: {message}")


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
    """False where the text may not be given on: the dataset then holds offsets, length and hash alone."""
    in_dataset: bool = True
    """False for texts that serve another end, as the qualification set does: they are loaded by name and never built."""
    available_from: str | None = None
    """Where a user gets the texts that are not shipped."""


class Annotator(Record):
    """Who or what stands behind a pseudonym."""

    kind: Literal["human", "machine"]
    description: str


@dataclass(frozen=True)
class Place:
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
            found = _RELEASE.search(self.changelog.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None, None
        return (found[1], found[2]) if found else (None, None)

    def baselines(self) -> dict[str, Any]:
        """What `acre score --json` printed of each system, by the system's name: `baselines/<name>.json`."""
        found = {}
        for path in sorted(self.root.glob("baselines/*.json")):
            try:
                found[path.stem] = json.loads(path.read_bytes())
            except ValueError as error:
                raise StoreError(
                    path, f"{_one_line(error)}; write it with: acre score --json"
                ) from None
        return found

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

    def review_path(self, migration: str) -> Path:
        """What people must look at again after the migration."""
        return self.root / "reviews" / f"{ids.check('migration', migration)}.csv"

    def sheet_path(self, name: str) -> Path:
        """What the sheet `<article>.<hash>` was made from; not part of the dataset."""
        article, _dot, number = name.partition(".")
        return (
            self.root
            / "aside"
            / "sheets"
            / f"{ids.check('article id', article)}.{ids.slug(number)}.json"
        )

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

    def collections(self) -> dict[str, Collection]:
        """By name, from `collections.yaml`."""
        path = self.root / "collections.yaml"
        if not path.exists():
            raise UsageError(
                f"{path}: no such file; is {self.root} a corpus? name one with --corpus"
            )
        return _entries(path, Collection)

    def annotators(self) -> dict[str, Annotator]:
        """By pseudonym, from `annotators.yaml`; a pseudonym that is not there is a person's."""
        path = self.root / "annotators.yaml"
        return _entries(path, Annotator) if path.exists() else {}

    def kind(self, annotator: str) -> Literal["human", "machine"]:
        """What stands behind the pseudonym."""
        about = self.annotators().get(annotator)
        return about.kind if about else "human"

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
        """Every article, sorted by id, one at a time; lenient, those that can't be read are passed over: `walk` tells them."""
        for name, collection in sorted(_names(self.root / "articles", ".yaml")):
            try:
                yield self._read_article(self.root / "articles" / collection / f"{name}.yaml")
            except StoreError:
                if not lenient:
                    raise

    def article(self, collection: str, article: str) -> Article | None:
        """One article, or None where the corpus has none of that id in the collection."""
        path = self._article_path(collection, article)
        return self._read_article(path) if path.exists() else None

    def _read_article(self, path: Path) -> Article:
        try:
            fields = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            article = Article.model_validate(fields)
        except (yaml.YAMLError, ValidationError) as error:
            raise StoreError(path, f"{_one_line(error)}; correct the file") from None
        if (article.collection, article.id) != (path.parent.name, path.stem):
            found = (
                f"it says that it is {article.collection}/{article.id}; move the file, or"
                " correct it"
            )
            raise StoreError(path, found, "file-misplaced")
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
        there = self._read_article(path) if path.exists() else None
        if there is not None and there.sha256 != article.sha256:
            raise StoreError(
                path, "another text has this id; nothing was written: give this one another title"
            )
        fields = article.model_dump(mode="json", exclude={"text", "zones"}, exclude_none=True)
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
        return self._article_path(article.collection, article.id).with_suffix(".sentences.json")

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
        except (ValueError, TypeError) as error:
            found = (
                _one_line(error)
                if isinstance(error, ValidationError)
                else "not rows of start, end, digest, tokens"
            )
            raise StoreError(
                path, f"{found}; restore the file, or write it anew with: acre rehydrate"
            ) from None

    def write_sentences(self, article: Article, sentences: Sequence[Sentence]) -> None:
        """Offsets and digests alone, a sentence a line: what the dataset is built from where the text is withheld."""
        rows = (
            _compact(
                [
                    found.start,
                    found.end,
                    found.digest,
                    [edge for token in found.tokens for edge in token],
                ]
            )
            for found in sentences
        )
        write(self._sentences_path(article), ("[\n" + ",\n".join(rows) + "\n]\n").encode())

    def annotated(self) -> Iterator[tuple[Article, Annotation, str]]:
        """Every pass and every gold, one at a time, with its article and its file's path in the corpus.

        StoreError at the first file that can't be read.
        """
        for found in self.walk():
            if isinstance(found, StoreError):
                raise found
            article, annotations = found
            for where, annotation in annotations.items():
                yield article, annotation, where

    def walk(self) -> Iterator[tuple[Article, dict[str, Annotation]] | StoreError]:
        """Each article with its passes and its gold, by their files' paths in the corpus; one article is held at a time.

        What can't be read comes as a StoreError in its place, and what is left goes on.
        """
        annotators = sorted(folder.name for folder in self.root.glob("annotations/*/"))
        names = sorted(_names(self.root / "articles", ".yaml"))
        for name, collection in names:
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
        known = {name for name, _collection in names}
        for folder in (
            *(self.root / "annotations" / annotator for annotator in annotators),
            self.root / "gold",
        ):
            strays = sorted(
                path for path in _files(folder, ".json") if path.removesuffix(".json") not in known
            )
            for stray in strays:
                found = (
                    f"there is no article {stray.removesuffix('.json')}; add it, or remove the"
                    " annotation"
                )
                yield StoreError(folder / stray, found, "article-unknown")

    def _annotation_paths(
        self, article: str, annotators: list[str]
    ) -> Iterator[tuple[Path, Callable[[Path], Annotation]]]:
        for annotator in annotators:
            path = self.root / "annotations" / annotator / f"{article}.json"
            if path.exists():
                yield path, read_annotation
        if self.gold_path(article).exists():
            yield self.gold_path(article), read_gold

    def passes(self) -> dict[str, list[str]]:
        """By article id, the annotators who have a pass over it."""
        found: dict[str, list[str]] = {}
        for name, annotator in sorted(_names(self.root / "annotations", ".json")):
            found.setdefault(name, []).append(annotator)
        return found

    def article_ids(self) -> frozenset[str]:
        """The ids of all articles, by their files' names."""
        return frozenset(name for name, _collection in _names(self.root / "articles", ".yaml"))

    @property
    def assignments_path(self) -> Path:
        """Who is to annotate what."""
        return self.root / "assignments.csv"

    def assignments(self) -> dict[str, tuple[str, ...]]:
        """By article id, the annotators to whom it was dealt; empty where nothing was."""
        found: dict[str, tuple[str, ...]] = {}
        for article, annotator in _rows(self.assignments_path, _ASSIGNED):
            found[article] = (*found.get(article, ()), annotator)
        return found

    def write_assignments(self, dealt: Mapping[str, Sequence[str]]) -> None:
        """One row for each article and annotator, sorted, so that a `git diff` shows what changed hands."""
        rows = (
            (article, annotator)
            for article, annotators in dealt.items()
            for annotator in annotators
        )
        _write_rows(self.assignments_path, _ASSIGNED, rows)

    @property
    def splits_path(self) -> Path:
        """Which article is in which split."""
        return self.root / "splits.csv"

    def splits(self) -> dict[str, Place]:
        """By article id, its story and its split, which is empty until it is dealt; nothing where there is no such file."""
        return {
            article: Place(story, split)
            for article, story, split in _rows(self.splits_path, _SPLIT, open_end=True)
        }

    def write_splits(self, places: Mapping[str, Place]) -> None:
        """One row for each article, sorted."""
        _write_rows(
            self.splits_path,
            _SPLIT,
            ((name, place.story, place.split) for name, place in places.items()),
        )

    def gold_path(self, article: str) -> Path:
        """Where the adjudicated annotation of the article is kept."""
        return self.root / "gold" / f"{ids.check('article id', article)}.json"

    def gold(self, article: str) -> Gold | None:
        """The adjudicated annotation of the article, where there is one."""
        path = self.gold_path(article)
        return read_gold(path) if path.exists() else None


def _rows(path: Path, heading: list[str], open_end: bool = False) -> Iterator[list[str]]:
    """The rows of a table of names, without its heading; none where there is no such file.

    The last name may be left out where the end is open.
    """
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file), 1):
            if number == 1 and row == heading:
                continue
            names = row[:-1] if open_end and row and not row[-1] else row
            if (
                number == 1
                or len(row) != len(heading)
                or not all(ids.ID.fullmatch(name) for name in names)
            ):
                raise StoreError(
                    f"{path}:{number}",
                    f"expected {','.join(heading)}, found {','.join(row)!r}; correct it",
                )
            yield row


def _write_rows(path: Path, heading: list[str], rows: Iterable[tuple[str, ...]]) -> None:
    lines = [",".join(row) for row in (heading, *sorted(rows))]
    write(path, "".join(f"{line}\n" for line in lines).encode())


def _names(folder: Path, suffix: str) -> Iterator[tuple[str, str]]:
    """(file's name without suffix, folder's name) of each file one folder down; names, since a Path costs ten times as much."""
    if not folder.is_dir():
        return
    for inner in os.scandir(folder):
        if inner.is_dir():
            yield from (
                (name.removesuffix(suffix), inner.name) for name in _files(Path(inner.path), suffix)
            )


def _files(folder: Path, suffix: str) -> Iterator[str]:
    """Names of the folder's files with the suffix; not those that are still being written."""
    if folder.is_dir():
        for file in os.scandir(folder):
            if file.name.endswith(suffix) and not file.name.startswith("."):
                yield file.name


def _entries(path: Path, record: type[R]) -> dict[str, R]:
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return {name: record.model_validate(entry) for name, entry in entries.items()}
    except (yaml.YAMLError, ValidationError, AttributeError) as error:
        raise StoreError(path, f"{_one_line(error)}; correct the file") from None


def read_annotation(path: Path) -> Annotation:
    """One annotator's pass; StoreError says what is wrong with the file."""
    annotation = _read(path, Annotation)
    if annotation.provenance.annotator != path.parent.name:
        found = f"it says that {annotation.provenance.annotator} made it; move the file"
        raise StoreError(path, found, "file-misplaced")
    return annotation


def read_gold(path: Path) -> Gold:
    """One adjudicated annotation; StoreError says what is wrong with the file."""
    return _read(path, Gold)


def _read(path: Path, record: type[A]) -> A:
    try:
        annotation = record.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise StoreError(
            path, f"{_one_line(error)}; pull the task again, or restore the file"
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
            rows = ",\n".join(f"  {_compact(row)}" for row in value)
            parts.append(f" {_compact(name)}: [\n{rows}\n ]")
        else:
            parts.append(f" {_compact(name)}: {_compact(value)}")
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def read_text(path: Path) -> str:
    """A UTF-8 file that a user named; UsageError where it can't be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or "not UTF-8"
        raise UsageError(f"{path}: {found}; give a file that can be read") from None


def write(path: Path, content: bytes) -> None:
    """Write all or nothing: a reader, or a run after a crash, sees the old file or the new one.

    A process that is killed outright may leave a hidden `*.part` beside the file; nothing here reads it, and git ignores it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(
            0o666 & ~umask
        )  # mkstemp makes it private; the corpus is to be shared
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _one_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}"
    return " ".join(str(error).split())
