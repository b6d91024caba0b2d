"""Puts withheld texts in place from the user's own copy, and accepts none that is not the same, to the letter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import chain
from pathlib import Path

from annotate.corpus.articles import reading
from annotate.corpus.articles.reading import About
from annotate.corpus.store import Corpus
from annotate.model import tokens
from annotate.model.issues import UsageError
from annotate.model.records import Article, Sentence

NEAR = 0.3
"""The part of an article's sentences that a text must have to be reported as a near copy of it."""
_LONGEST = 60


@dataclass
class RehydrateReport:
    """What became of each text."""

    restored: list[str] = field(default_factory=list)
    """Ids of the articles whose text was put in place."""
    present: list[str] = field(default_factory=list)
    """Those whose text was here already."""
    near: list[str] = field(default_factory=list)
    """For each text that is nearly an article's, where it differs."""
    other: int = 0
    """Texts that are no withheld article's."""
    failed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Ids of the articles whose text is still not here."""


def rehydrate(
    corpus: Corpus, sources: Iterable[Path], on_text: Callable[[], None] = lambda: None
) -> RehydrateReport:
    """Read the files and folders; a text whose hash, once normalised, is a withheld article's is written beside it.

    Where a text that is kept to offsets has no kept sentences yet, those are written too.
    """
    collections = corpus.collections()
    withheld = {
        article.sha256: article
        for article in corpus.articles()
        if not collections.of(article).ships_text
    }
    report = RehydrateReport()
    here = {digest for digest, article in withheld.items() if article.text is not None}
    kept = {digest: corpus.sentences(article) or () for digest, article in withheld.items()}
    for path, is_named in _files(sources):
        failed = []
        for copy in reading.read(path, About(collection="copy")):
            on_text()
            if copy.article is None:
                failed.append(copy.error or copy.where)
            elif copy.article.sha256 in withheld:
                article = withheld[copy.article.sha256].model_copy(
                    update={"text": copy.article.text}
                )
                (report.present if article.sha256 in here else report.restored).append(article.id)
                here.add(article.sha256)
                corpus.write_text(article)
                if not kept[article.sha256]:
                    corpus.write_sentences(article, tokens.sentences(article))
            else:
                near = list(_near(copy.where, copy.article, withheld, kept))
                report.near += near
                report.other += not near
        # A folder may hold anything; a file that was named is to be one that can be read.
        if failed and is_named:
            report.failed.append(
                failed[0] + (f" (and {len(failed) - 1} more)" if len(failed) > 1 else "")
            )
    report.missing = sorted(
        article.id for digest, article in withheld.items() if digest not in here
    )
    return report


def _files(sources: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Each file, and whether it was named itself."""
    for source in sources:
        if source.is_dir():
            paths = sorted(
                path for path in source.rglob("*") if path.suffix.lower() in reading.SUFFIXES
            )
            yield from ((path, False) for path in paths)
        elif source.exists():
            yield source, True
        else:
            raise UsageError(f"{source}: no such file or folder; name your copy of the texts")


def _near(
    where: str, copy: Article, withheld: dict[str, Article], kept: dict[str, tuple[Sentence, ...]]
) -> Iterator[str]:
    """Where the text differs from the article that it is a near copy of, if it is one's."""
    own = tokens.sentences(copy)
    digests = Counter(sentence.digest for sentence in own)
    shares = {
        digest: (
            (digests & Counter(sentence.digest for sentence in sentences)).total() / len(sentences)
        )
        for digest, sentences in kept.items()
        if sentences
    }
    best = max(shares, key=lambda digest: shares[digest], default=None)
    if best is None or shares[best] < NEAR:
        return
    article = withheld[best]
    yield (
        f"{where}: near-copy of {article.id}: {shares[best]:.0%} of its sentences are the same, the"
        f" text is not; nothing was put in place ({copy.length} code points, the article has"
        f" {article.length})"
    )
    yield from (f"  {difference}" for difference in _differences(own, copy.text or "", kept[best]))


def _differences(own: tuple[Sentence, ...], text: str, kept: tuple[Sentence, ...]) -> Iterator[str]:
    """Each stretch that is not the same, by the hashes of sentences, and in it the first token of another length."""
    ours, theirs = ([sentence.digest for sentence in sentences] for sentences in (own, kept))
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    equal = True
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            continue
        equal = False
        if i1 == i2:
            missing = (
                f"{kept[j1].start}–{kept[j2 - 1].end} of the article ({j2 - j1} sentences) is"
                " missing"
            )
            yield f"{missing} after {_place(text, own[i1 - 1].end if i1 else 0)}"
        elif j1 == j2:
            yield (
                f"{_place(text, own[i1].start)}: {_cut(text[own[i1].start : own[i2 - 1].end])} is"
                " not in the article"
            )
        else:
            yield _changed(own[i1:i2], text, kept[j1:j2])
    if equal:
        yield "every sentence is the same: it differs in white space or line breaks between them"


def _changed(own: tuple[Sentence, ...], text: str, kept: tuple[Sentence, ...]) -> str:
    ours, theirs = (
        list(chain.from_iterable(sentence.tokens for sentence in sentences))
        for sentences in (own, kept)
    )
    pairs = zip(ours, theirs, strict=False)
    index = next(
        (n for n, (one, other) in enumerate(pairs) if one[1] - one[0] != other[1] - other[0]), None
    )
    span = f"{kept[0].start}–{kept[-1].end} of the article"
    words = _cut(text[own[0].start : own[-1].end])
    change = f"{_place(text, own[0].start)}: {words} is not what stands at {span}"
    if index is None:
        return f"{change}; the first {min(len(ours), len(theirs))} tokens have the same lengths"
    start, end = ours[index]
    return (
        f"{change}; they part at {_place(text, start)}, {_cut(text[start:end])} of {end - start}"
        f" characters, where the article, at {theirs[index][0]}, has a token of"
        f" {theirs[index][1] - theirs[index][0]}"
    )


def _place(text: str, offset: int) -> str:
    return (
        f"line {text.count(chr(10), 0, offset) + 1}, column"
        f" {offset - text.rfind(chr(10), 0, offset)}"
    )


def _cut(words: str) -> str:
    return f"“{words if len(words) <= _LONGEST else words[: _LONGEST - 1] + '…'}”"
