"""Gold that is read again: every change has its reason, nothing is lost in silence, and what was changed stays."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.corpus import store, validate
from annotate.corpus.store import Corpus
from annotate.dataset import build
from annotate.gold import adjudicate, review
from annotate.measure import align
from annotate.model import graph
from annotate.model.records import Annotation, Article, Gold, Review, UnitCounts
from annotate.model.schema import Layer, Schema
from tests.conftest import SENTENCE, Acre
from tests.gold.test_adjudicate import ARTICLE, BASE, MADE, SCHEMA, _filled, passes
from tests.measure.test_agreement import OTHER
from tests.strategies import WHEN

Write = Callable[..., tuple[Article, Annotation]]

READING = Review(
    annotator="eva", kind="human", schema_version=SCHEMA.version, updated=WHEN, sheets=("0" * 10,)
)
CORRECTED = """[m1:armed_group|Troops] [e1:capture|seized] [m2:place|Tak]; \
[c1:content|at least [m3:quantity|12] [e2:death|died]], [m9:person|[h1:source|a medic]] [q1:cue|said].
---
m1 reason="label: they have no state"
e1 object:m2 realis=negated reason="realis: it did not happen; no agent"
m3 min=12 unit=people reason="extent: the number alone"
e2 count:m3 realis=actual
c1 source:h1 cue:q1 stance=asserts style=indirect source_status=anonymous
m9 reason="labels/person: a medic is one"
"""


class Desk:
    """A corpus with one gold, agreed on by two passes, and the folder of review sheets."""

    def __init__(self, acre: Acre, corpus: Corpus, article: Article, folder: Path) -> None:
        self.acre, self.corpus, self.article = acre, corpus, article
        self.sheet = folder / f"{article.id}.acre"

    def gold(self) -> Gold:
        gold = self.corpus.gold(self.article.id)
        assert gold is not None
        return gold

    def read(self, *options: str, code: int = 0) -> str:
        """Read the sheets back; what the command said."""
        command = ("review", "--folder", self.sheet.parent, "--read", "--reviewer", "eva", *options)
        done = self.acre(*command)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def record(self) -> set[str]:
        """Of each decision, origin, label, value, and reason."""
        told = set()
        for decision in self.gold().decisions:
            words = [decision.origin, decision.label, *map(str, decision.rest[1:2])]
            told.add(" ".join(words) + (f": {decision.reason}" if decision.reason else ""))
        return told


@pytest.fixture
def desk(acre: Acre, corpus: Corpus, write: Write, tmp_path: Path) -> Desk:
    article, _ = write(SENTENCE)
    write(SENTENCE, annotator="ben")
    assert acre("adjudicate").returncode == 0
    assert acre("review", "--folder", tmp_path / "sheets").returncode == 0
    return Desk(acre, corpus, article, tmp_path / "sheets")


def test_a_sheet_is_written_once_with_what_to_look_at_beside_it(desk: Desk) -> None:
    beside = desk.sheet.with_name(f"{desk.article.id}.lints.txt").read_text(encoding="utf-8")
    assert beside.splitlines()[:2] == ["published: None; outlet: None", "zone paragraph 0–50"]
    desk.sheet.write_text("somebody is at it", encoding="utf-8")
    done = desk.acre("review", "--folder", desk.sheet.parent)
    assert (done.returncode, done.stdout.strip()) == (0, "1 sheets that are there already")
    assert desk.sheet.read_text(encoding="utf-8") == "somebody is at it"


def test_changes_go_into_gold_with_their_reasons_and_nothing_else_moves(
    desk: Desk, schema: Schema
) -> None:
    before = desk.gold()
    desk.sheet.write_text(CORRECTED, encoding="utf-8")
    assert "would write gold/" in desk.read("--dry-run")
    assert desk.gold() == before
    desk.read()
    after = desk.gold()
    assert {mark.id for mark in after.marks()} == {mark.id for mark in before.marks()} | {"m9"}
    kept = "capture|realis actual|place|object place|death|source|cue|content|source source|cue cue"
    kept += "|stance asserts|style indirect|source_status anonymous"
    assert desk.record() == {f"agreed {unit}" for unit in kept.split("|")} | {
        "reviewed armed_group: label: they have no state",
        "rejected state_force: label: they have no state",
        "reviewed realis negated: realis: it did not happen; no agent",
        "rejected realis actual: realis: it did not happen; no agent",
        "reviewed quantity: extent: the number alone",
        "rejected quantity: extent: the number alone",
        "reviewed min 12: extent: the number alone",
        "reviewed unit people: extent: the number alone",
        "reviewed count quantity: extent: the number alone",
        "reviewed person: labels/person: a medic is one",
    }
    (reading,) = after.provenance.reviews
    assert (reading.annotator, reading.kind, reading.schema_version) == (
        "eva",
        "human",
        schema.version,
    )
    assert reading.units[Layer.MENTION] == UnitCounts(read=3, changed=2, added=1)
    assert reading.units[Layer.EVENT] == UnitCounts(read=2)
    assert reading.units[Layer.ATTRIBUTE] == UnitCounts(read=7, changed=1)
    assert reading.units[Layer.ARGUMENT] == UnitCounts(read=3, removed=1)
    assert list(validate.corpus(desk.corpus, schema)) == []


def test_a_reason_that_begins_with_a_lints_code_answers_it_and_changes_nothing(
    acre: Acre, corpus: Corpus, write: Write, tmp_path: Path
) -> None:
    source = """Guards [e1:air_strike|launched] two. Others [e2:shelling|launched] three.
