"""Merging passes and deciding what they differ in: nothing silent, nothing asked twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.corpus import store, validate
from annotate.corpus.store import Corpus
from annotate.gold import adjudicate
from annotate.measure import align
from annotate.measure.align import Unit
from annotate.model import graph, notation
from annotate.model import schema as schema_
from annotate.model.records import Annotation, Article, Decision, Gold, Provenance
from annotate.model.schema import MARK_LAYERS, Schema
from tests.conftest import ROOT, SENTENCE
from tests.measure.test_agreement import OTHER
from tests.strategies import WHEN

Write = Callable[..., tuple[Article, Annotation]]

SCHEMA = schema_.load(ROOT / "guidelines" / "schema.yaml")
ARTICLE, BASE = next(
    (article, annotation)
    for article, annotation, _ in Corpus(ROOT / "corpus").annotated()
    if article.id.startswith("orsenian-army")
)
MADE = Provenance(
    annotator="gold",
    kind="human",
    tool="test",
    schema_version=SCHEMA.version,
    created=WHEN,
    updated=WHEN,
)
MARKS = MARK_LAYERS


@st.composite
def passes(draw: st.DrawFn, annotator: str) -> Annotation:
    """The sample's annotation as another might have made it: marks and links missing, shorter, answered otherwise."""
    marks, links = graph.disassemble(BASE)
    changed = []
    for mark in marks:
        what = draw(st.sampled_from(["same"] * 12 + ["gone", "shorter", "answered", "unanswered"]))
        words, attributes = mark.text or "", dict(mark.attributes)
        if what == "gone":
            continue
        start = (
            mark.start + words.rindex(" ") + 1 if what == "shorter" and " " in words else mark.start
        )
        questions = SCHEMA.labels[mark.label].attributes
        if what == "answered" and questions and SCHEMA.attributes[questions[0]].values:
            attributes[questions[0]] = draw(
                st.sampled_from(sorted(SCHEMA.attributes[questions[0]].values))
            )
        if what == "unanswered":
            attributes = {
                name: value
                for name, value in attributes.items()
                if SCHEMA.attributes[name].required
            }
        text = (ARTICLE.text or "")[start : mark.end]
        changed.append(
            mark.model_copy(update={"start": start, "text": text, "attributes": attributes})
        )
    ids = {mark.id for mark in changed}
    kept = [link for link in links if {link.tail, link.head} <= ids and draw(st.integers(0, 9)) > 0]
    provenance = MADE.model_copy(update={"annotator": annotator})
    annotation, issues = graph.assemble(
        changed, kept, SCHEMA, ARTICLE.id, ARTICLE.sha256, provenance
    )
    assert issues == []
    return annotation


def _filled(draw: st.DrawFn, sheet: adjudicate.Sheet) -> Annotation:
    """The sheet with a verdict on each choice, and an answer to each question that has to be answered."""
    marks, links = graph.disassemble(sheet.annotation)
    done = []
    for mark in marks:
        attributes = dict(mark.attributes)
        if mark.id in sheet.choices:
            attributes[adjudicate.VERDICT] = draw(
                st.sampled_from([adjudicate.KEEP, adjudicate.KEEP, adjudicate.REJECT])
            )
            attributes[adjudicate.REASON] = f"of {mark.id}"
        for name in SCHEMA.labels[mark.label].attributes:
            if SCHEMA.attributes[name].required and name not in attributes:
                attributes[name] = draw(st.sampled_from(sorted(SCHEMA.attributes[name].values)))
        done.append(mark.model_copy(update={"attributes": attributes}))
    filled, issues = graph.assemble(done, links, SCHEMA, ARTICLE.id, ARTICLE.sha256, MADE)
    assert issues == []
    return filled


