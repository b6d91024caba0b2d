"""An article with its annotation becomes the inline notation, or a foreign format, and back."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from annotate.corpus import store, validate
from annotate.corpus.store import Corpus
from annotate.formats import FORMATS, Document, Dropped, Export, re3d
from annotate.formats.document import FormatError
from annotate.formats.labelmap import LabelMap
from annotate.model import graph, notation
from annotate.model.issues import AcreError, Issue, Severity, UsageError, errors
from annotate.model.records import Annotation, Article, Gold, Provenance, the_pass, withhold
from annotate.model.schema import Schema
from annotate.model.text import difference, normalise, sha256

TOOL = "inline notation"
RE3D = "re3d"
BRAT = "brat"


class ConvertError(AcreError):
    """A notation that is not of the article that it is said to be of."""


@dataclass(frozen=True)
class Converted:
    """What became of a notation, or of a document in a format."""

    annotation: Annotation
    issues: tuple[Issue, ...]
    changed: bool
    """Whether the annotator's file was written: not where there are errors, nor where nothing changed."""


@dataclass(frozen=True)
class Outcome:
    """What became of a document in a file."""

    where: str
    article: str | None = None
    converted: Converted | None = None
    note: str | None = None
    """How its article was known, or why it is no pass."""
    issues: tuple[Issue, ...] = ()
    """What is wrong with the file, where nothing could be converted."""
    dropped: Dropped = field(default_factory=Counter)
    defaults: Counter[str] = field(default_factory=Counter)


def find(corpus: Corpus, name: str) -> Article:
    """The article of that id with its text; ConvertError where there is none."""
    article = corpus.find(name)
    if article is None or article.text is None:
        message = (
            "is not in the corpus"
            if article is None
            else "has its text withheld, and it is not here"
        )
        raise ConvertError(f"article {name} {message}; add it first")
    return article


def to_notation(corpus: Corpus, article: Article, annotator: str | None) -> str:
    """The article with its marks, chosen as by `annotation_of`; bare where a named annotator has none yet."""
    annotation = annotation_of(corpus, article, annotator)
    if annotation is None and annotator is None:
        raise ConvertError(
            f"{article.id} has no gold and no only pass; adjudicate it, or name --annotator"
        )
    return notation.render(
        article.text or "",
        annotation
        or Annotation(
            article=article.id,
            sha256=article.sha256,
            provenance=_made(corpus, str(annotator), "0.0.0"),
        ),
    )


def from_notation(
    corpus: Corpus,
    schema: Schema,
    article: Article,
    annotator: str,
    source: str,
    where: str,
    force: bool = False,
) -> Converted:
    """The annotation that the notation makes, written as the annotator's pass where it is valid.

    The text without its marks must be the article's to the letter. A pass that says the same keeps its file; one that
    says more is replaced with `force` alone.
    """
    made = _made(corpus, annotator, schema.version)
    text, annotation = notation.parse(source, schema, article.id, article.sha256, made, where)
    if text != article.text:
        raise ConvertError(f"{where}: {difference(text, article.text or '')}")
    return _write(corpus, article, annotation, validate.check(annotation, article, schema), force)


def annotation_of(corpus: Corpus, article: Article, annotator: str | None) -> Annotation | None:
    """The annotator's pass; without one, gold, or else the pass that counts. None where that is not there."""
    if annotator is not None:
        path = corpus.annotation_path(annotator, article.id)
        return store.read_annotation(path) if path.exists() else None
    gold = corpus.gold(article.id)
    if gold is not None:
        return gold
    names = corpus.passes().get(article.id, [])
    return the_pass(
        [store.read_annotation(corpus.annotation_path(name, article.id)) for name in names]
    )


def to_format(article: Article, annotation: Annotation, schema: Schema, name: str) -> Export:
    """The document in the format; AcreError where it is not valid, or its text is not here."""
    faults = errors(validate.check(annotation, article, schema))
    if faults:
        raise ConvertError(f"{article.id}: {faults[0]} ({len(faults)} errors); correct it first")
    written: Export = FORMATS[name].write(article, annotation, schema)
    if isinstance(annotation, Gold):
        written.dropped["records of where a unit of gold came from"] += len(annotation.decisions)
    return written


def from_files(
    corpus: Corpus,
    schema: Schema,
    paths: Iterable[Path],
    name: str,
    annotator: str,
    labels: LabelMap | None = None,
    force: bool = False,
) -> Iterator[Outcome]:
    """What the files and folders hold in the format, each document written as the annotator's pass where it is valid.

    What can't be read is told in its place, and the rest goes on.
    """
    known = _Known(corpus)
    labels = labels or LabelMap()
    done: dict[str, str] = {}
    for where, files in _groups(list(paths), name):
        try:
            documents = (re3d if name == RE3D else FORMATS[name]).documents(files, where)
        except AcreError as error:
            yield _failed(where, "file-unreadable", error)
            continue
        for document in documents:
            yield _outcome(document, known, done, schema, name, annotator, labels, force)