---
e1 realis=actual
e2 realis=actual
"""
    article, _ = write(source)
    write(source, annotator="ben")
    assert acre("adjudicate").returncode == 0
    before = corpus.gold(article.id)
    assert before is not None

    def told() -> list[str]:
        lines = acre("validate", "--all").stderr.splitlines()
        return [line.split(": ")[2] for line in lines if "trigger-light" in line]

    assert told() == ["e1", "e2"]
    assert acre("review", "--folder", tmp_path / "sheets").returncode == 0
    sheet = tmp_path / "sheets" / f"{article.id}.acre"
    answer = 'reason="trigger-light: of two, what was launched is not told"'
    sheet.write_text(sheet.read_text().replace("e1 realis=actual", f"e1 realis=actual {answer}"))
    read = ("review", "--folder", sheet.parent, "--read", "--lints", "--reviewer", "eva")
    assert acre(*read).returncode == 0
    counts = json.loads(acre("review", "--json").stdout)
    assert (counts["gold"], counts["read_again"]) == (1, 0)
    after = corpus.gold(article.id)
    assert after is not None
    assert after.layers() == before.layers()
    (decision,) = (each for each in after.decisions if each.reason)
    assert (decision.origin, decision.label) == ("agreed", "air_strike")
    assert told() == ["e2"]
    (review,) = after.provenance.reviews
    assert {(count.read, count.changed) for count in review.units.values()} == {(0, 0)}
    # A code that no lint has would answer nothing: it is told, and nothing is read.
    whole = sheet.read_text()
    for wrong, code in (
        ("trigger-lite: of", "trigger-lite"),
        ("trigger-light: a; a-lint: of", "a-lint"),
    ):
        sheet.write_text(whole.replace("trigger-light: of", wrong))
        refused = acre(*read)
        assert refused.returncode == 1
        assert (
            f"e1: lint-unknown: there is no lint {code}, and nothing of air_strike"
            in refused.stderr
        )
        assert (
            "trigger-light, unit-persons, words-unmarked, or take the reason out" in refused.stderr
        )
        assert corpus.gold(article.id) == after
    sheet.write_text(whole)
    # What does not begin as a lint's code is no answer, and is not kept.
    sheet.write_text(sheet.read_text().replace("trigger-light: of", "words: of"))
    assert acre(*read).returncode == 0
    assert corpus.gold(article.id) == after.model_copy(
        update={"provenance": corpus.gold(article.id).provenance}  # type: ignore[union-attr]
    )


def test_a_reason_for_a_change_may_begin_as_a_page_is_called(desk: Desk) -> None:
    """Of a link or an answer too, and of one that an earlier sheet of the reader changed already."""
    sheet = CORRECTED.replace('reason="realis:', 'reason="hard-cases:')
    desk.sheet.write_text(sheet.replace('reason="extent:', 'reason="tie-breaks:'), encoding="utf-8")
    desk.read()
    desk.sheet.write_text(desk.sheet.read_text().replace("min=12", "min=13"), encoding="utf-8")
    desk.read()
    assert any("hard-cases: it did not happen" in told for told in desk.record())


def test_the_same_sheet_changes_nothing_twice_and_adjudicating_undoes_nothing(desk: Desk) -> None:
    desk.sheet.write_text(CORRECTED, encoding="utf-8")
    desk.read()
    path = desk.corpus.gold_path(desk.article.id)
    first = path.read_bytes()
    later = time.time() + 60
    os.utime(desk.sheet, (later, later))
    assert "sheets read back before" in desk.read()
    assert path.read_bytes() == first
    done = desk.acre("adjudicate")
    assert (done.returncode, "1 gold unchanged" in done.stdout) == (0, True), done.stdout
    assert path.read_bytes() == first


def test_a_second_sheet_of_the_reader_corrects_the_first(desk: Desk) -> None:
    desk.sheet.write_text(CORRECTED, encoding="utf-8")
    desk.read()
    desk.sheet.write_text(CORRECTED.replace("[m2:place|Tak]", "[m2:facility|Tak]").replace(
        "m9 reason", 'm2 reason="a fort"\nm9 reason'), encoding="utf-8")  # fmt: skip
    desk.read()
    (reading,) = desk.gold().provenance.reviews
    assert len(reading.sheets) == 2
    assert reading.units[Layer.MENTION] == UnitCounts(read=3, changed=3, added=1)
    desk.sheet.unlink()
    desk.acre("review", "--folder", desk.sheet.parent)
    assert "reason" not in desk.sheet.read_text(encoding="utf-8")
    counts = json.loads(desk.acre("review", "--json").stdout)
    assert (counts["gold"], counts["read_again"], counts["reviewers"]) == (1, 1, {"eva": 1})
    assert counts["units"]["mention"] == {
        "read": 3, "changed": 3, "added": 1, "removed": 0, "wrong": 1.0, "missing": 0.25,
    }  # fmt: skip
    assert counts["units"]["all marks"]["read"] == 8
    nobody = json.loads(desk.acre("review", "--reviewer", "ida", "--json").stdout)
    assert (nobody["read_again"], nobody["units"]) == (0, {})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seized", "took", "not the article’s text"),
        ("[m2:place|Tak]", "Tak", "m2 is no mark of the text"),
        ("[m1:state_force|Troops]", "Troops", "m1 is no mark of the text"),
        ("[h1:source|a medic]", "[h1:source|medic]", "mark"),
    ],
)
def test_a_sheet_that_is_no_longer_the_article_is_refused(
    desk: Desk, old: str, new: str, said: str
) -> None:
    before = desk.gold()
    desk.sheet.write_text(
        desk.sheet.read_text(encoding="utf-8").replace(old, new), encoding="utf-8"
    )
    told = desk.read(code=1)
    assert str(desk.sheet) in told
    assert said in told
    assert desk.gold() == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[m1:state_force|Troops]", "[m1:armed_group|Troops]",
         "m1: review-reason: armed_group “Troops” was state_force “Troops”, without a reason"),
        ("[m3:quantity|at least 12]", "at least [m3:quantity|12]",
         "m3: review-reason: quantity “12” was quantity “at least 12”, without a reason"),
        ("[m1:state_force|Troops]", "[m9:state_force|[m1:state_force|Troops]]",
         "m9: mark-duplicate: state_force over 0–6 is there already as m1"),
        ("a medic", "[m9:person|a medic]", "m9: review-reason: person “a medic” is new, without a reason"),
        ("e1 agent:m1", "e1", "e1: review-reason: agent → “Troops” of capture “seized” was put in or taken out"),
        ("stance=asserts", "stance=denies", "c1: review-reason: stance=denies of content “at least 12 died”"),
        ("min=12", "min=11", "m3: review-reason: min=11 of quantity “at least 12”"),
        ("---\n", "---\nsame m1 m2\n", "m1: review-reason: same → “Tak” of state_force “Troops”"),
        ("---\n", "---\nm2 verdict=reject\n", "m2: review-reason: place “Tak” is rejected, without a reason"),
        ("object:m2", 'place:m1 reason="x"', "e1: role-filler: "),
        ("[m2:place|Tak]", "Tak", "m2: review-gone: place “Tak” is gone"),
    ],
)  # fmt: skip
def test_a_change_without_a_reason_is_refused_and_named(
    desk: Desk, old: str, new: str, said: str
) -> None:
    before, source = desk.gold(), desk.sheet.read_text(encoding="utf-8")
    assert old in source
    if "gone" in said:
        source = source.replace(" object:m2", "")
    desk.sheet.write_text(source.replace(old, new), encoding="utf-8")
    assert f"{desk.sheet}: {said}" in desk.read(code=1)
    assert desk.gold() == before


def test_a_rejected_mark_goes_with_its_links_and_its_things_stay_joined(
    acre: Acre, corpus: Corpus, write: Write, tmp_path: Path
) -> None:
    source = (
        "[m1:place|Tak] fell. [m2:place|The town] [e1:damage|burnt]. [m3:place|It] was empty."
        "\n---\ne1 object:m2 realis=actual\nsame m1 m2 m3\n"
    )
    article, _ = write(source)
    write(source, annotator="ben")
    acre("adjudicate")
    desk = Desk(acre, corpus, article, tmp_path / "sheets")
    store.write(desk.sheet, (source + 'm2 verdict=reject reason="another town"\n').encode())
    desk.read()
    gold = desk.gold()
    assert [entity.mentions for entity in gold.entities] == [("m1", "m3")]
    assert gold.event_mentions[0].arguments == ()
    (reading,) = gold.provenance.reviews
    assert reading.units[Layer.COREFERENCE] == UnitCounts(read=3)  # two pairs went with their mark
    assert reading.units[Layer.ARGUMENT] == UnitCounts(read=1)
    # Parting the two that are left needs a reason on one of them.
    desk.sheet.write_text(desk.sheet.read_text().replace("same m1 m2 m3", 'm3 reason="a part"'))
    desk.read()
    assert desk.gold().entities == ()
    assert acre("adjudicate").stdout.count("1 gold unchanged") == 1


def test_a_late_pass_is_asked_about_and_never_undoes_a_review(desk: Desk, write: Write) -> None:
    desk.sheet.write_text(CORRECTED, encoding="utf-8")
    desk.read()
    after = desk.gold()
    # Ben now says what the reader refused, and another answer than the reader's.
    write(SENTENCE.replace("realis=actual\ne2", "realis=generic\ne2"), annotator="ben")
    done = desk.acre("adjudicate", "--json")
    assert json.loads(done.stdout.splitlines()[-1])["open"] == {desk.article.id: 1}
    assert desk.gold() == after
    # Ben now has the words that the reader marked, with another number.
    write(SENTENCE.replace("[m3:quantity|at least 12]", "at least [m3:quantity|12]").replace(
        "min=12", "min=11"), annotator="ben")  # fmt: skip
    done = desk.acre("adjudicate", "--json")
    assert json.loads(done.stdout.splitlines()[-1])["open"] == {desk.article.id: 1}
    assert desk.gold() == after
    # Both take back what they agreed on and the reader left standing: that is asked as well.
    for name in ("ana", "ben"):
        write(SENTENCE.replace("[m2:place|Tak]", "Tak").replace(" object:m2", ""), annotator=name)
    done = desk.acre("adjudicate", "--json")
    assert json.loads(done.stdout.splitlines()[-1])["open"] == {desk.article.id: 2}
    assert desk.gold() == after


def test_an_adjudication_sheet_that_is_touched_later_does_not_undo_a_review(
    acre: Acre, corpus: Corpus, write: Write, tmp_path: Path
) -> None:
    article, _ = write(SENTENCE)
    write(OTHER, annotator="ben")
    acre("adjudicate", "--folder", tmp_path / "choices")
    (choices,) = (tmp_path / "choices").iterdir()
    kept = choices.read_text(encoding="utf-8")
    kept = "\n".join(
        f"{line} verdict=keep" if "offered=" in line else line for line in kept.split("\n")
    )
    choices.write_text(
        kept.replace("e2 ", "e2 realis=actual ").replace("c1 ", "c1 stance=asserts ", 1)
    )
    assert acre("adjudicate", "--folder", tmp_path / "choices").returncode == 0
    desk = Desk(acre, corpus, article, tmp_path / "sheets")
    acre("review", "--folder", tmp_path / "sheets")
    sheet = desk.sheet.read_text(encoding="utf-8").replace(
        "---\n", '---\nm1 reason="no"\nm1 verdict=reject\n'
    )
    desk.sheet.write_text(sheet, encoding="utf-8")
    desk.read()
    after = desk.gold()
    later = time.time() + 60
    os.utime(choices, (later, later))
    done = acre("adjudicate", "--folder", tmp_path / "choices")
    assert "sheet-stale" in done.stderr
    assert desk.gold() == after


def test_rows_of_what_was_read_again_leave_the_lists(desk: Desk) -> None:
    path = desk.corpus.review_path("rulings")
    row = "gold/{}.json,m1,place,0,6,\"look: 'a, b'\"\n"
    heading = "file,mark,label,start,end,why\n"
    store.write(path, (heading + row.format(desk.article.id) + row.format("other")).encode())
    desk.read("--dry-run")
    assert desk.corpus.to_review() == {"rulings": 2}
    desk.read()
    assert path.read_text(encoding="utf-8") == heading + row.format("other")
    store.write(path, (heading + row.format(desk.article.id)).encode())
    desk.read()  # a run that was cut off before the rows went
    assert not path.exists()


def test_of_withheld_texts_gold_keeps_offsets_alone_and_an_absent_text_is_named(
    acre: Acre, corpus: Corpus, write: Write, tmp_path: Path
) -> None:
    article, _ = write(SENTENCE, collection="centcom")
    write(SENTENCE, annotator="ben", collection="centcom")
    acre("adjudicate")
    desk = Desk(acre, corpus, article, tmp_path / "sheets")
    store.write(desk.sheet, CORRECTED.encode())
    desk.read()
    assert {mark.text for mark in desk.gold().marks()} == {None}
    assert "Troops" not in corpus.gold_path(article.id).read_text(encoding="utf-8")
    (corpus.root / "articles" / "centcom" / f"{article.id}.txt").unlink()
    for options in ((), ("--read", "--reviewer", "eva")):
        done = acre("review", article.id, "nothing", "--folder", tmp_path / "sheets", *options)
        assert done.returncode == 1
        assert f"left out: {article.id}: its text is not here" in done.stderr
        assert "left out: nothing: there is no" in done.stderr


@pytest.mark.parametrize(
    "options", [("--read",), ("--folder", "x", "--read"), ("--reviewer", "../x"), ("--lints",)]
)
def test_wrong_usage_is_told(acre: Acre, corpus: Corpus, options: tuple[str, ...]) -> None:
    done = acre("review", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_dataset_and_card_tell_what_was_read_again_by_these_guidelines(
    desk: Desk, write: Write, schema: Schema
) -> None:
    desk.read()
    for name in ("ana", "ben"):
        other, _ = write(SENTENCE.replace("Tak", "Brel"), annotator=name)
    desk.acre("adjudicate")
    (reading,) = desk.gold().provenance.reviews
    gold = desk.corpus.gold(other.id)
    assert gold is not None
    before = {"reviews": (reading.model_copy(update={"schema_version": "0.0.1"}),)}
    provenance = gold.provenance.model_copy(update=before)
    desk.corpus.write_annotation(gold.model_copy(update={"provenance": provenance}), other)
    build.build(desk.corpus, schema)
    card = desk.corpus.card.read_text(encoding="utf-8")
    assert "Read again, mark by mark, by these guidelines: 1 of 2 adjudicated documents" in card
    assert "| `eva` | 2 | human |" in card
    (path,) = (desk.corpus.data / "documents").glob("*.parquet")
    provenances = pq.read_table(path)["provenance"].to_pylist()
    versions = {row["reviews"][0]["schema_version"]: row["reviews"][0] for row in provenances}
    assert versions.keys() == {"0.0.1", schema.version}
    assert versions[schema.version]["annotator"] == "eva"
    done = desk.acre("validate")
    assert done.returncode == 0, done.stderr


@st.composite
def corrected(draw: st.DrawFn, gold: Gold) -> Annotation:
    """A review sheet of the gold: marks rejected, moved, given another answer or freed of links, each with a reason."""
    marks, links = graph.disassemble(gold)
    sheet, freed = [], set()
    taken = {align.mark_key(mark) for mark in marks}
    for mark in marks:
        what = draw(st.sampled_from(["same"] * 12 + ["rejected", "shorter", "answered", "freed"]))
        words, answers = mark.text or "", dict(mark.attributes)
        start = mark.start
        if what == "shorter" and " " in words:
            start += words.rindex(" ") + 1
        if (mark.label, start, mark.end) in taken:
            start = mark.start  # two equal marks are refused
        taken.add(align.MarkKey(mark.label, start, mark.end))
        if what == "rejected":
            answers[adjudicate.VERDICT] = adjudicate.REJECT
        if what == "freed":
            freed.add(mark.id)
        for name in answers:
            if what == "answered" and name in SCHEMA.attributes and SCHEMA.attributes[name].values:
                answers[name] = draw(st.sampled_from(sorted(SCHEMA.attributes[name].values)))
        if what != "same":
            answers[adjudicate.REASON] = what
        text = (ARTICLE.text or "")[start : mark.end]
        sheet.append(mark.model_copy(update={"start": start, "text": text, "attributes": answers}))
    kept = [link for link in links if link.tail not in freed]
    schema = adjudicate.sheet_schema(SCHEMA)
    return graph.assemble(sheet, kept, schema, ARTICLE.id, ARTICLE.sha256, MADE)[0]


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_gold_that_was_read_again_is_what_merging_gives(data: st.DataObject) -> None:
    given_ = [BASE, data.draw(passes("ben"))]
    filled = data.draw(st.composite(_filled)(adjudicate.merge(ARTICLE, given_, SCHEMA)))
    gold, issues = adjudicate.decide(ARTICLE, given_, None, filled, SCHEMA, MADE)
    assert gold is not None, issues
    sheet = data.draw(corrected(gold))
    after, issues = review.decide(ARTICLE, gold, sheet, given_, SCHEMA, READING)
    assert after is not None, issues
    found = validate.check(after, ARTICLE, SCHEMA)
    assert [issue for issue in found if issue.code.startswith("record")] == []
    changed = set(align.units(gold)) ^ set(align.units(after))
    told = {
        align.Unit(each.layer, each.label, each.start, each.end, each.rest): each
        for each in after.decisions
    }
    for unit in set(align.units(after)) - set(align.units(gold)):
        assert (told[unit].origin, bool(told[unit].reason)) == ("reviewed", True)
    for unit, decision in told.items():
        if unit not in changed and decision in gold.decisions:
            continue
        assert decision.origin in ("reviewed", "rejected")
    # Merging finds nothing to ask, and makes the same gold, record and all.
    again = adjudicate.merge(ARTICLE, given_, SCHEMA, after)
    assert again.choices == {}
    same, _ = adjudicate.decide(ARTICLE, given_, after, again.annotation, SCHEMA, after.provenance)
    assert same is not None
    assert (same.layers(), same.decisions) == (after.layers(), after.decisions)