def _holders(passes: list[Annotation]) -> dict[Unit, set[str]]:
    held: dict[Unit, set[str]] = {}
    for annotation in passes:
        for unit in align.units(annotation):
            held.setdefault(unit, set()).add(annotation.provenance.annotator)
    return held


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_nothing_is_decided_silently_and_nothing_is_asked_twice(data: st.DataObject) -> None:
    names = ["ana", "ben", "eva"][: data.draw(st.integers(2, 3))]
    given_ = [data.draw(passes(name)) for name in names]
    held = _holders(given_)
    sheet = adjudicate.merge(ARTICLE, given_, SCHEMA)
    # A mark that all have is settled, one that only some have is a choice.
    ids = {
        unit: mark.id for unit, mark in align.units(sheet.annotation).items() if unit.layer in MARKS
    }
    for unit, who in held.items():
        if unit.layer in MARKS:
            assert (unit in sheet.choices.get(ids[unit], ())) == (len(who) < len(names))
    filled = data.draw(st.composite(_filled)(sheet))
    gold, issues = adjudicate.decide(ARTICLE, given_, None, filled, SCHEMA, MADE)
    assert gold is not None, issues
    # Every unit of gold tells where it came from; every unit of a pass is there, or refused, or lost with its mark.
    assert [
        issue for issue in validate.check(gold, ARTICLE, SCHEMA) if issue.code.startswith("record")
    ] == []
    units = set(align.units(gold))
    places = {unit.mark for unit in units if unit.layer in MARKS}
    refused = {
        Unit(decision.layer, decision.label, decision.start, decision.end, decision.rest)
        for decision in gold.decisions
        if decision.origin == "rejected"
    }
    for unit, who in held.items():
        assert (
            unit in units
            or unit in refused
            or unit.mark not in places
            or unit.other not in {None, *places}
        )
        if unit in units and len(who) == len(names):
            assert _decision(gold, unit).origin == "agreed"
        elif unit in units:
            assert (_decision(gold, unit).origin, set(_decision(gold, unit).annotators)) == (
                "chosen",
                who,
            )
    # Run again: no choice is left, and gold is the same, ids and all.
    again = adjudicate.merge(ARTICLE, given_, SCHEMA, gold)
    assert again.choices == {}
    same, _ = adjudicate.decide(ARTICLE, given_, gold, again.annotation, SCHEMA, MADE)
    assert same == gold
    # A late change asks for what changed, and for nothing else.
    late = [data.draw(passes(names[0])), *given_[1:]]
    after = _holders(late)
    for units in adjudicate.merge(ARTICLE, late, SCHEMA, gold).choices.values():
        for unit in units:
            others = {unit.mark, *([unit.other] if unit.other else [])}
            about = [
                other for other in {*held, *after} if other.layer in MARKS and other.mark in others
            ]
            assert any(held.get(other) != after.get(other) for other in (unit, *about)), unit


def _decision(gold: Gold, unit: Unit) -> Decision:
    (decision,) = [
        decision
        for decision in gold.decisions
        if (decision.layer, decision.label, decision.start, decision.end, decision.rest) == unit
    ]
    return decision


def test_equal_passes_are_gold_without_a_choice(schema: Schema) -> None:
    other = BASE.model_copy(
        update={"provenance": BASE.provenance.model_copy(update={"annotator": "ben"})}
    )
    sheet = adjudicate.merge(ARTICLE, [BASE, other], schema)
    assert (sheet.choices, sheet.majority) == ({}, frozenset())
    gold, issues = adjudicate.decide(ARTICLE, [BASE, other], None, sheet.annotation, schema, MADE)
    assert issues == validate.check(BASE, ARTICLE, schema)
    assert gold is not None
    assert align.units(gold).keys() == align.units(BASE).keys()
    assert {decision.origin for decision in gold.decisions} == {"agreed"}


def _sheet(write: Write, schema: Schema) -> tuple[Article, list[Annotation], adjudicate.Sheet]:
    article, one = write(SENTENCE)
    _, other = write(OTHER, annotator="ben")
    return article, [one, other], adjudicate.merge(article, [one, other], schema)


def _decide(
    article: Article,
    passes: list[Annotation],
    sheet: adjudicate.Sheet,
    schema: Schema,
    **edits: str,
) -> tuple[Gold | None, list[str]]:
    """Fill the sheet in the notation: for each mark's words, what is added to its line."""
    source = notation.render(article.text or "", sheet.annotation)
    for mark in sheet.annotation.marks():
        said = edits.get((mark.text or "").replace(" ", "_") + "_" + mark.label, "")
        if said:
            source += f"{mark.id} {said}\n"
    _, filled = notation.parse(
        source, adjudicate.sheet_schema(schema), article.id, article.sha256, MADE
    )
    gold, issues = adjudicate.decide(article, passes, None, filled, schema, MADE)
    return gold, [f"{issue.code} {issue.where}" for issue in issues]


