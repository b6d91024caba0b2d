"""What every format takes and gives, and the way that all of them go from marks in a file to an annotation.

Each module has `write`, and where it can be read `documents`, which finds the documents in files, and `read`.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any, NamedTuple

from pydantic import ValidationError

from annotate.formats.labelmap import LabelMap
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.ids import label_name
from annotate.model.issues import AcreError, Issue
from annotate.model.offsets import Edges, Quote, compare
from annotate.model.records import Annotation, Article, AttributeValue, Mark, Provenance
from annotate.model.schema import ATTRIBUTION_SPANS, Kind, Layer, Schema, is_number, number
from annotate.model.text import normalise

Dropped = Counter[str]
"""What a format can't hold, or what of a file the schema has no place for: how often, by name."""

NO_MAP = LabelMap()
_NO_ID = "(no id)"
_SAFE = re.compile(r"(?!same$)[A-Za-z0-9_-]{1,80}")
_ATTRIBUTION = tuple(Layer(name) for name in ATTRIBUTION_SPANS)


class FormatError(AcreError):
    """A file that is not what its format says, or not of this article: where, what was found, what to do."""


class Export(NamedTuple):
    """A document in a format: the files' contents by suffix, and what is not in them."""

    files: dict[str, bytes]
    dropped: Dropped


class Import(NamedTuple):
    """What a document's files hold."""

    annotation: Annotation
    issues: list[Issue]
    """What has no place in an annotation, or was moved; `where` is a mark's id."""
    dropped: Dropped
    defaults: Counter[str]
    """The answers that were given by default, as `name=value`."""


@dataclass(frozen=True)
class Document:
    """One document of a file, before it is known which article it is."""

    where: str
    content: Any
    """What the format's `read` takes."""
    names: tuple[str, ...] = ()
    """What may be its article's id, or its address."""
    text: str | None = None
    """The text that it comes with, as it is in the file."""
    tokens: tuple[str, ...] = ()
    idle: str | None = None
    """Why it is no pass, where it is none."""
    is_torn: bool = False
    """Whether that is an error: several passes where one is expected."""


class Marked(NamedTuple):
    """A mark as a file tells it, with the file's own label and answers."""

    id: str
    label: str
    fragments: tuple[Edges, ...]
    words: str | None = None
    attributes: Mapping[str, Any] = {}


def text_of(article: Article) -> str:
    """The text; FormatError where it is withheld."""
    if article.text is None:
        raise FormatError(
            f"{article.id}: its text is withheld; put your own copy in place with: acre rehydrate"
        )
    return article.text


def decode(content: bytes, where: str) -> str:
    """The file's text, a byte order mark included; FormatError where it is neither UTF-8 nor marked as UTF-16."""
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if is_utf16 else "utf-8")
    except UnicodeDecodeError as error:
        at, reason = error.start, "it ends early"
        if at < len(content):
            reason = f"byte {at} is 0x{content[at]:02x}"
        raise FormatError(
            f"{where}: not UTF-8: {reason}; convert it first, for example with iconv"
        ) from None


def lines(content: bytes, where: str) -> list[str]:
    """The file's lines without their ends, which may be those of any system."""
    return re.split("\r\n|\r|\n", decode(content, where).removeprefix("\ufeff"))