def _failed(where: str, code: str, error: AcreError, article: str | None = None) -> Outcome:
    # The message of an error says where itself, often to the line.
    match = re.fullmatch(
        rf"({re.escape(where)}[^\s:]*(?::\d+)?): (.*)", str(error), flags=re.DOTALL
    )
    issue = Issue(match[1], code, match[2]) if match else Issue(where, code, str(error))
    return Outcome(where, article, issues=(issue,))


def _outcome(
    document: Document,
    known: _Known,
    done: dict[str, str],
    schema: Schema,
    name: str,
    annotator: str,
    labels: LabelMap,
    force: bool,
) -> Outcome:
    """What becomes of one document; `done` holds the articles of this run, and where each was read."""
    where = document.where
    if document.idle is not None:
        issue = Issue(where, "task-repeated", document.idle)
        return (
            Outcome(where, issues=(issue,))
            if document.is_torn
            else Outcome(where, note=f"{document.idle}; nothing to read")
        )
    try:
        article, how = known.article(document)
    except AcreError as error:
        return _failed(where, "article-unknown", error)
    if article.id in done:
        message = (
            f"{article.id} was read from {done[article.id]} already; give one annotator's files at"
            " a time"
        )
        return Outcome(where, article.id, issues=(Issue(where, "task-repeated", message),))
    done[article.id] = where
    made = _made(known.corpus, annotator, schema.version, f"{name} file")
    try:
        taken = (re3d if name == RE3D else FORMATS[name]).read(
            document, article, schema, made, labels
        )
        checked = validate.check(taken.annotation, article, schema)
        issues = [*taken.issues, *_summed(checked, taken.annotation)]
        if not any(taken.annotation.layers().values()) and +taken.dropped and not labels.is_foreign:
            told = ", ".join(f"{count} {what}" for what, count in sorted(taken.dropped.items()))
            issues.append(
                Issue(
                    article.id,
                    "pass-shorter",
                    f"nothing of it could be read ({told}); see docs/formats.md",
                )
            )
        converted = _write(known.corpus, article, taken.annotation, issues, force)
    except AcreError as error:
        return _failed(where, "file-unreadable", error, article.id)
    return Outcome(where, article.id, converted, how, (), taken.dropped, taken.defaults)


def _summed(issues: Iterable[Issue], annotation: Annotation) -> Iterator[Issue]:
    """The issues, with one for each required answer that nobody was asked, in place of one for each mark without it."""
    missing: Counter[str] = Counter()
    for issue in issues:
        name = next(
            (name for name in annotation.provenance.unasked if f"has no {name};" in issue.message),
            None,
        )
        if (
            issue.code == "attribute-missing"
            and issue.severity is Severity.WARNING
            and name is not None
        ):
            missing[name] += 1
        else:
            yield issue
    for name, count in missing.items():
        message = (
            f"{count} marks have no {name}, which the file does not tell; answer it, or give"
            f" --default {name}=ANSWER"
        )
        yield Issue(annotation.article, "attribute-missing", message, Severity.WARNING)


class _Known:
    """The corpus's articles by what a file may know them by; all are read once, where a name does not do."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus

    @cached_property
    def _keys(self) -> dict[str, str]:
        keys: dict[str, str] = {}
        for article in self.corpus.articles(lenient=True):
            keys.setdefault(article.sha256, article.id)
            for key in (article.url, None if article.text is None else _squeezed(article.text)):
                if key:
                    keys.setdefault(key, article.id)
        return keys

    def article(self, document: Document) -> tuple[Article, str | None]:
        """The document's article and, where it is not known by its name, by what it is; AcreError where there
        is none.
        """
        text = None if document.text is None else normalise(document.text)[0]
        named = [*document.names, Path(document.where).name, Path(document.where).stem]
        other: Article | None = None
        for name in named:
            article = self.corpus.find(name)
            if article is not None and self._is_of(document, text, article):
                return article, None if name in named[-2:] else f"is {name}, by the name in it"
            other = other or article
        keys = {
            "its text": text and sha256(text),
            "its tokens": document.tokens and _squeezed("".join(document.tokens)),
        }
        for how, key in keys.items():
            if key and key in self._keys:
                return find(self.corpus, self._keys[key]), f"is {self._keys[key]}, by {how}"
        for name in document.names:
            if name.removeprefix("urn:sha256:") in self._keys:
                key = self._keys[name.removeprefix("urn:sha256:")]
                return find(self.corpus, key), f"is {key}, by its source"
        if other is None:
            raise FormatError(
                f"{document.where}: no article has its name or its text; add it first, with:"
                " acre add"
            )
        if other.text is None:
            raise FormatError(
                f"{document.where}: the text of {other.id} is withheld; put yours in place with:"
                " acre rehydrate"
            )
        if text is not None:
            raise FormatError(f"{document.where}: {difference(text, other.text)}")
        return other, None  # its reader says where the tokens are others

    def _is_of(self, document: Document, text: str | None, article: Article) -> bool:
        """Whether the text or the tokens that the document comes with, if any, are the article's."""
        if article.text is None:
            return False
        if text == article.text:
            return True
        if document.tokens:
            return _squeezed("".join(document.tokens)) == _squeezed(article.text)
        return text is None