def test_the_sheet_offers_each_side_under_a_letter_and_the_record_tells_who(
    write: Write, schema: Schema
) -> None:
    article, given_, sheet = _sheet(write, schema)
    letter = adjudicate.letters(article.id, ["ana", "ben"])
    assert sorted(letter.values()) == ["A", "B"]
    offered = {
        (mark.text, mark.label): mark.attributes.get("offered")
        for mark in sheet.annotation.marks()
        if mark.id in sheet.choices
    }
    assert offered[("Troops", "state_force")] == letter["ana"]
    assert offered[("Troops", "armed_group")] == letter["ben"]
    answers = dict(part.split(": ") for part in str(offered[("died", "death")]).split(" | "))
    assert answers == {letter["ana"]: "realis=actual", letter["ben"]: "realis=negated"}
    assert (
        len(sheet.choices) == 6
    )  # Troops twice, the count twice, realis of died, stance of the content
    gold, issues = _decide(
        article, given_, sheet, schema,
        Troops_state_force="verdict=keep", Troops_armed_group='verdict=reject reason="an army"',
        at_least_12_quantity="verdict=keep", **{"12_quantity": "verdict=reject"},
        died_death="verdict=keep realis=negated", at_least_12_died_content="verdict=keep stance=denies",
    )  # fmt: skip
    assert issues == []
    assert gold is not None
    origins = {(unit.label, *unit.rest[1:]): _decision(gold, unit) for unit in align.units(gold)}
    assert (origins[("state_force",)].origin, origins[("state_force",)].annotators) == (
        "chosen",
        ("ana",),
    )
    assert (origins[("realis", "negated")].origin, origins[("realis", "negated")].annotators) == (
        "chosen",
        ("ben",),
    )
    assert (origins[("stance", "denies")].origin, origins[("stance", "denies")].annotators) == (
        "changed",
        (),
    )
    assert origins[("place",)].origin == "agreed"
    refused = {
        decision.label: decision for decision in gold.decisions if decision.origin == "rejected"
    }
    assert (refused["armed_group"].annotators, refused["armed_group"].reason) == (
        ("ben",),
        "an army",
    )
    assert {"armed_group", "quantity", "realis", "stance"} <= set(refused)


def test_a_choice_left_open_or_an_impossible_one_makes_no_gold(
    write: Write, schema: Schema
) -> None:
    article, given_, sheet = _sheet(write, schema)
    gold, issues = _decide(article, given_, sheet, schema)
    assert gold is None
    assert sorted(issues) == sorted(f"choice-open {name}" for name in sheet.choices)
    everything = {
        f"{(mark.text or '').replace(' ', '_')}_{mark.label}": "verdict=keep"
        for mark in sheet.annotation.marks()
    }
    gold, issues = _decide(article, given_, sheet, schema, **everything)
    assert gold is None  # kept, and nobody said which realis and which stance
    assert {issue.split()[0] for issue in issues} == {"attribute-missing"}


def test_a_mark_that_was_deleted_from_the_sheet_is_refused(write: Write, schema: Schema) -> None:
    article, given_, sheet = _sheet(write, schema)
    marks, links = graph.disassemble(sheet.annotation)
    answers = {"realis": "actual", "stance": "asserts", "verdict": "keep"}
    left = [
        mark.model_copy(update={"attributes": mark.attributes | {
            name: value for name, value in answers.items()
            if name == "verdict" or name in schema.labels[mark.label].attributes
        }})
        for mark in marks
        if (mark.text, mark.label) not in (("Troops", "armed_group"), ("12", "quantity"))
    ]  # fmt: skip
    ids = {mark.id for mark in left}
    joined = [link for link in links if {link.tail, link.head} <= ids]
    filled, _ = graph.assemble(left, joined, schema, article.id, article.sha256, MADE)
    gold, issues = adjudicate.decide(article, given_, None, filled, schema, MADE)
    assert gold is not None, issues
    refused = {
        (decision.label, decision.annotators)
        for decision in gold.decisions
        if decision.origin == "rejected"
    }
    assert {("armed_group", ("ben",)), ("quantity", ("ben",))} <= refused