def from_json(letters: str, where: str) -> Any:
    """The value; FormatError for what is no JSON, and for what no file of the corpus could hold: NaN, half a letter."""

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no number")

    try:
        value = json.loads(letters.removeprefix("\ufeff"), parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise FormatError(
            f"{where}: not JSON: {' '.join(str(error).split())[:200]}; export it again"
        ) from None
    return value


def first_fault(error: ValidationError) -> str:
    """The first thing that pydantic found wrong, in a line."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'entry'}: {first['msg']}"


def assembled(
    marks: Iterable[Marked],
    links: Iterable[Link],
    article: Article,
    schema: Schema,
    provenance: Provenance,
    dropped: Dropped,
    labels: LabelMap = NO_MAP,
    source: str | None = None,
    has_answers: bool = True,
    trims: bool = False,
    evidence: int = 1,
) -> Import:
    """The annotation that a file's marks and links make: compared with the article, in the schema's terms,
    with safe ids.

    `source` is the text that the offsets count, where the file has one. `has_answers` says whether the file
    could hold answers at all: where it can't, a required one that is missing is nobody's fault. `trims` takes
    white space off the edges of marks, as is done with all marks of a foreign label set; others are read as
    they are, and found by `validate`. `evidence` is how many marks must agree that offsets count in another way
    than the format defines.
    """
    text = text_of(article)
    reading = _Reading(text, schema, labels, dropped, trims or labels.is_foreign)
    reading.put_all(list(reading.unique(marks)), list(dict.fromkeys(links)), source, evidence)
    names = reading.safe_names()
    renamed = [mark.model_copy(update={"id": names[mark.id]}) for mark in reading.marks.values()]
    relinked = [Link(names[link.tail], link.label, names[link.head]) for link in reading.links]
    unasked = labels.unasked(schema) if labels.is_foreign else ()
    if not has_answers:
        unasked = tuple(name for name, attribute in schema.attributes.items() if attribute.required)
    provenance = provenance.model_copy(update={"unasked": unasked})
    annotation, issues = graph.assemble(
        renamed, relinked, schema, article.id, article.sha256, provenance
    )
    return Import(annotation, reading.issues + issues, +dropped, reading.defaults)


@dataclass
class _Reading:
    """What has been read of a document so far."""

    text: str
    schema: Schema
    labels: LabelMap
    dropped: Dropped
    trims: bool
    issues: list[Issue] = field(default_factory=list)
    marks: dict[str, Mark] = field(default_factory=dict)
    defaults: Counter[str] = field(default_factory=Counter)
    dropped_marks: set[str] = field(default_factory=set)
    pieces: dict[str, list[str]] = field(default_factory=dict)
    """By id in the file, the ids of the marks that it became: several, where a content was in pieces."""
    links: list[Link] = field(default_factory=list)
    """The links between those marks."""

    def put_all(
        self,
        marks: Sequence[Marked],
        links: Sequence[Link],
        source: str | None,
        evidence: int,
    ) -> None:
        """The marks where they stand in the article's text, then the links between them."""
        quotes = [Quote(mark.id, mark.fragments, mark.words) for mark in marks]
        places, issues = compare(quotes, self.text, source, evidence)
        self.issues += issues
        for mark in marks:
            if self.labels.labels.get(mark.label, "") is None:
                self.dropped_marks.add(mark.id)
        near = _neighbours(links, self.dropped_marks)
        # What is in pieces comes last: by then it is known what stands between them.
        placed = sorted(
            zip(marks, places, strict=True), key=lambda pair: len(pair[0].fragments) > 1
        )
        for mark, place in placed:
            self.put(mark, place, near[mark.id])
        self.links = self._links_of(links)

    def unique(self, marks: Iterable[Marked]) -> Iterator[Marked]:
        seen: set[str] = set()
        for mark in marks:
            if not mark.id:
                mark = mark._replace(id=_NO_ID)
            if mark.id in seen:
                self.issues.append(
                    Issue(mark.id, "id-duplicate", "two marks have this id; give each its own")
                )
            else:
                seen.add(mark.id)
                yield mark

    def put(self, mark: Marked, place: tuple[Edges, ...] | None, near: set[str]) -> None:
        """The mark, under the schema's label, as one or, where it is a content in pieces, as several."""
        label = self._label(mark.label)
        if label is None:
            self.dropped[f"marks {mark.label}, which the map drops"] += 1
            return
        if place is None:
            return
        if self.schema.layer(label) is None:
            message = (
                f"{label!r} is no label of schema {self.schema.version}; correct it, or name it in"
                " a map (--labels)"
            )
            self.issues.append(Issue(mark.id, "label-unknown", message))
            return
        answers = self._answers(mark, label)
        names = self.pieces.setdefault(mark.id, [])
        for start, end in self._spans(label, place, near):
            name = mark.id if not names else f"{mark.id}-{len(names) + 1}"
            words = self.text[start:end]
            if self.trims:
                words = words.strip()
                self.dropped["white space at the edges of a mark"] += len(words) != end - start
                start = self.text.find(words, start)
            if not words:
                self.dropped["marks of white space alone"] += 1
                continue
            names.append(name)
            self.marks[name] = Mark(
                id=name,
                label=label,
                start=start,
                end=start + len(words),
                text=words,
                attributes=answers,
            )

    def _label(self, foreign: str) -> str | None:
        """The schema's label; None where the map drops it. `PER` is `per` of a schema that `acre init` made of it."""
        ours = self.labels.labels.get(foreign, foreign)
        if ours is None or self.schema.layer(ours) is not None:
            return ours
        name = label_name(ours)
        return ours if self.schema.layer(name) is None else name

    def _spans(self, label: str, place: tuple[Edges, ...], near: set[str]) -> list[Edges]:
        """Where the mark stands, in spans without gaps.

        A content in pieces is a content for each: “It began well,” she said, “and ended badly.” Another mark is read as
        one, over its gaps, unless a mark that it is linked to stands in one: then its longest piece is.
        """
        runs = _runs(place, self.text)
        if len(runs) == 1:
            return runs
        if self.schema.layer(label) is Layer.CONTENT:
            self.dropped["contents in pieces, read as a content for each piece"] += 1
            return runs
        gaps = [(one[1], other[0]) for one, other in pairwise(runs)]
        between = any(self._stands_in(name, gap) for name, gap in product(near, gaps))
        if between:
            what = "pieces of discontinuous marks, around a mark that they are linked to"
            self.dropped[what] += len(runs) - 1
            return [max(runs, key=lambda run: run[1] - run[0])]
        self.dropped["discontinuous spans, read as one"] += 1
        return [(runs[0][0], runs[-1][1])]

    def _stands_in(self, name: str, gap: Edges) -> bool:
        other = self.marks.get(name)
        return other is not None and other.start < gap[1] and gap[0] < other.end

    def _answers(self, mark: Marked, label: str) -> dict[str, AttributeValue]:
        answers: dict[str, AttributeValue] = {}
        for foreign, value in mark.attributes.items():
            ours = self.labels.answer(foreign)
            if ours is None:
                self.dropped[f"answers to {foreign}, which the map drops"] += 1
            elif ours.to not in self.schema.attributes:
                self.dropped[f"answers to {foreign}, which the schema does not have"] += 1
            elif ours.values.get(str(value), "") is None:
                self.dropped[f"answers {foreign}={value}, which the map drops"] += 1
            else:
                answer = self._typed(ours.values.get(str(value), value), ours.to)
                if answer is None:
                    message = f"{ours.to} is {value!r}, which is no answer to it; correct it"
                    self.issues.append(Issue(mark.id, "attribute-value", message))
                else:
                    answers[ours.to] = answer
        for name, default in self.labels.defaults.items():
            if name in self.schema.labels[label].attributes and name not in answers:
                answers[name] = self._typed(default, name) or default
                self.defaults[f"{name}={default}"] += 1
        return answers

    def _typed(self, value: Any, name: str) -> AttributeValue | None:
        """The value as the attribute's kind has it; None where it can't be one."""
        attribute = self.schema.attributes[name]
        if attribute.kind is Kind.NUMBER:
            return _number(value)
        if value in (None, True) and len(attribute.values) == 1:
            return next(iter(attribute.values))  # brat's attributes without a value
        return value if isinstance(value, str) and value else None

    def safe_names(self) -> dict[str, str]:
        """By the marks' ids, such as every format can hold: their own where these are so, else new ones."""
        names = {name: name for name in self.marks if _SAFE.fullmatch(name)}
        number = 0
        for name in self.marks:
            while name not in names:
                number += 1
                if f"x{number}" not in self.marks:
                    names[name] = f"x{number}"
        return names

    def _links_of(self, links: Iterable[Link]) -> list[Link]:
        """The links between marks that are there, in the schema's terms; the others are counted."""
        ours: list[Link] = []
        foreign: list[Link] = []
        for link in links:
            label = self.labels.links.get(link.label, link.label)
            if label is None:
                self.dropped[f"links {link.label}, which the map drops"] += 1
            elif self.labels.is_foreign and self._is_attribution(link):
                foreign.append(link)
            elif link.tail in self.dropped_marks or link.head in self.dropped_marks:
                self.dropped["links of marks that the map drops"] += 1
            elif link.tail not in self.pieces or link.head not in self.pieces:
                self.dropped["links to marks that are not there"] += 1
            elif label not in self.schema.relations:
                message = (
                    f"{label!r} is no link of schema {self.schema.version}; correct it, or name it"
                    " in a map (--labels)"
                )
                self.issues.append(Issue(link.tail, "link-misplaced", message))
            else:
                ours += self._between(link.tail, label, link.head)
        return [link for link in ours if self._is_allowed(link)] + list(self._joined(foreign))

    def _between(self, tail: str, label: str, head: str) -> Iterator[Link]:
        for one, other in product(self.pieces.get(tail, ()), self.pieces.get(head, ())):
            yield Link(one, label, other)

    def _is_allowed(self, link: Link) -> bool:
        """Of a foreign label set, an argument that the schema does not allow is counted instead of refused."""
        tail, head = self.marks[link.tail], self.marks[link.head]
        is_argument = tail.label in self.schema.events and link.label in self.schema.roles
        if not is_argument or not self.labels.is_foreign:
            return True
        is_allowed = head.label in self.schema.fillers(tail.label, link.label)
        if not is_allowed:
            self.dropped[f"arguments {link.label} of {tail.label} that are {head.label}"] += 1
        return is_allowed

    def _layer(self, name: str) -> Layer | None:
        pieces = self.pieces.get(name)
        return self.schema.layer(self.marks[pieces[0]].label) if pieces else None

    def _is_attribution(self, link: Link) -> bool:
        """Whether it joins a source, a cue and a content, to one another or to a dropped mark that stands for
        their attribution.
        """
        ends = (link.tail, link.head)
        parts = sum(self._layer(end) in _ATTRIBUTION for end in ends)
        has_dropped_end = any(end in self.dropped_marks for end in ends)
        return parts == 2 or (parts == 1 and has_dropped_end)

    def _joined(self, foreign: Iterable[Link]) -> Iterator[Link]:
        """From each content to its source and its cue, whichever way the file draws them, and through what.

        E1 Attribution:T4 Source:T1 Cue:T2 Content:T3, of whose labels the map drops the first, makes T3
        source:T1 cue:T2.
        """
        around: dict[str, dict[Layer | None, list[str]]] = defaultdict(lambda: defaultdict(list))
        for link in foreign:
            for one, other in ((link.tail, link.head), (link.head, link.tail)):
                around[one][self._layer(other)].append(other)
        joined: dict[tuple[str, Layer], dict[str, None]] = defaultdict(dict)
        for centre in list(around):
            centre_layer = self._layer(centre)
            is_content = centre_layer is Layer.CONTENT
            contents = [centre] if is_content else around[centre][Layer.CONTENT]
            for content, layer in product(contents, (Layer.SOURCE, Layer.CUE)):
                ends = [centre] if centre_layer is layer else around[centre][layer]
                # A source joins its contents to itself, not to all the cues that it has.
                if centre_layer is not Layer.SOURCE or layer is Layer.SOURCE:
                    joined[content, layer] |= dict.fromkeys(ends)
        for (content, layer), joined_ends in joined.items():
            first = list(joined_ends)[:1]
            self.dropped[f"further {layer}s of one content"] += len(joined_ends) - len(first)
            for end in first:
                yield from self._between(content, layer, end)


def with_defaults(
    annotation: Annotation, schema: Schema, labels: LabelMap
) -> tuple[Annotation, Counter[str]]:
    """The annotation with the map's defaults where a mark can have an answer and has none, and how often each
    was given.
    """
    counts: Counter[str] = Counter()
    if not labels.defaults:
        return annotation, counts
    marks, links = graph.disassemble(annotation)
    filled = []
    for mark in marks:
        attributes = schema.labels[mark.label].attributes if mark.label in schema.labels else ()
        unanswered = {name for name in attributes if name not in mark.attributes}
        missing = {name: answer for name, answer in labels.defaults.items() if name in unanswered}
        counts.update(f"{name}={answer}" for name, answer in missing.items())
        filled.append(mark.model_copy(update={"attributes": {**mark.attributes, **missing}}))
    whole, _issues = graph.assemble(
        filled, links, schema, annotation.article, annotation.sha256, annotation.provenance
    )
    return whole, counts


def _neighbours(links: Iterable[Link], through: set[str]) -> dict[str, set[str]]:
    """By mark, those that it is linked to, also through one of the others."""
    near: dict[str, set[str]] = defaultdict(set)
    for link in links:
        near[link.tail].add(link.head)
        near[link.head].add(link.tail)
    for name in through:
        for end in near[name]:
            near[end] |= near[name] - {end}
    return near


def _number(value: Any) -> int | float | None:
    """The value as a number; None where it is none, or none that every later step can hold."""
    if isinstance(value, str):
        return number(value.strip())
    return value if is_number(value) else None


def _runs(place: tuple[Edges, ...], text: str) -> list[Edges]:
    """The fragments in the order of the text, those joined that overlap or have nothing but white space
    between them.
    """
    runs: list[Edges] = []
    for start, end in sorted(place):
        if runs and not text[runs[-1][1] : start].strip():
            runs[-1] = (runs[-1][0], max(end, runs[-1][1]))
        else:
            runs.append((start, end))
    return runs


def outermost(spans: Iterable[tuple[int, int, Mark]]) -> Iterator[tuple[int, int, Mark]]:
    """Of (start, end, mark) that overlap, the one that starts first, and of those the longer."""
    taken = 0
    for start, end, mark in sorted(spans, key=lambda span: (span[0], -span[1], span[2].order)):
        if start >= taken:
            taken = end
            yield start, end, mark


# What the Penn Treebank's tokenisers write for signs that would be brackets or quotation marks of their own files.
_TREEBANK = {
    "``": ("“", '"'), "''": ("”", '"'), "-LRB-": ("(",), "-RRB-": (")",), "-LSB-": ("[",), "-RSB-": ("]",),
    "-LCB-": ("{",), "-RCB-": ("}",),
}  # fmt: skip
_WORD = re.compile(r"\S")


def place_tokens(words: Iterable[str], text: str, where: str) -> list[Edges]:
    """Where each token stands in the text, each after the one before; between and after them is only white space."""
    places: list[Edges] = []
    place = 0
    for position, word in enumerate(words, 1):
        following = _WORD.search(text, place)
        start = following.start() if following else len(text)
        forms = (word, normalise(word)[0], *_TREEBANK.get(word, ()))
        standing = next((form for form in forms if text.startswith(form, start)), None)
        if not word.strip() or standing is None:
            following_text = text[start : start + max(20, len(word))]
            raise FormatError(
                f"{where}: token {position} is {word!r}, the article goes on with"
                f" {following_text!r}; change tags only"
            )
        place = start + len(standing)
        places.append((start, place))
    left = text[place:].strip()
    if left:
        raise FormatError(
            f"{where}: it ends after {len(places)} tokens, the article goes on with {left[:40]!r};"
            " give all of it"
        )
    return places
