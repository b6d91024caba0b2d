"""Keeps what was built of each article until one of its files, the schema or the program changes."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Collection, Iterator
from importlib import metadata
from pathlib import Path

import msgspec
import pyarrow as pa

from annotate.corpus.store import Corpus
from annotate.corpus.stories import Stories
from annotate.dataset import parts
from annotate.dataset.parts import Name, Part
from annotate.model.schema import Schema

_PACKAGE = Path(__file__).parents[1]
_ROOMS = ("model", "measure", "corpus", "dataset")
"""Of the package, what a build runs."""
_LIBRARIES = ("spacy", "pyarrow", "msgspec", "pydantic")
_DIGEST = 32
_HEAD = _DIGEST + 8
"""Bytes before the compressed part: the digest, and the part's size."""


class Cache:
    """A corpus's parts, one file an article, each with a digest of all that it depends on."""

    def __init__(self, corpus: Corpus, schema: Schema) -> None:
        self._corpus = corpus
        self._collections, self._splits = corpus.collections(), corpus.splits()
        self._stories = Stories(corpus)
        self._same_for_all = _digest(schema)

    def key(self, name: Name) -> bytes:
        """The digest of all that the article's part depends on."""
        article, collection = name
        digest = self._same_for_all.copy()
        about = self._collections.get(collection)
        story = self._stories.of(article)
        digest.update(f"{self._splits.get(article)!r} {story!r} {about!r}".encode())
        for path in self._corpus.files_of(article, collection):
            content = path.read_bytes()
            where = path.relative_to(self._corpus.root).as_posix()
            digest.update(f"\n{where} {len(content)}\n".encode())
            digest.update(content)
        return digest.digest()

    def load(self, name: Name, key: bytes) -> Part | None:
        """The article's part; None where none is kept under that key."""
        try:
            content = self._corpus.built_path(name[0]).read_bytes()
        except FileNotFoundError:
            return None
        if content[:_DIGEST] != key:
            return None
        size = int.from_bytes(content[_DIGEST:_HEAD], "big")
        try:
            return parts.load(pa.decompress(content[_HEAD:], size, codec="zstd", asbytes=True))
        except (msgspec.MsgspecError, pa.ArrowInvalid, OSError):
            return None

    def keep(self, name: Name, key: bytes, part: Part) -> None:
        """Keep the part, unless the article was changed while it was being made."""
        if self.key(name) != key:
            return
        content = parts.dump(part)
        path = self._corpus.built_path(name[0])
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not flushed to the disk: what is lost in a crash is made again, and what is damaged has another key.
        size = len(content).to_bytes(_HEAD - _DIGEST, "big")
        path.write_bytes(key + size + pa.compress(content, codec="zstd", asbytes=True))

    def forget_others(self, names: Collection[Name]) -> None:
        """Remove what is kept of articles that are no more."""
        known = {self._corpus.built_path(article).name for article, _collection in names}
        folder = self._corpus.built_path("any").parent
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name not in known:
                path.unlink()


def _digest(schema: Schema) -> hashlib._Hash:
    """Of what is the same for all articles: program, libraries, schema."""
    digest = hashlib.sha256(schema.model_dump_json().encode())
    versions = [f"{name} {metadata.version(name)}" for name in _LIBRARIES]
    digest.update(f"{platform.python_version()} {versions}".encode())
    for path in _sources():
        digest.update(path.read_bytes())
    return digest


def _sources() -> Iterator[Path]:
    for room in _ROOMS:
        for kind in ("*.py", "*.yaml"):
            yield from sorted((_PACKAGE / room).rglob(kind))