def test_what_an_adjudicator_adds_or_corrects_is_said_so(write: Write, schema: Schema) -> None:
    article, one = write(
        "Troops [e1:capture|seized] [m1:place|Tak] today.\n---\ne1 object:m1 realis=actual\n"
    )
    _, other = write("Troops seized Tak [m1:time|today].\n---\n", annotator="ben")
    sheet = adjudicate.merge(article, [one, other], schema)
    letter = adjudicate.letters(article.id, ["ana", "ben"])
    source = (
        f"[x:state_force|Troops] [{letter['ana']}-e1:capture|seized] [y:facility|Tak] today.\n---\n"
        f"{letter['ana']}-e1 verdict=keep realis=actual agent:x object:y\n"
    )
    _, filled = notation.parse(
        source, adjudicate.sheet_schema(schema), article.id, article.sha256, MADE
    )
    gold, issues = adjudicate.decide(article, [one, other], None, filled, schema, MADE)
    assert gold is not None, issues
    origins = {
        (decision.layer, decision.label): decision.origin
        for decision in gold.decisions
        if decision.origin != "rejected"
    }
    assert origins[("mention", "state_force")] == "added"
    assert origins[("mention", "facility")] == "changed"  # in place of ana's place
    assert origins[("argument", "agent")] == "added"
    assert sheet.choices.keys() == {
        f"{letter['ana']}-e1",
        f"{letter['ana']}-m1",
        f"{letter['ben']}-m2",
    }
    # And it stays, whatever else is decided later.
    again = adjudicate.merge(article, [one, other], schema, gold)
    assert again.choices == {}
    assert align.units(again.annotation).keys() == align.units(gold).keys()


def test_majority_decides_only_when_asked_and_the_record_says_so(
    write: Write, schema: Schema
) -> None:
    article, ana = write("[m1:place|Tak] fell to [m2:state_force|troops].\n---\n")
    _, ben = write("[m1:place|Tak] fell to troops.\n---\n", annotator="ben")
    _, eva = write("[m1:place|Tak] fell to [m2:state_force|troops].\n---\n", annotator="eva")
    _, ida = write("[m1:facility|Tak] fell to troops.\n---\n", annotator="ida")
    three = [ana, ben, eva]
    assert len(adjudicate.merge(article, three, schema).choices) == 1
    sheet = adjudicate.merge(article, three, schema, majority=True)
    assert sheet.choices == {}
    gold, _ = adjudicate.decide(article, three, None, sheet.annotation, schema, MADE, majority=True)
    assert gold is not None
    assert {
        (decision.label, decision.origin, decision.annotators) for decision in gold.decisions
    } == {
        ("place", "agreed", ("ana", "ben", "eva")),
        ("state_force", "majority", ("ana", "eva")),
    }
    four = adjudicate.merge(article, [*three, ida], schema, majority=True)
    (tie,) = chain.from_iterable(four.choices.values())
    assert tie.label == "state_force"  # two to two
    gold, _ = adjudicate.decide(
        article, [*three, ida], None, _keeping(four, schema, article), schema, MADE, majority=True
    )
    assert gold is not None
    refused = [decision for decision in gold.decisions if decision.origin == "rejected"]
    assert [(decision.label, decision.annotators, decision.reason) for decision in refused] == [
        ("facility", ("ida",), "majority")
    ]


def _keeping(sheet: adjudicate.Sheet, schema: Schema, article: Article) -> Annotation:
    marks, links = graph.disassemble(sheet.annotation)
    kept = [
        mark.model_copy(update={"attributes": mark.attributes | {"verdict": "keep"}})
        for mark in marks
    ]
    return graph.assemble(kept, links, schema, article.id, article.sha256, MADE)[0]


