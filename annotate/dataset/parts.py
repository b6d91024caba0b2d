"""What is built of some articles at a time, in a form that can be kept in a file or come from another process."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args

import msgspec
import pyarrow as pa

from annotate.corpus import validate
from annotate.corpus.store import Corpus, StoreError
from annotate.dataset import card
from annotate.dataset.builder import Builder, BuildReport, BuiltArticle
from annotate.dataset.card import Figures
from annotate.dataset.encoding import encoder
from annotate.dataset.features import CONFIGS, arrow_schema
from annotate.measure.counts import Counts, count
from annotate.measure.disagreements import DisagreementType
from annotate.model.schema import Schema

Name = tuple[str, str]
"""An article's id and its collection."""


class Rows(NamedTuple):
    """The rows of some articles in one file of the dataset."""

    config: str
    split: str
    number: int
    batch: bytes
    """An Arrow record batch, without its schema."""


@dataclass
class Part:
    """What is built of some articles, in the order of their ids."""

    articles: int = 0
    """How many were read."""
    report: BuildReport = field(default_factory=BuildReport)
    rows: list[Rows] = field(default_factory=list)
    figures: Figures = field(default_factory=Figures)
    examples: list[dict[str, card.Example]] = field(default_factory=list)
    """Of each document with a text that may be shown, by config the row that shows most."""
    comparisons: list[Counts] = field(default_factory=list)
    """Of each article with several passes, what they share."""

    def __reduce__(self) -> tuple[Callable[[bytes], Part], tuple[bytes]]:
        """From one process to another it goes in the form in which it is kept."""
        return load, (dump(self),)


def dump(part: Part) -> bytes:
    """The part as MessagePack."""
    return msgspec.msgpack.encode(part)


def load(content: bytes) -> Part:
    """What `dump` was given; msgspec.MsgspecError where the bytes are none."""
    return _decoder.decode(content)


def _counter(kind: Any, value: dict[Any, int]) -> Counter[Any]:
    """What MessagePack has no word for: a Counter, which came as a map, a tuple with names in it as one without."""
    if get_args(kind) == (DisagreementType,):
        return Counter({DisagreementType(*names): number for names, number in value.items()})
    return Counter(value)


_decoder = msgspec.msgpack.Decoder(Part, dec_hook=_counter)


def batch(config: str, rows: list[dict[str, Any]], schema: Schema) -> pa.RecordBatch:
    """The rows as the config's files hold them, with each label as its number."""
    encode = encoder(config, schema)
    return pa.RecordBatch.from_pylist(
        [encode(row) for row in rows], schema=arrow_schema(config, schema)
    )


class PartMaker:
    """Makes parts of a corpus's articles; with `texts`, rows hold every text that is here."""

    def __init__(self, corpus: Corpus, schema: Schema, texts: bool = False) -> None:
        self._corpus, self._schema = corpus, schema
        self._builder = Builder(corpus, texts)

    def of_names(self, names: Iterable[Name]) -> Part:
        """The part of the articles of those names; what can't be read is among its issues."""
        entries = validate.entries(self._corpus, self._schema, list(names))
        part = Part()
        rows: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for entry in entries:
            if isinstance(entry, StoreError):
                part.report.issues.append(entry.issue)
                continue
            part.articles += 1
            built = self._builder.build(entry, part.report)
            if built is not None:
                self._add(built, part, rows)
        # Where each document is the only pass, `annotators` has the very rows of `documents`: they are encoded once.
        contents: dict[tuple[int, ...], bytes] = {}
        for (config, split), of_file in rows.items():
            same = tuple(map(id, of_file))
            if same not in contents:
                contents[same] = bytes(batch(config, of_file, self._schema).serialize())
            part.rows.append(Rows(config, split, len(of_file), contents[same]))
        return part

    def _add(
        self,
        built: BuiltArticle,
        part: Part,
        rows: dict[tuple[str, str], list[dict[str, Any]]],
    ) -> None:
        of_document: dict[str, list[dict[str, Any]]] = {}
        for config in CONFIGS:
            made = list(built.rows(config.name, self._schema))
            part.report.rows[config.name] += len(made)
            if made:
                rows[config.name, built.split] += made
            of_document[config.name] = made
        passes = built.independent
        if len(passes) > 1:
            # Without a text that may not be shown: the figures are the same with and without it.
            first = built.passes[0]
            article = first.article.model_copy(update={"text": first.text})
            part.comparisons.append(count(article, passes, self._schema))
        if built.document is not None:
            part.figures.add(built.document, built.split, built.passes)
            is_shown = built.document.text is not None
            of_document["annotators"] = of_document["documents"]
            part.examples.append(card.examples(of_document) if is_shown else {})
