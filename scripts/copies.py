"""A corpus of any size to measure with: the pilot in many copies, each in other words of the same lengths."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from annotate.corpus.store import Corpus
from annotate.model.text import sha256

ROOT = Path(__file__).parents[1]
PILOT = ("pilot", "pilot-second")
ANNOTATORS = ("alder", "birch")
_WORD = re.compile(r"\b[a-z]+\b")


def copies(
    root: Path,
    number: int,
    annotators: Sequence[str] = ANNOTATORS,
    on_copy: Callable[[], None] = lambda: None,
) -> Corpus:
    """So many annotated copies in `root`/corpus, beside a copy of the schema; each has its own id, words and story.

    In a copy, each word in small letters is another of the pilot's words of the same length. So every offset holds, no
    two copies repeat each other's paragraphs, and the vocabulary is that of ordinary news.
    """
    corpus = Corpus(root / "corpus")
    shutil.copytree(ROOT / "guidelines", root / "guidelines")
    for folder in (
        *(f"articles/{name}" for name in PILOT),
        *(f"annotations/{name}" for name in annotators),
    ):
        (corpus.root / folder).mkdir(parents=True)
    for name in ("collections.yaml", "annotators.yaml", "LICENSE"):
        shutil.copy(ROOT / "corpus" / name, corpus.root / name)
    originals = [
        path
        for name in PILOT
        for path in sorted((ROOT / "corpus" / "articles" / name).glob("*.yaml"))
    ]
    words = _words(originals)
    rows = ["article,story,split"]
    for copy, path in enumerate(islice(cycle(originals), number)):
        on_copy()
        name = f"copy-{copy}"
        _copy(path, name, corpus, annotators, _exchanged(words, copy))
        rows.append(f"{name},{name},train")
    (corpus.root / "splits.csv").write_text("\n".join([*rows, ""]))
    return corpus


def _words(originals: Sequence[Path]) -> dict[int, list[str]]:
    """By length, the words in small letters of all originals."""
    words: dict[int, set[str]] = defaultdict(set)
    for path in originals:
        for word in _WORD.findall(path.with_suffix(".txt").read_text(encoding="utf-8")):
            words[len(word)].add(word)
    return {length: sorted(of_length) for length, of_length in words.items()}


def _exchanged(words: Mapping[int, Sequence[str]], copy: int) -> dict[str, str]:
    """By word, the one that stands in its place in the copy; the first copy of all has none."""
    chance = random.Random(copy)
    exchanged: dict[str, str] = {}
    for of_length in words.values() if copy else ():
        exchanged |= zip(of_length, chance.sample(of_length, len(of_length)), strict=True)
    return exchanged


def _copy(
    path: Path, name: str, corpus: Corpus, annotators: Sequence[str], exchanged: Mapping[str, str]
) -> None:
    original = path.with_suffix(".txt").read_text(encoding="utf-8")
    text = _WORD.sub(lambda match: exchanged.get(match[0], match[0]), original)
    about = path.read_text(encoding="utf-8").replace(f"id: {path.stem}\n", f"id: {name}\n", 1)
    here = corpus.root / "articles" / path.parent.name / f"{name}.yaml"
    here.write_text(about.replace(sha256(original), sha256(text)), encoding="utf-8")
    here.with_suffix(".txt").write_text(text, encoding="utf-8")
    for annotator in annotators:
        source = ROOT / "corpus" / "annotations" / annotator / f"{path.stem}.json"
        annotation = json.loads(source.read_bytes()) | {"article": name, "sha256": sha256(text)}
        for layer in annotation.values():
            for mark in layer if isinstance(layer, list) else ():
                _reword(mark, text)
        target = corpus.root / "annotations" / annotator / f"{name}.json"
        target.write_text(json.dumps(annotation, ensure_ascii=False), encoding="utf-8")


def _reword(mark: dict[str, Any], text: str) -> None:
    if "text" in mark:
        mark["text"] = text[mark["start"] : mark["end"]]