@pytest.mark.parametrize(
    ("ana", "ben", "settled", "open_"),
    [
        ("same m1 m2 m3", "same m1 m2 m3", {(0, 1), (0, 2), (1, 2)}, set()),
        ("same m1 m2 m3", "same m1 m2", {(0, 1)}, {(0, 2), (1, 2)}),
        ("same m1 m2\n", "same m2 m3", set(), {(0, 1), (1, 2)}),
    ],
)
def test_who_is_the_same_is_settled_pair_by_pair(
    write: Write,
    schema: Schema,
    ana: str,
    ben: str,
    settled: set[tuple[int, int]],
    open_: set[tuple[int, int]],
) -> None:
    text = "[m1:place|Tak] fell. [m2:place|The town] burnt. [m3:place|It] was empty.\n---\n"
    article, one = write(text + ana)
    _, other = write(text + ben, annotator="ben")
    sheet = adjudicate.merge(article, [one, other], schema)
    starts = [mark.start for mark in one.mentions]

    def pairs(units: set[Unit]) -> set[tuple[int, int]]:
        ends = (
            (unit.start, unit.other[1])
            for unit in units
            if unit.layer == "coreference" and unit.other
        )
        return {(starts.index(first), starts.index(second)) for first, second in ends}

    assert pairs(set(align.units(sheet.annotation))) == settled
    assert pairs(set(chain.from_iterable(sheet.choices.values()))) == open_


def test_gold_is_kept_and_read_as_it_is(write: Write, schema: Schema, corpus: Corpus) -> None:
    other = BASE.model_copy(
        update={"provenance": BASE.provenance.model_copy(update={"annotator": "ben"})}
    )
    sheet = adjudicate.merge(ARTICLE, [BASE, other], schema)
    gold, _ = adjudicate.decide(ARTICLE, [BASE, other], None, sheet.annotation, schema, MADE)
    assert gold is not None
    store.write(corpus.gold_path(ARTICLE.id), store.dump(gold))
    assert corpus.gold(ARTICLE.id) == gold
    rows = json.loads(corpus.gold_path(ARTICLE.id).read_text())["decisions"]
    assert len(rows) == len(align.units(BASE))


def test_a_decision_holds_until_its_ground_changes(write: Write, schema: Schema) -> None:
    with_, without = "[m1:place|Tak] fell.\n---\n", "Tak fell.\n---\n"
    article, ana = write(with_)
    _, ben = write(without, annotator="ben")
    bare = {name: write(without, annotator=name)[1] for name in ("ana", "eva")}
    has = {name: write(with_, annotator=name)[1] for name in ("ben", "eva")}

    def decided(verdict: str) -> Gold:
        source = (
            f"[{adjudicate.letters(article.id, ['ana', 'ben'])['ana']}-m1:place|Tak] fell.\n---\n"
        )
        source += f"{source[1 : source.index(':')]} verdict={verdict}\n"
        _, filled = notation.parse(
            source, adjudicate.sheet_schema(schema), article.id, article.sha256, MADE
        )
        gold, issues = adjudicate.decide(article, [ana, ben], None, filled, schema, MADE)
        assert gold is not None, issues
        return gold

    def asks(passes: list[Annotation], gold: Gold) -> tuple[bool, bool]:
        """Whether anything is asked, and whether the mark is on the sheet."""
        sheet = adjudicate.merge(article, passes, schema, gold)
        return bool(sheet.choices), bool(sheet.annotation.mentions)

    kept, refused = decided("keep"), decided("reject")
    assert asks([ana, ben], kept) == (False, True)
    assert asks([ana, has["ben"]], kept) == (False, True)  # now all have it
    assert asks([bare["ana"], has["ben"]], kept) == (False, True)  # another has it now
    assert asks([bare["ana"], ben], kept) == (True, True)  # nobody has it any longer
    assert asks([ana, ben, bare["eva"]], kept) == (False, True)
    assert asks([ana, ben], refused) == (False, False)
    assert asks([bare["ana"], ben], refused) == (False, False)
    assert asks([ana, has["ben"]], refused) == (True, True)  # one more has what was refused
    assert asks([ana, ben, has["eva"]], refused) == (True, True)
    assert asks([ana, ben, bare["eva"]], refused) == (False, False)