def _squeezed(text: str) -> str:
    """The hash of the text without its white space: tokens do not tell where that is."""
    letters = re.sub(r"\s", "", normalise(text)[0])
    return f"letters {sha256(letters)}"


def _groups(paths: Sequence[Path], name: str) -> Iterator[tuple[str, dict[str, bytes]]]:
    """(where, contents by suffix) of the files that make a document, or hold several.

    A path is a file, or a folder of files in the format; of re3d, a folder of its own.
    """
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder; name files in the format {name}")
    if name == RE3D:
        for path in paths:
            yield (
                str(path),
                {part: _bytes(path / part) for part in re3d.SUFFIXES if (path / part).is_file()},
            )
        return
    suffixes: tuple[str, ...] = FORMATS[name].SUFFIXES
    files: dict[Path, None] = {}
    for path in paths:
        inside = (
            sorted(inner for inner in path.iterdir() if inner.is_file())
            if path.is_dir()
            else [path]
        )
        # A file that is named may have any suffix: CoNLL's have a dozen.
        is_free = not path.is_dir() and len(suffixes) == 1
        files |= dict.fromkeys(
            inner for inner in inside if is_free or inner.suffix.lower() in suffixes
        )
    if name == BRAT:
        yield from _standoff(list(files))
        return
    for path in files:
        yield str(path), {suffixes[0]: _bytes(path)}


def _standoff(paths: Sequence[Path]) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Each `.ann` with its text: the `.txt` beside it, or the one of the others whose name its own begins with.

    So is the text of `flood_ana.ann` and `flood_ben.ann` in another folder's `flood.txt`.
    """
    texts = {path.stem: path for path in paths if path.suffix.lower() == ".txt"}
    marks = [path for path in paths if path.suffix.lower() == ".ann"]
    marks += [
        twin
        for path in texts.values()
        if (twin := path.with_suffix(".ann")).is_file() and twin not in marks
    ]
    for path in marks:
        beside = path.with_suffix(".txt")
        prefixes = (
            path.stem[:end]
            for end in range(len(path.stem), 0, -1)
            if not path.stem[end : end + 1].isalnum()
        )
        other = next((texts[prefix] for prefix in prefixes if prefix in texts), None)
        text = beside if beside.is_file() else other
        files = {".ann": _bytes(path)} | ({} if text is None else {".txt": _bytes(text)})
        yield str(path.with_suffix("")), files


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give a file that can be read") from None


def _write(
    corpus: Corpus,
    article: Article,
    annotation: Annotation,
    issues: Sequence[Issue],
    force: bool = False,
) -> Converted:
    """A pass that says the same keeps its file; one made with another tool is never replaced, a longer one
    not without `force`.
    """
    tool = annotation.provenance.tool
    path = corpus.annotation_path(annotation.provenance.annotator, article.id)
    old = store.read_annotation(path) if path.exists() else None
    if errors(issues) or (old is not None and _is_same(old, annotation)):
        return Converted(annotation, tuple(issues), False)
    if old is not None and old.provenance.tool != tool:
        raise ConvertError(
            f"{path}: made with {old.provenance.tool}; give this pass another --annotator"
        )
    if old is not None:
        kept = annotation.provenance.model_copy(update={"created": old.provenance.created})
        annotation = annotation.model_copy(update={"provenance": kept})
        less = graph.fewer(old, annotation)
        if less and not force:
            aside = corpus.aside_path(annotation.provenance.annotator, article.id, "shorter")
            store.write(aside, store.dump(corpus.shipped(annotation, article)))
            message = (
                f"it has {less} than the pass that it would replace; set aside in {aside}: take it"
                " with --force"
            )
            return Converted(
                annotation, (*issues, Issue(article.id, "pass-shorter", message)), False
            )
    corpus.write_annotation(annotation, article)
    return Converted(annotation, tuple(issues), True)


def _is_same(old: Annotation, new: Annotation) -> bool:
    one, other = old.provenance, new.provenance
    plain = withhold(old).layers() == withhold(new).layers()
    return plain and (one.tool, one.unasked) == (other.tool, other.unasked)


def _made(corpus: Corpus, annotator: str, version: str, tool: str = TOOL) -> Provenance:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return Provenance(
        annotator=annotator,
        kind=corpus.kind(annotator),
        tool=tool,
        schema_version=version,
        created=now,
        updated=now,
        made_from=corpus.made_from(annotator),
    )
