"""All that reads what others wrote: by name, an input that is whole, and what is done with a damaged one."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from annotate.corpus import migrate, store, validate
from annotate.corpus.articles import reading
from annotate.corpus.store import Corpus
from annotate.formats import FORMATS, labelmap, re3d
from annotate.formats.labelmap import LabelMap
from annotate.labelstudio import desks, pull, results, tasks
from annotate.labelstudio import source as source_
from annotate.model import notation
from annotate.model import schema as schema_
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from scripts import export
from tests.conftest import ROOT
from tests.faults import world
from tests.mutations import mutation

Read = Callable[[bytes], object]
_MOMENT = "2026-01-01T12:00:00.5Z"
_PAGE = b"""<!doctype html><html lang=en><head><title>Barge sinks - The Lisk Post</title>
<meta property="og:url" content="https://lisk.example/a"><meta property="article:published_time" content="2026-01-05">
</head><body><nav><a href=/>Home</a></nav><article><h1>Barge sinks at Brel</h1><p class=byline>By Ana Mirel</p>
<p>An old ferry sank at Brel on Monday, killing at least 12 people, a nurse said &amp; others &eacute;.</p>
<h2>Searching</h2><figure><img src=a.jpg alt="A barge"><figcaption>A barge at Brel</figcaption></figure>
<p>Troops seized Tak, &ldquo;all of it&rdquo;, according to a medic who did not want to be named.</p><ul><li>One</li>
</ul><script>var a = "<p>not this</p>";</script></article><footer>All rights reserved</footer></body></html>"""
_TEXT = (
    b"Barge sinks\n\nAn old ferry sank at Brel on Monday, a nurse said.\nPhotograph: Ana Mirel\n"
)
_ROW = {
    "text": "An old ferry sank at Brel on Monday, a nurse said.",
    "title": "Barge sinks",
    "outlet": "The Lisk Post",
    "url": "https://lisk.example/a",
    "published": "2026-01-05",
    "language": "en",
}


@dataclass(frozen=True)
class Reader:
    """A kind of input."""

    whole: bytes
    read: Read
    weight: int
    """Its share of the inputs: what takes long is tried less often."""
    value: Any = None
    """What `whole` holds, where it is JSON or YAML: its structure is damaged too."""
    rows: bool = False
    """Whether it is a value a line."""
    pack: Callable[[bytes], bytes] | None = None
    """What makes the input of `whole`, where that is packed; half of the inputs are damaged before."""

    def undamaged(self) -> bytes:
        """The input as it was written."""
        return self.pack(self.whole) if self.pack else self.whole

    def damaged(self, rng: random.Random) -> bytes:
        """An input, damaged by chance."""
        if self.pack is not None:
            if rng.random() < 0.5:
                return mutation.of_bytes(self.undamaged(), rng)
            return self.pack(mutation.of_bytes(self.whole, rng))
        if self.value is None or rng.random() < 0.5:
            return mutation.of_bytes(self.whole, rng)
        if not self.rows:
            return mutation.dumped(mutation.of_value(self.value, rng))
        rows = list(self.value)
        number = rng.randrange(len(rows))
        rows[number] = mutation.of_value(rows[number], rng)
        return b"\n".join(map(mutation.dumped, rows))


def readers(folder: Path) -> dict[str, Reader]:
    """By name; each works in a folder of its own under that one."""
    corpus, schema, work = world.make(folder / "world")
    article, annotation = work[0]
    corpus.write_annotation(annotation, article)
    return {
        **dict(_of_articles(folder / "articles")),
        **dict(_of_formats(article, annotation, schema)),
        **dict(_of_label_studio(folder / "export.json", corpus, schema, article, annotation)),
        **dict(_of_corpus(corpus, schema, article, annotation)),
        **dict(_of_settings(folder / "settings", schema)),
    }


def _file(path: Path, read: Callable[[Path], object]) -> Read:
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = path.read_bytes() if path.exists() else None

    def of(content: bytes) -> object:
        path.write_bytes(content)
        try:
            return read(path)
        finally:
            if kept is None:  # the others find all as it was
                path.unlink()
            else:
                path.write_bytes(kept)

    return of


def _of_articles(folder: Path) -> Iterator[tuple[str, Reader]]:
    def read(path: Path) -> None:
        for found in reading.read(path, reading.About("sample")):
            assert (found.article is None) != (found.error is None)
            assert "\n" not in (found.error or "")
            (found.error or found.where).encode()

    rows = [_ROW, _ROW | {"published": None}, {"text": "Guns fell silent in Brel."}]
    lines = b"\n".join(map(mutation.dumped, rows))
    yield "article .txt", Reader(_TEXT, _file(folder / "a.txt", read), 60)
    yield "article .html", Reader(_PAGE, _file(folder / "a.html", read), 2)
    yield "articles .jsonl", Reader(lines, _file(folder / "a.jsonl", read), 40, rows, rows=True)
    yield "articles .json", Reader(mutation.dumped(rows), _file(folder / "a.json", read), 20, rows)


def _of_formats(
    article: Article, annotation: Annotation, schema: Schema
) -> Iterator[tuple[str, Reader]]:
    made = annotation.provenance

    def read(module: Any, files: dict[str, bytes], suffix: str, content: bytes) -> None:
        for document in module.documents(files | {suffix: content}, "file"):
            if document.idle is None:
                taken = module.read(document, article, schema, made, LabelMap())
                for issue in (*taken.issues, *validate.check(taken.annotation, article, schema)):
                    str(issue).encode()

    for name, module in FORMATS.items():
        files = dict(module.write(article, annotation, schema).files)
        for suffix, whole in files.items():
            value = json.loads(whole) if name not in ("brat", "conll", "docbin") else None
            one = partial(read, module, files, suffix)
            if name == "docbin":
                unpacked = zlib.decompress(whole)
                yield f"{name} {suffix}", Reader(unpacked, one, 40, pack=zlib.compress)
            else:
                yield f"{name} {suffix}", Reader(whole, one, 40, value)
    rows = {
        "documents.json": {"_id": "d", "text": f"{article.text}  \n"},
        "entities.json": {"_id": "e", "documentId": "d", "type": "Location", "begin": 14, "end": 17, "value": "Tak"},
        "relations.json": {"_id": "r", "documentId": "d", "source": "e", "target": "e", "type": "At"},
    }  # fmt: skip
    files = {part: mutation.dumped(row) for part, row in rows.items()}
    for part, row in rows.items():
        yield f"re3d {part}", Reader(files[part], partial(read, re3d, files, part), 20, row)

    def parse(content: bytes) -> None:
        letters = content.decode(errors="replace")
        notation.parse(letters, schema, article.id, article.sha256, made, "file")

    whole = notation.render(article.text or "", annotation).encode()
    yield "inline notation", Reader(whole, parse, 40)


def _of_label_studio(
    path: Path, corpus: Corpus, schema: Schema, article: Article, annotation: Annotation
) -> Iterator[tuple[str, Reader]]:
    result = tasks.result(annotation, article, schema)
    raw = {
        "id": 11, "result": result, "was_cancelled": False, "created_at": _MOMENT, "updated_at": _MOMENT,
        "lead_time": 12.5, "completed_by": {"id": 1, "email": "ben@acre.invalid"}, "updated_by": 1,
        "parent_prediction": None,
    }  # fmt: skip
    project = [
        {"id": 1, "data": tasks.data(article, schema), "annotations": [raw], "drafts": [], "predictions": []}
    ]  # fmt: skip

    def pulled(path: Path) -> None:
        told: list[object] = []
        pull.pull_from(
            source_.File(path), corpus, schema, {"ben@acre.invalid": "ben", "1": "ben"}, dry=True, notify=told.append
        )  # fmt: skip
        for one in told:
            str(one).encode()

    def read(content: bytes) -> None:
        try:
            given = json.loads(content)
        except (ValueError, RecursionError):
            return
        made, issues = results.read(given, article, schema, annotation.provenance)
        for issue in (*issues, *validate.check(made, article, schema)):
            str(issue).encode()

    whole = mutation.dumped(project)
    yield "Label Studio export", Reader(whole, _file(path, pulled), 40, project)
    yield "Label Studio result", Reader(mutation.dumped(result), read, 40, result)


def _of_corpus(
    corpus: Corpus, schema: Schema, article: Article, annotation: Annotation
) -> Iterator[tuple[str, Reader]]:
    root = corpus.root
    of = corpus.annotation_path("ana", article.id)

    def checked(path: Path) -> None:
        for issue in validate.check(store.read_annotation(path), article, schema):
            str(issue).encode()

    def gold(path: Path) -> None:
        for issue in validate.check(store.read_gold(path), article, schema):
            str(issue).encode()

    def yaml_of(path: Path) -> tuple[bytes, Any]:
        whole = path.read_bytes()
        return whole, json.loads(json.dumps(yaml.safe_load(whole), default=str))

    def article_again(_path: Path) -> object:
        return corpus.article(article.collection, article.id)

    metadata = root / "articles" / article.collection / f"{article.id}.yaml"
    words = metadata.with_suffix(".txt")
    whole, value = yaml_of(metadata)
    yield "article .yaml", Reader(whole, _file(metadata, article_again), 40, value)
    yield "article's text", Reader(words.read_bytes(), _file(words, article_again), 40)
    whole = of.read_bytes()
    yield (
        "annotation .json",
        Reader(whole, _file(root.parent / "ana" / of.name, checked), 100, json.loads(whole)),
    )
    yield (
        "gold .json",
        Reader(whole, _file(root.parent / "gold" / of.name, gold), 40, json.loads(whole)),
    )
    for name, read_table in (
        ("splits.csv", lambda _path: corpus.splits()),
        ("assignments.csv", lambda _path: corpus.assignments()),
    ):
        whole = (root / name).read_bytes()
        yield name, Reader(whole, _file(root / name, read_table), 60)
    whole, value = yaml_of(root / "collections.yaml")
    collections = _file(root / "collections.yaml", lambda _path: corpus.collections())
    yield "collections.yaml", Reader(whole, collections, 20, value)
    people = "ana:\n  kind: human\n  description: Invented\nben:\n  kind: machine\n  description: Invented\n"
    annotators = _file(root / "annotators.yaml", lambda _path: corpus.annotators())
    yield "annotators.yaml", Reader(people.encode(), annotators, 40, yaml.safe_load(people))
    story = ROOT / "corpus" / "stories" / "orrel-pass.yaml"
    whole, value = yaml_of(story)
    stories = _file(root / "stories" / "s.yaml", lambda _path: corpus.stories())
    yield "story .yaml", Reader(whole, stories, 20, value)
    changes = b"# Changes\n\n## 1.2.0 (2026-01-05)\n\n- Invented.\n"
    of_release = _file(root / "CHANGELOG.md", lambda _path: corpus.release())
    yield "corpus CHANGELOG.md", Reader(changes, of_release, 20)
    scores = (ROOT / "corpus" / "baselines" / "lookup.test.json").read_bytes()
    baselines = _file(root / "baselines" / "a.json", lambda _path: corpus.baselines())
    yield "baseline .json", Reader(scores, baselines, 10, json.loads(scores))
    listed = {"issues": ["offset-range: 3"], "annotation": {"id": 1}, "text": "Guns fell silent."}
    aside = _file(root / "aside" / "ana" / "a.1.json", lambda _path: list(corpus.set_aside()))
    yield "set aside .json", Reader(mutation.dumped(listed), aside, 20, listed)
    reviews = b'article,mark,words,why\na,m1,Tak,"a place, or a force?"\n'
    to_review = _file(root / "reviews" / "a.csv", lambda _path: corpus.to_review())
    yield "review .csv", Reader(reviews, to_review, 20)
    rows = [[0, 20, "0" * 8, [0, 6, 7, 13, 14, 17]], [21, 40, "1" * 8, [21, 24]]]
    sentences = _file(
        metadata.with_suffix(".sentences.json"), lambda _path: corpus.sentences(article)
    )
    yield "sentences .json", Reader(mutation.dumped(rows), sentences, 20, rows)
    progress = {
        "since": _MOMENT,
        "after": 3,
        "failed": [1],
        "tasks": {"1": {"annotations": 1, "passes": [["a", "b"]]}},
    }
    cursor = source_.PullCursor(corpus, "http://elsewhere", 1)
    path = corpus.pull_path(cursor.key)
    yield (
        "pulled .json",
        Reader(mutation.dumped(progress), _file(path, lambda _path: cursor.read()), 40, progress),
    )


def _of_settings(folder: Path, schema: Schema) -> Iterator[tuple[str, Reader]]:
    whole = (ROOT / "guidelines" / "schema.yaml").read_bytes()
    value = json.loads(json.dumps(yaml.safe_load(whole), default=str))
    yield "schema.yaml", Reader(whole, _file(folder / "schema.yaml", schema_.load), 1, value)
    label_map = "labels: {Location: place, Person: ~}\nlinks: {At: place}\nattributes: {}\ndefaults: {realis: actual}\n"
    yield (
        "label map",
        Reader(
            label_map.encode(),
            _file(folder / "map.yaml", lambda path: labelmap.load(path, schema)),
            20,
            yaml.safe_load(label_map),
        ),
    )
    servers = (ROOT / "scripts" / "servers.example.yaml").read_bytes()
    yield (
        "servers.yaml",
        Reader(servers, _file(folder / "servers.yaml", export.read), 40, yaml.safe_load(servers)),
    )
    migration = (
        f"from: 0.1.0\nto: {schema.version}\nwhy: It was said otherwise before.\n"
        "rename:\n  labels: {locality: place}\n"
    )
    yield (
        "migration .yaml",
        Reader(
            migration.encode(),
            _file(folder / "m.yaml", lambda path: migrate.load(path, schema)),
            20,
            yaml.safe_load(migration),
        ),
    )
    desk = desks.new("ana")
    path = desks.file(folder / "state", "ana")
    desks.keep(folder / "state", desk)
    whole = path.read_bytes()
    yield (
        "desk.json",
        Reader(
            whole,
            _file(path, lambda _path: desks.read(folder / "state", "ana")),
            40,
            json.loads(whole),
        ),
    )
