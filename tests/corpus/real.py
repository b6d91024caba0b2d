"""The corpus of this repository, read once for all tests."""

from __future__ import annotations

from annotate.corpus.store import Corpus, StoreError
from annotate.model.records import Annotation, Article, Gold, the_pass
from tests.conftest import ROOT

CORPUS = Corpus(ROOT / "corpus")
COLLECTIONS = CORPUS.collections()
SPLITS = CORPUS.splits()
ARTICLES: list[Article] = []
ANNOTATED: list[tuple[Article, Annotation, str]] = []
"""Each pass and each gold with its article, and its file's path in the corpus."""
COUNTED: list[tuple[Article, Annotation]] = []
"""Of each article that is annotated its gold, or else the pass that counts, or else the first."""

for step in CORPUS.walk():
    if isinstance(step, StoreError):
        raise step
    ARTICLES.append(step[0])
    ANNOTATED += [(step[0], annotation, where) for where, annotation in step[1].items()]
    passes = [each for each in step[1].values() if not isinstance(each, Gold)]
    gold = [each for each in step[1].values() if isinstance(each, Gold)]
    counted = next(filter(None, [*gold, the_pass(passes), *passes]), None)
    COUNTED += [(step[0], counted)] if counted else []
