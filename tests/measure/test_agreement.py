"""Agreement against figures computed by hand, beside the annotations they are of."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from itertools import chain, pairwise
from pathlib import Path

import pytest

from annotate.corpus.store import Corpus
from annotate.measure import agreement, align, coefficients
from annotate.measure.agreement import AgreementReport, AgreementRow
from annotate.measure.coefficients import Array
from annotate.model.records import Annotation, Article, Mention
from annotate.model.schema import Schema
from scripts.copies import copies
from tests.conftest import SENTENCE, Acre
from tests.measured import measured

Write = Callable[..., tuple[Article, Annotation]]

# Against SENTENCE: another label on Troops, a narrower count, another realis, another stance.
OTHER = """[m1:armed_group|Troops] [e1:capture|seized] [m2:place|Tak]; \
[c1:content|at least [m3:quantity|12] [e2:death|died]], [h1:source|a medic] [q1:cue|said].
---
e1 agent:m1 object:m2 realis=actual
e2 count:m3 realis=negated
c1 source:h1 cue:q1 stance=doubts style=indirect source_status=anonymous
m3 min=12 unit=people
"""


def _report(
    schema: Schema, *documents: tuple[Article, list[Annotation]], **options: int
) -> AgreementReport:
    return agreement.agreement(iter(documents), schema, **options)


def _row(report: AgreementReport, layer: str, label: str | None = None) -> AgreementRow:
    return next(row for row in report.rows if (row.layer, row.label) == (layer, label))


def _values(row: AgreementRow) -> dict[str, float | None]:
    return {
        name: estimate.value if estimate.value is None else round(estimate.value, 4)
        for name, estimate in row.measures.items()
    }


def test_each_measure_is_what_a_hand_computation_gives(write: Write, schema: Schema) -> None:
    article, one = write(SENTENCE)
    _, other = write(OTHER, annotator="ben")
    report = _report(schema, (article, [one, other]))
    assert (report.annotators, report.documents) == (("ana", "ben"), 1)
    # Three mentions each: Tak is equal, the count overlaps, Troops has another label. Tokens (13 of them, spaCy's:
    # Troops seized Tak ; at least 12 died , a medic said .): 10 without a mention by both, Tak, 12, and Troops, at,
    # least in disagreement. Krippendorff: n = 26; values – 9 + 11 = 20, place 2, quantity 3 + 1 = 4, state_force 1,
    # armed_group 1 … spelt out below.
    tokens = [
        ("state_force", "armed_group"),
        ("place", "place"),
        ("quantity", "–"),
        ("quantity", "–"),
    ]
    tokens += [("quantity", "quantity"), *[("–", "–")] * 8]
    mentions = _values(_row(report, "mention"))
    assert mentions["F1"] == round(2 * 1 / 6, 4)
    assert mentions["F1 overlap"] == round(2 * 2 / 6, 4)
    assert mentions["α tokens"] == round(_alpha(tokens), 4)
    assert _values(_row(report, "mention", "place")) == {
        "F1": 1,
        "F1 overlap": 1,
        "α tokens": 1,
        "α_u": 1,
    }
    assert _values(_row(report, "mention", "quantity"))["F1 overlap"] == 1
    assert _values(_row(report, "mention", "armed_group"))["F1"] == 0
    assert _row(report, "mention", "armed_group").counts == {"ben": 1}
    assert _values(_row(report, "event")) == {"F1": 1, "F1 overlap": 1, "α tokens": 1, "α_u": 1}
    # Two events: one realis is equal. κ: 1/2 agree; by chance actual 1 · 1/2 + negated 0 · 1/2 = 1/2: κ = 0.
    # α: n = 4, actual 3, negated 1: 1 − 3 · 2 / (16 − 9 − 1) = 0.
    assert _row(report, "attribute", "realis").counts == {"ana": 2, "ben": 2}
    assert _values(_row(report, "attribute", "realis")) == {"same": 0.5, "α": 0, "κ": 0}
    assert _values(_row(report, "attribute", "stance"))["same"] == 0
    assert _values(_row(report, "attribute", "style")) == {"same": 1, "α": None, "κ": None}
    # Three arguments each: object has both ends; agent's filler has another label, count's only overlaps.
    arguments = _values(_row(report, "argument"))
    assert arguments == {
        "F1": round(2 * 1 / 6, 4),
        "F1 overlap": round(2 * 2 / 6, 4),
        "F1 matched ends": 1,
    }
    assert _values(_row(report, "attribution link")) == {
        "F1": 1,
        "F1 overlap": 1,
        "F1 matched ends": 1,
    }
    # Two claims each: the paper says capture; the medic asserts, or doubts, death.
    assert _values(_row(report, "claim"))["F1"] == 0.5
    assert _values(_row(report, "claim", "death"))["F1 matched ends"] == 0
    assert report.confusions["mention"] == {("armed_group", "state_force"): 1}
    assert report.confusions["stance"] == {("asserts", "doubts"): 1}
    assert {str(kind): count for kind, count in report.disagreement_types.items()} == {
        "mention: armed_group or state_force": 1, "mention quantity: other words": 1,
        "realis: actual or negated": 1, "stance: asserts or doubts": 1,
    }  # fmt: skip


def test_links_that_differ_are_sorted_where_both_have_the_marks(
    write: Write, schema: Schema
) -> None:
    words = (
        "[m1:state_force|Troops] and [m2:armed_group|rebels] [e1:armed_clash|fought];"
        " [m3:state_force|troops] lost.\n---\n"
    )
    article, one = write(f"{words}e1 agent:m1 target:m2 realis=actual\nsame m1 m3\n")
    _, other = write(f"{words}e1 participant:m1 realis=actual\n", annotator="ben")
    report = _report(schema, (article, [one, other]))
    assert {
        str(kind): (count, report.examples[kind][1])
        for kind, count in report.disagreement_types.items()
    } == {
        "argument: agent or participant": (1, 18),
        "argument target of armed_clash: one has it, the other nothing": (1, 18),
        "coreference same: one has it, the other nothing": (1, 0),
    }
    assert report.disagreement_types == _report(schema, (article, [other, one])).disagreement_types


def test_a_mark_without_partner_is_missing_and_one_of_other_words_is_not(
    write: Write, schema: Schema
) -> None:
    article, one = write("[m1:place|The town of Tak] fell to [m2:armed_group|rebels].\n---\n")
    _, other = write("The town of [m1:place|Tak] fell to rebels.\n---\n", annotator="ben")
    assert {
        str(kind): count
        for kind, count in _report(schema, (article, [one, other])).disagreement_types.items()
    } == {
        "mention place: other words": 1,
        "mention armed_group: one has it, the other nothing": 1,
    }


def _alpha(units: list[tuple[str, str]]) -> float:
    """1 − (n − 1) · disagreeing values / (n² − Σ n_c²), with n twice the units, for two annotators."""
    values = list(chain.from_iterable(units))
    n = len(values)
    apart = 2 * sum(one != other for one, other in units)
    return 1 - (n - 1) * apart / (n**2 - sum(values.count(value) ** 2 for value in set(values)))


def test_the_unitizing_alpha_of_a_layer_by_hand(write: Write, schema: Schema) -> None:
    # 20 code points; ana marks [0, 4) as a place, ben [2, 6): δ² = 2² + 2² = 8, counted from both sides.
    article, one = write("[m1:place|abcd]efghijklmnopqrst\n---\n")
    _, other = write("ab[m1:place|cdef]ghijklmnopqrst\n---\n", annotator="ben")
    observed = 2 * 8 / (2 * 1 * 20**2)
    # Two units of 4: (2 − 1)/3 · 2 · (2·64 − 3·16 + 4) = 56. Gaps of 16, 2 and 14 hold a unit of 4 at 13 + 11 places,
    # two units: 2 · 16 · 24 = 768. Pairs of positions: 40 · 39 − 2 · 4 · 3.
    expected = 2 / 20 * (56 + 768) / (40 * 39 - 24)
    values = _values(_row(_report(schema, (article, [one, other])), "mention"))
    assert values["α_u"] == round(1 - observed / expected, 4)


def test_three_annotators_are_compared_by_pairs_and_alpha_over_all(
    write: Write, schema: Schema
) -> None:
    article, ana = write("[m1:place|Tak] fell.\n---\n")
    _, ben = write("[m1:place|Tak] fell.\n---\n", annotator="ben")
    _, eva = write("[m1:facility|Tak] fell.\n---\n", annotator="eva")
    values = _values(_row(_report(schema, (article, [ana, ben, eva])), "mention"))
    assert values["F1"] == round(2 * 1 / 6, 4)  # one of three pairs agrees, each with two marks
    # Tokens: Tak (place, place, facility), fell and . (–, –, –): n = 9; four ordered pairs differ, at weight 1/2.
    assert values["α tokens"] == round(1 - 8 * (4 / 2) / (81 - 36 - 4 - 1), 4)


def test_degenerate_cases_are_said_and_not_guessed(write: Write, schema: Schema) -> None:
    article, bare = write("Nothing is marked here.\n---\n")
    _, too = write("Nothing is marked here.\n---\n", annotator="ben")
    assert _report(schema, (article, [bare, too])).rows == []
    article, full = write("[m1:place|Tak] fell.\n---\n")
    _, empty = write("Tak fell.\n---\n", annotator="ben")
    row = _row(_report(schema, (article, [full, empty])), "mention")
    assert (_values(row)["F1"], row.counts) == (0, {"ana": 1})
    assert row.measures["α tokens"].value is not None
    _, same = write("[m1:place|Tak] fell.\n---\n", annotator="ben")
    only = _values(_row(_report(schema, (article, [full, same])), "mention"))
    assert only == {"F1": 1, "F1 overlap": 1, "α tokens": 1, "α_u": 1}
    whole, one = write("[m1:place|Tak]\n---\n")
    _, other = write("[m1:place|Tak]\n---\n", annotator="ben")
    # One label, on every token there is: chance can't be told from agreement.
    assert _values(_row(_report(schema, (whole, [one, other])), "mention"))["α tokens"] is None


def test_a_withheld_text_counts_in_all_but_the_tokens(write: Write, schema: Schema) -> None:
    article, one = write(SENTENCE)
    _, other = write(OTHER, annotator="ben")
    report = _report(schema, (article.model_copy(update={"text": None}), [one, other]))
    assert report.untokenised == 1
    assert _values(_row(report, "mention"))["F1"] == round(2 * 1 / 6, 4)
    assert report.disagreements[0].shown == {}


def test_the_worst_disagreements_come_first_and_read_as_each_marked_them(
    write: Write, schema: Schema
) -> None:
    article, one = write(SENTENCE)
    _, other = write(OTHER, annotator="ben")
    report = _report(schema, (article, [one, other]), worst=2)
    assert len(report.disagreements) == 2
    assert all(first.units >= second.units for first, second in pairwise(report.disagreements))
    worst = report.disagreements[0]
    assert article.text is not None
    assert article.text[worst.start : worst.end] == "at least 12 died"
    assert "[c1:content|[m3:quantity|at least 12] [e2:death|died]]" in worst.shown["ana"]
    assert "stance=doubts" in worst.shown["ben"]
    # Every unit that differs is in exactly one place.
    everywhere = sum(
        disagreement.units
        for disagreement in _report(schema, (article, [one, other]), worst=100).disagreements
    )
    assert everywhere == len(set(align.units(one)) ^ set(align.units(other)))


@pytest.mark.parametrize("command", ["agreement", "build"])
def test_three_hundred_documents_are_compared_in_little_memory(
    tmp_path: Path, command: str
) -> None:
    corpus = copies(tmp_path, 300)
    printed, peak = measured(command, "--json", "--corpus", str(corpus.root))
    assert command == "build" or json.loads(printed)["documents"] == 300
    # spaCy imports torch where it is installed, which takes some 260 MB whatever is compared.
    assert peak < (500e6 if importlib.util.find_spec("torch") is None else 850e6)


def test_work_grows_with_the_documents_and_no_faster(
    write: Write, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    article, one = write(SENTENCE)
    _, other = write(OTHER, annotator="ben")
    added: list[int] = []
    largest: list[int] = []

    def sums(weights: Array, documents: Array, columns: Array, numbers: Array, width: int) -> Array:
        added.append(len(numbers) * len(weights))
        largest.append(max(weights.size, len(weights) * width))
        return summed(weights, documents, columns, numbers, width)

    def work(number: int) -> tuple[int, int, int]:
        """Numbers that are summed, times that something is summed, and numbers that are held at once."""
        added.clear()
        largest.clear()
        _report(schema, *[(article, [one, other])] * number)
        return sum(added), len(added), max(largest)

    summed = coefficients.weighted_sums
    monkeypatch.setattr(coefficients, "weighted_sums", sums)
    monkeypatch.setattr(coefficients, "_BLOCK", 64)
    few, many = work(75), work(300)
    assert all(of_many <= 4 * of_few for of_few, of_many in zip(few, many, strict=True))
    assert many[2] == 300 * coefficients._TOGETHER, "a part of the resamples, and nothing larger"


def test_marks_are_paired_as_closely_as_possible_and_once() -> None:
    def mark(name: str, start: int, end: int, label: str = "place") -> Mention:
        return Mention(id=name, label=label, start=start, end=end)

    ours = [mark("a", 0, 10), mark("b", 4, 6)]
    theirs = [mark("x", 4, 7), mark("y", 0, 4), mark("z", 20, 30)]
    assert [(one.id, other.id) for one, other in align.match(ours, theirs)] == [
        ("a", "y"),
        ("b", "x"),
    ]
    assert align.match([mark("a", 0, 5)], [mark("x", 5, 9)]) == []  # they touch, and do not overlap
    assert align.match([mark("a", 0, 5)], [mark("x", 0, 5, "facility")]) == []
    assert len(align.match([mark("a", 0, 5)], [mark("x", 0, 5, "facility")], labels=False)) == 1
    assert align.match([], theirs) == []


def test_the_command_reports_for_people_and_for_programs(
    acre: Acre, corpus: Corpus, write: Write
) -> None:
    article, _ = write(SENTENCE)
    write(OTHER, annotator="ben")

    shown = acre("agreement", "--details")
    assert shown.returncode == 0, shown.stderr
    assert "Agreement of ana, ben on 1 documents" in shown.stdout
    assert f"  ana: annotations/ana/{article.id}.json" in shown.stdout
    report = json.loads(acre("agreement", "--json").stdout)
    assert (
        next(row for row in report["rows"] if row["layer"] == "mention" and not row["label"])[
            "measures"
        ]["F1"]["value"]
        == 1 / 3
    )
    refused = acre("agreement", "ana")
    assert (refused.returncode, "two annotators or more" in refused.stderr) == (2, True)
    path = corpus.annotation_path("ben", article.id)
    path.write_text(path.read_text().replace('"text": "Troops"', '"text": "Troup"'))
    bad = acre("agreement")
    assert bad.returncode == 1
    assert f"left out: annotations/ben/{article.id}.json: m1: mark-text" in bad.stderr
