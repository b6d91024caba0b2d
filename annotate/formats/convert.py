"""An article with its annotation becomes the inline notation, or a foreign format, and back."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from annotate.corpus import store, validate
from annotate.corpus.store import Corpus
from annotate.formats import FORMATS, Lost, Written, re3d
from annotate.model import notation
from annotate.model.issues import AcreError, Issue, UsageError, errors
from annotate.model.records import Annotation, Article, Gold, Provenance
from annotate.model.schema import Schema
from annotate.model.text import difference

TOOL = "inline notation"
RE3D = "re3d"


class ConvertError(AcreError):
    """A notation that is not of the article that it is said to be of."""


@dataclass(frozen=True)
class Converted:
    """What became of a notation."""

    annotation: Annotation
    issues: tuple[Issue, ...]
    changed: bool
    """Whether the annotator's file was written: not where there are errors, nor where nothing changed."""


def find(corpus: Corpus, name: str) -> Article:
    """The article of that id with its text; ConvertError where there is none."""
    article = corpus.find(name)
    if article is None or article.text is None:
        found = (
            "is not in the corpus"
            if article is None
            else "has its text withheld, and it is not here"
        )
        raise ConvertError(f"article {name} {found}; add it first")
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
            provenance=_made(str(annotator), "human", "0.0.0"),
        ),
    )


def from_notation(
    corpus: Corpus, schema: Schema, article: Article, annotator: str, source: str, where: str
) -> Converted:
    """The annotation that the notation makes, written as the annotator's pass where it is valid.

    The text without its marks must be the article's to the letter. A pass that says the same keeps its file.
    """
    made = _made(annotator, corpus.kind(annotator), schema.version)
    text, annotation = notation.parse(source, schema, article.id, article.sha256, made, where)
    if text != article.text:
        raise ConvertError(f"{where}: {difference(text, article.text or '')}")
    return _write(corpus, article, annotation, validate.check(annotation, article, schema))


def annotation_of(corpus: Corpus, article: Article, annotator: str | None) -> Annotation | None:
    """The annotator's pass; without one, the article's gold, or else its only pass. None where that is not there."""
    if annotator is not None:
        path = corpus.annotation_path(annotator, article.id)
        return store.read_annotation(path) if path.exists() else None
    gold = corpus.gold(article.id)
    passes = corpus.passes().get(article.id, [])
    if gold is not None or len(passes) != 1:
        return gold
    return store.read_annotation(corpus.annotation_path(passes[0], article.id))


def to_format(article: Article, annotation: Annotation, schema: Schema, name: str) -> Written:
    """The document in the format; AcreError where it is not valid, or its text is not here."""
    found = errors(validate.check(annotation, article, schema))
    if found:
        raise ConvertError(f"{article.id}: {found[0]} ({len(found)} errors); correct it first")
    written: Written = FORMATS[name].write(article, annotation, schema)
    if isinstance(annotation, Gold):
        written.lost["records of where a unit of gold came from"] += len(annotation.decisions)
    return written


@dataclass
class WriteReport:
    """What became of the articles that were to be written."""

    written: int = 0
    unannotated: int = 0
    """Left out: without gold or an only pass."""
    withheld: int = 0
    """Left out: their text is not here."""
    lost: Lost = field(default_factory=Counter)
    """What the format can't hold, by name."""


def write(
    corpus: Corpus,
    schema: Schema,
    names: Sequence[str],
    name: str,
    annotator: str | None,
    folder: Path,
    on_article: Callable[[], None] = lambda: None,
) -> WriteReport:
    """Write the articles of those ids, or all, into the folder in the format; annotations as `annotation_of` chooses them.

    UsageError where one that is named has no annotation.
    """
    report = WriteReport()
    articles = (find(corpus, one) for one in names) if names else corpus.articles()
    for article in articles:
        on_article()
        annotation = annotation_of(corpus, article, annotator)
        if annotation is None and names:
            raise UsageError(
                f"{article.id}: no gold and no only pass, or none of the annotator; adjudicate it,"
                " or name --annotator"
            )
        if annotation is None:
            report.unannotated += 1
        elif article.text is None:
            report.withheld += 1
        else:
            exported = to_format(article, annotation, schema, name)
            for suffix, content in exported.files.items():
                store.write(folder / f"{article.id}{suffix}", content)
            report.lost += exported.lost
            report.written += 1
    return report


def documents(
    corpus: Corpus, paths: Iterable[Path], name: str
) -> Iterator[tuple[str, Article, dict[str, bytes]]]:
    """(where, article, contents by suffix) of each article that the paths hold in the format.

    A path is a file that has the article's id as its name, or a folder of such files; of re3d, a folder of its own.
    """
    if name == RE3D:
        by_hash = {
            article.sha256: article for article in corpus.articles() if article.text is not None
        }
        for path in paths:
            files = {
                suffix: (path / suffix).read_bytes()
                for suffix in re3d.SUFFIXES
                if (path / suffix).is_file()
            }
            for digest in re3d.digests(files, str(path)):
                if digest in by_hash:
                    yield str(path), by_hash[digest], files
        return
    suffixes: tuple[str, ...] = FORMATS[name].SUFFIXES
    stems: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder; name files in the format {name}")
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        stems |= dict.fromkeys(
            found.with_suffix("") for found in inside if found.suffix in suffixes
        )
    for stem in stems:
        there = {suffix: stem.with_name(stem.name + suffix) for suffix in suffixes}
        missing = [str(path) for path in there.values() if not path.is_file()]
        if missing:
            raise ConvertError(
                f"{missing[0]}: no such file; the format {name} needs {' and '.join(suffixes)}"
            )
        yield (
            str(stem),
            find(corpus, stem.name),
            {suffix: path.read_bytes() for suffix, path in there.items()},
        )


def from_format(
    corpus: Corpus,
    schema: Schema,
    article: Article,
    annotator: str,
    files: Mapping[str, bytes],
    name: str,
    where: str,
) -> tuple[Converted, Lost]:
    """The annotation that the files hold, written as the annotator's pass where it is valid."""
    made = _made(annotator, corpus.kind(annotator), schema.version, f"{name} file")
    reader = re3d if name == RE3D else FORMATS[name]
    found = reader.read(files, article, schema, made, where)
    issues = (*found.issues, *validate.check(found.annotation, article, schema))
    return _write(corpus, article, found.annotation, issues), found.lost


def _write(
    corpus: Corpus, article: Article, annotation: Annotation, issues: Sequence[Issue]
) -> Converted:
    """A pass that says the same keeps its file; one made with another tool is never replaced."""
    tool = annotation.provenance.tool
    path = corpus.annotation_path(annotation.provenance.annotator, article.id)
    old = store.read_annotation(path) if path.exists() else None
    if errors(issues) or (
        old is not None and old.layers() == annotation.layers() and old.provenance.tool == tool
    ):
        return Converted(annotation, tuple(issues), False)
    if old is not None and old.provenance.tool == tool:
        kept = annotation.provenance.model_copy(update={"created": old.provenance.created})
        annotation = annotation.model_copy(update={"provenance": kept})
    elif old is not None:
        raise ConvertError(
            f"{path}: made with {old.provenance.tool}; give this pass another --annotator"
        )
    corpus.write_annotation(annotation, article)
    return Converted(annotation, tuple(issues), True)


def _made(annotator: str, kind: str, version: str, tool: str = TOOL) -> Provenance:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    fields = {"annotator": annotator, "kind": kind, "tool": tool, "schema_version": version}
    return Provenance.model_validate(fields | {"created": now, "updated": now})
