"""What is scored: gold and systems' annotations in any of ACRE's own forms, each document once and of gold's text."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from annotate.corpus import splits, store
from annotate.corpus.files import one_line
from annotate.corpus.store import Corpus
from annotate.dataset import reading
from annotate.dataset.scoring import Documents
from annotate.dataset.spool import Spool
from annotate.measure.score import Case
from annotate.model import graph, notation
from annotate.model.issues import AcreError, Issue, UsageError
from annotate.model.records import Annotation, Gold, Provenance
from annotate.model.schema import Schema
from annotate.model.text import sha256

_NOTATION = ".acre"
Named = tuple[str, Annotation]
"""The document that an annotation is of, by the id that gold has for it."""


def documents(
    gold: Path, predicted: Sequence[Path], corpus: Corpus, schema: Schema, split: str | None = None
) -> Documents:
    """The annotations of the paths, as `read` takes them; with `split`, those of one split of the corpus alone.

    A system's annotation is of the document that it names or, where gold has none of that name, of the one that has
    its text. AcreError where it is of another text than gold's, or where a document is given twice; UsageError where
    nothing is left to score.
    """
    collections = _collections(corpus, split)
    among = None if split is None else collections
    hashes: dict[str, str] = {}
    references = _spool(gold, _of_gold(read(gold, schema), hashes), among)
    if not references:
        where = f" in the split {split}" if split else ""
        raise UsageError(f"{gold}: no document to score{where}")
    systems = [
        _spool(path, _of_system(path, read(path, schema), hashes), among) for path in predicted
    ]
    return Documents(references, systems, collections, corpus)


def checked(cases: Iterable[Case], gold: Path, predicted: Sequence[Path]) -> Iterator[Case]:
    """The cases as they are; AcreError where a mark ends after its text, or, of a text that is not here, after its last
    token. Of a text of which neither is known, offsets can't be checked."""
    for case in cases:
        length = _length(case)
        for path, annotation in zip((gold, *predicted), (case.gold, *case.predicted), strict=True):
            if annotation is not None and length is not None:
                for issue in _past(annotation, length):
                    raise AcreError(f"{path}: {case.gold.article}: {issue}")
        yield case


def _past(annotation: Annotation, length: int) -> Iterator[Issue]:
    for mark in annotation.marks():
        if mark.end > length:
            message = (
                f"{mark.label} {mark.start}–{mark.end} is past the text’s {length} code points; count"
                " offsets half-open, in code points of the article’s text"
            )
            yield Issue(mark.id, "offset-range", message)


def _length(case: Case) -> int | None:
    if case.text is not None:
        return len(case.text)
    return case.tokens[-1].end if case.tokens else None


def read(path: Path, schema: Schema) -> Iterator[Annotation]:
    """Every annotation of what `reading.read` takes, of a `.json` with one or with one a line, or of `.acre` files.

    A file in the inline notation tells no article: its annotation has the file's name, and the hash of its text.
    AcreError where one has labels that the schema does not have, or links to nothing; UsageError for rows of claims.
    """
    if path.suffix == ".json" and path.is_file():
        yield from _of_json(path, schema)
    elif path.suffix == _NOTATION and path.is_file():
        yield _of_notation(path, schema)
    elif path.is_dir() and any(path.glob(f"*{_NOTATION}")):
        for file in sorted(path.glob(f"*{_NOTATION}")):
            yield _of_notation(file, schema)
    else:
        if path.suffix == ".jsonl" and path.is_file():
            _refuse_claims(path)
        yield from reading.read(path, schema)


def _of_json(path: Path, schema: Schema) -> Iterator[Annotation]:
    content = store.read_text(path)
    lines = [content] if _is_json(content) else content.split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            annotation = Gold.model_validate_json(line)  # an annotation is gold without a record
        except ValidationError as error:
            remedy = "give an annotation, or one a line"
            raise AcreError(f"{path}:{number}: {one_line(error)}; {remedy}") from None
        marks, links = graph.disassemble(annotation)
        of = annotation.article, annotation.sha256, annotation.provenance
        _assembled, issues = graph.assemble(marks, links, schema, *of)
        if issues:
            raise AcreError(f"{path}: {annotation.article}: {issues[0]}")
        yield annotation


def _is_json(content: str) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def _of_notation(path: Path, schema: Schema) -> Annotation:
    provenance = Provenance.model_validate(
        {
            "annotator": "system",
            "kind": "machine",
            "tool": "inline notation",
            "schema_version": schema.version,
            **dict.fromkeys(("created", "updated"), "1970-01-01T00:00:00Z"),
        }
    )
    source = store.read_text(path)
    text, annotation = notation.parse(source, schema, path.stem, "0" * 64, provenance, str(path))
    return annotation.model_copy(update={"sha256": sha256(text)})


def _refuse_claims(path: Path) -> None:
    """What `acre extract --format jsonl` writes, rows of claims, holds no text's hash and not all marks."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        first = next((line for line in lines if line.strip()), "")
    try:
        fields = json.loads(first)
    except ValueError:
        return
    if isinstance(fields, dict) and "document" in fields:
        raise UsageError(
            f"{path}: rows of claims, which do not hold all marks; give annotations, as acre extract"
            " --format json writes them"
        )


def _of_gold(annotations: Iterable[Annotation], hashes: dict[str, str]) -> Iterator[Named]:
    """`hashes` takes the hash of each document's text."""
    for annotation in annotations:
        hashes[annotation.article] = annotation.sha256
        yield annotation.article, annotation


def _of_system(
    path: Path, annotations: Iterable[Annotation], hashes: Mapping[str, str]
) -> Iterator[Named]:
    names = {digest: name for name, digest in hashes.items()}
    for annotation in annotations:
        name, digest = annotation.article, annotation.sha256
        if name not in hashes:
            name = names.get(digest, name)
        if hashes.get(name, digest) != digest:
            message = "made on another text than gold; offsets would point elsewhere"
            raise AcreError(f"{path}: {name}: {message}")
        yield name, annotation


def _spool(path: Path, named: Iterable[Named], among: Collection[str] | None) -> Spool[Annotation]:
    def once() -> Iterator[Named]:
        seen: set[str] = set()
        for name, annotation in named:
            if name in seen:
                raise AcreError(f"{path}: {name}: given twice; leave one of them out")
            seen.add(name)
            if among is None or name in among:
                yield name, annotation

    return Spool(once(), _dumped, Annotation.model_validate_json)


def _dumped(annotation: Annotation) -> bytes:
    """Without the record that gold has: it is not scored."""
    names = set(Annotation.model_fields)
    return annotation.model_dump_json(include=names, exclude_defaults=True).encode()


def _collections(corpus: Corpus, split: str | None) -> dict[str, str]:
    """By id, the collection of each of the corpus's articles, or of those of the split; none without a corpus."""
    if not corpus.root.exists():
        if split is not None:
            raise UsageError(
                f"{corpus.root}: no such corpus, and a split is the corpus's; name it with --corpus"
            )
        return {}
    if split is None:
        return dict(corpus.article_names())
    split_of = splits.lookup(corpus)
    articles = (article for article in corpus.articles() if split_of(article) == split)
    return {article.id: article.collection for article in articles}
