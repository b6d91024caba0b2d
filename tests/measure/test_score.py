"""Scores against hand computation, against nervaluate, and gold against itself; significance against enumeration."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.cli.score import MEANINGS
from annotate.corpus.store import Corpus
from annotate.measure import score
from annotate.measure.score import Case, ScoreRow
from annotate.model import notation
from annotate.model import schema as schema_
from annotate.model.records import Annotation, Provenance
from annotate.model.schema import Schema
from annotate.model.tokens import tokens
from tests.conftest import ROOT, SENTENCE, Acre
from tests.strategies import annotated

SCHEMA = schema_.load(ROOT / "guidelines" / "schema.yaml")
Made = Callable[..., Provenance]
GOLD = """[m1:state_force|The army] [q1:cue|said] [c1:content|[m2:armed_group|rebels] [e1:capture|seized] \
[m3:place|Tak town] on [m4:time|Friday]]. [m5:civilians|Nine people] [e2:death|died].
---
e1 agent:m2 object:m3 time:m4 realis=actual
e2 victim:m5 realis=actual
c1 cue:q1 stance=asserts style=indirect source_status=unattributed
m4 value=2024-03-15
"""
# The place is too short, the group is a person, Friday and the deaths are missed, a cue of a word too much.
PREDICTED = """[m1:state_force|The army] [q1:cue|said rebels] [c1:content|[e1:capture|seized] [m3:place|Tak]] town \
on Friday. [m5:person|Nine people] died.
---
e1 object:m3 realis=actual
c1 cue:q1 stance=asserts style=indirect source_status=unattributed
"""


def _annotation(source: str, made: Made, article: str = "a") -> tuple[str, Annotation]:
    return notation.parse(source, SCHEMA, article, "0" * 64, made())


def _score(*cases: Case, **options: Any) -> dict[tuple[str, str, str | None], ScoreRow]:
    report = score.score(cases, SCHEMA, samples=200, **options)
    return {(row.layer, row.measure, row.label or row.averaging): row for row in report.rows}


def _figures(row: ScoreRow) -> tuple[int, int, float | None, float | None, float | None]:
    values = (
        None if value is None else round(value, 4)
        for value in (row.precision.value, row.recall.value, row.f1.value)
    )
    return (row.gold, row.predicted, *values)  # type: ignore[return-value]


PROMISE = """[h1:source|She] [q1:cue|promised] [c1:content|to [e1:withdrawal|leave] {} [e2:detention|freed]].
---
e1 realis=future_or_hypothetical
e2 realis=future_or_hypothetical
c1 source:h1 cue:q1 stance=commits style=indirect source_status=named
"""


def test_gold_and_prediction_are_claims_of_the_same_text(made: Made) -> None:
    """Who is wrong about a link is wrong about the claim: what is an argument there is only mentioned."""
    text, gold = _annotation(PROMISE.format("unless they were"), made)
    wrong = PROMISE.replace("e1 realis", "e1 object:e2 realis")
    _text, predicted = _annotation(wrong.format("unless they were"), made)
    # With the text the condition is mentioned in both, and without it only where it is linked.
    rows = _score(Case(gold, (predicted,), None, text))
    assert _figures(rows["claim", "core", "micro"]) == (2, 2, 1.0, 1.0, 1.0)
    rows = _score(Case(gold, (predicted,), None))
    assert _figures(rows["claim", "core", "micro"]) == (2, 2, 0.5, 0.5, 0.5)
    # Another stance on what is only mentioned is no other claim.
    text, gold = _annotation(PROMISE.format("if they are"), made)
    _text, predicted = _annotation(
        PROMISE.format("if they are").replace("=commits", "=demands"), made
    )
    rows = _score(Case(gold, (predicted,), None, text))
    assert _figures(rows["claim", "strict", "micro"]) == (2, 2, 0.5, 0.5, 0.5)
    assert _figures(rows["claim", "core", "micro"]) == (2, 2, 0.5, 0.5, 0.5)


def test_a_case_counted_by_hand(made: Made) -> None:
    text, gold = _annotation(GOLD, made)
    text_, predicted = _annotation(PREDICTED, made)
    assert text == text_
    rows = _score(Case(gold, (predicted,), tuple(tokens(text))))
    # Mentions: 5 and 3. The army is exact, Tak in Tak town half right, Nine people found as another label.
    assert _figures(rows["mention", "strict", "micro"]) == (5, 3, 0.3333, 0.2, 0.25)
    assert _figures(rows["mention", "identified", "micro"]) == (5, 3, 0.6667, 0.4, 0.5)
    assert _figures(rows["mention", "partial", "micro"]) == (5, 3, 0.5, 0.3, 0.375)
    # F1 by label: state_force 1, armed_group, place, civilians, time and person 0.
    assert _figures(rows["mention", "strict", "macro"])[-1] == round(1 / 6, 4)
    assert _figures(rows["mention", "partial", "place"]) == (1, 1, 0.5, 0.5, 0.5)
    assert _figures(rows["event", "classified", "micro"]) == (2, 1, 1.0, 0.5, 0.6667)
    # Arguments: 4 and 1, object(seized, Tak town) found at an overlapping place only.
    assert _figures(rows["argument", "classified", "micro"]) == (4, 1, 0.0, 0.0, 0.0)
    assert _figures(rows["argument", "overlap", "micro"]) == (4, 1, 1.0, 0.25, 0.4)
    assert _figures(rows["attribution span", "strict", "micro"]) == (2, 2, 0.0, 0.0, 0.0)
    assert _figures(rows["attribution span", "partial", "micro"]) == (2, 2, 0.5, 0.5, 0.5)
    # Tokens: cue 1 of 1 and 2; content: rebels seized Tak town on Friday against seized Tak.
    assert _figures(rows["attribution tokens", "overlap", "cue"]) == (1, 2, 0.5, 1.0, 0.6667)
    assert _figures(rows["attribution tokens", "overlap", "content"]) == (6, 2, 1.0, 0.3333, 0.5)
    assert _figures(rows["attribution link", "overlap", "micro"]) == (1, 1, 1.0, 1.0, 1.0)
    # Claims: seized, by nobody named, asserted: right at its core; the arguments are not.
    assert _figures(rows["claim", "core", "micro"]) == (2, 1, 1.0, 0.5, 0.6667)
    assert _figures(rows["claim", "strict", "micro"]) == (2, 1, 0.0, 0.0, 0.0)


def test_what_is_not_predicted_counts_as_missed_and_what_is_not_there_is_not_defined(
    made: Made,
) -> None:
    _text, gold = _annotation(GOLD, made)
    rows = _score(Case(gold, (None,), None))
    assert _figures(rows["mention", "strict", "micro"]) == (5, 0, None, 0.0, 0.0)
    _text, nothing = _annotation("Nothing here.\n---\n", made)
    assert score.score([Case(nothing, (nothing,), ())], SCHEMA).rows == []


def test_a_layer_that_gold_lacks_has_no_score(made: Made) -> None:
    """Nobody may have annotated it: a system is not wrong there. A label that gold lacks is wrong in a layer it has."""
    _text, whole = _annotation(GOLD, made)
    gold = whole.model_copy(update={"attributions": (), "cues": (), "mentions": whole.mentions[:1]})
    gold = gold.model_copy(
        update={
            "event_mentions": tuple(
                e.model_copy(update={"arguments": ()}) for e in whole.event_mentions
            )
        }
    )
    rows = _score(Case(gold, (whole, whole), None))
    for layer in ("argument", "attribution span", "attribution link"):
        of_layer = [row for (name, *_), row in rows.items() if name == layer]
        assert {_figures(row)[2:] for row in of_layer} == {(None, None, None)}, layer
        assert {row.against for row in of_layer} == {None}
        assert all(row.predicted for row in of_layer)
    assert _figures(rows["mention", "strict", "micro"]) == (1, 5, 0.2, 1.0, 0.3333)
    assert _figures(rows["mention", "strict", "place"]) == (0, 1, 0.0, None, 0.0)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_gold_against_itself_is_perfect(data: st.DataObject) -> None:
    text, gold = data.draw(annotated(SCHEMA))
    for row in score.score([Case(gold, (gold,), tuple(tokens(text)))], SCHEMA, samples=100).rows:
        assert (row.precision.value, row.recall.value, row.f1.value) == (1.0, 1.0, 1.0), row


def test_every_annotation_of_the_corpus_against_itself_is_perfect() -> None:
    cases = [Case(gold, (gold,), None) for _, gold, _ in Corpus(ROOT / "corpus").annotated()]
    rows = score.score(cases, SCHEMA).rows
    assert len(rows) > 50
    assert {(row.f1.value, row.f1.low, row.precision.value) for row in rows} <= {
        (1.0, 1.0, 1.0),
        (1.0, None, 1.0),
    }


_SPANS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 4), st.sampled_from(["person", "place"])),
    max_size=6,
)


@given(st.lists(st.tuples(_SPANS, _SPANS), min_size=1, max_size=3))
@settings(max_examples=200, deadline=None)
def test_strict_and_partial_are_nervaluates(documents: list[tuple[Any, Any]]) -> None:
    """On flat spans, of which at most one overlaps another: there nervaluate's greedy pairing is the best one."""
    from nervaluate import Evaluator

    cases, gold, predicted = [], [], []
    for number, sides in enumerate(documents):
        flat = []
        for side in sides:
            spans: list[tuple[int, int, str]] = []
            for start, length, label in sorted(side):
                if not spans or 5 * start > spans[-1][1]:
                    spans.append(
                        (5 * start, 5 * start + length, label)
                    )  # in a cell of its own, five letters wide
            flat.append(spans)
        one, other = (_of_spans(spans, f"d{number}") for spans in flat)
        cases.append(Case(one, (other,), None))
        for spans, side in zip(flat, (gold, predicted), strict=True):
            side.append(
                [{"label": label, "start": start, "end": end} for start, end, label in spans]
            )
    result = Evaluator(gold, predicted, tags=["person", "place"], loader="dict").evaluate()
    rows = _score(*cases)
    for label in ("person", "place"):
        for measure in ("strict", "partial"):
            row = rows.get(("mention", measure, label)) or (
                rows.get(("mention", measure, "micro")) if label in result["entities"] else None
            )
            if label not in result["entities"]:
                continue
            theirs = result["entities"][label][measure]
            assert row is not None
            assert (row.gold, row.predicted) == (theirs.possible, theirs.actual)
            for ours, other in (
                (row.precision, theirs.precision),
                (row.recall, theirs.recall),
                (row.f1, theirs.f1),
            ):
                assert (ours.value or 0.0) == pytest.approx(other)
    overall = result["overall"]["strict"]
    micro = rows.get(("mention", "strict", "micro"))
    assert (micro.f1.value or 0.0 if micro else 0.0) == pytest.approx(overall.f1)


def _of_spans(spans: list[tuple[int, int, str]], article: str) -> Annotation:
    from tests.strategies import WHEN

    provenance = Provenance(
        annotator="a", kind="machine", tool="t", schema_version="0.1.0", created=WHEN, updated=WHEN
    )
    mentions = [
        {"id": f"m{number}", "label": label, "start": start, "end": end}
        for number, (start, end, label) in enumerate(spans)
    ]
    return Annotation.model_validate(
        {"article": article, "sha256": "0" * 64, "provenance": provenance, "mentions": mentions}
    )


def test_significance_is_what_all_swaps_give(made: Made) -> None:
    """Four documents have sixteen ways to swap: the test's p is near the share of those with as large a difference."""
    _text, gold = _annotation(GOLD, made)
    _text, predicted = _annotation(PREDICTED, made)
    systems = [(gold, predicted), (predicted, gold), (gold, predicted), (gold, predicted)]
    rows = _score(*(Case(gold, pair, None) for pair in systems))
    comparison = rows["mention", "strict", "micro"].against
    assert comparison is not None
    right = {id(gold): (5, 5), id(predicted): (1, 3)}

    def difference(pairs: list[tuple[Annotation, Annotation]]) -> float:
        f1 = []
        for side in (0, 1):
            hits, said = (sum(right[id(pair[side])][which] for pair in pairs) for which in (0, 1))
            f1.append(2 * hits / (said + 5 * len(pairs)))
        return f1[1] - f1[0]

    real = difference(systems)
    assert comparison.f1 == pytest.approx(real)
    swapped = [
        difference(
            [pair[::-1] if swap else pair for pair, swap in zip(systems, swaps, strict=True)]
        )  # type: ignore[misc]
        for swaps in product((0, 1), repeat=4)
    ]
    share = np.mean([abs(value) >= abs(real) - 1e-12 for value in swapped])
    assert comparison.p == pytest.approx(share, abs=0.03)
    same = _score(*(Case(gold, (predicted, predicted), None) for _ in range(4)))[
        "mention", "strict", "micro"
    ].against
    assert same == score.Difference(0.0, 1.0)


def test_the_command_prints_a_table_and_json(
    acre: Acre, corpus: Corpus, write: Any, made: Made, schema: Schema
) -> None:
    article, _ = write(SENTENCE, annotator="gold")
    write(SENTENCE.replace("m1:state_force", "m1:person"), annotator="robot")
    folder = corpus.root / "annotations"
    printed = acre("score", folder / "gold", folder / "robot", "--against", folder / "gold")
    assert printed.returncode == 0, printed.stderr
    assert "strict      micro" in printed.stdout
    assert "+0.33" in printed.stdout
    report = json.loads(acre("score", folder / "gold", folder / "robot", "--json").stdout)
    row = next(
        row
        for row in report["rows"]
        if (row["layer"], row["measure"], row["averaging"]) == ("mention", "strict", "micro")
    )
    assert (row["gold"], row["predicted"], row["f1"]["value"]) == (3, 3, pytest.approx(2 / 3))
    # The built dataset and rows of `documents` as JSON lines are annotations too.
    corpus.annotation_path("robot", article.id).unlink()
    assert acre("build").returncode == 0
    from datasets import load_dataset

    rows = load_dataset(str(corpus.root), split="train", cache_dir=str(corpus.root / "cache"))
    rows.to_json(str(corpus.root.parent / "predicted.jsonl"))
    for other in ("corpus", "predicted.jsonl", "corpus/data/documents/train.parquet"):
        report = json.loads(
            acre("score", folder / "gold", other, "--json", "--split", "train").stdout
        )
        assert {row["f1"]["value"] for row in report["rows"]} == {1.0}, other
    (corpus.root.parent / "predicted.jsonl").write_text('{"id": "a"}\n')
    bad = acre("score", folder / "gold", "predicted.jsonl")
    assert (bad.returncode, "predicted.jsonl:1: KeyError" in bad.stderr) == (1, True)
    assert acre("score", folder / "gold", "nowhere").returncode == 2
    # A system may say only what it knows.
    bare = {
        "id": article.id,
        "sha256": article.sha256,
        "mentions": [{"start": 0, "end": 6, "label": "state_force"}],
    }
    (corpus.root.parent / "predicted.jsonl").write_text(json.dumps(bare) + "\n")
    report = json.loads(acre("score", folder / "gold", "predicted.jsonl", "--json").stdout)
    assert (
        report["rows"][1]["measure"],
        report["rows"][1]["averaging"],
        report["rows"][1]["precision"]["value"],
    ) == (
        "strict",
        "micro",
        1.0,
    )
    good = json.loads(next((folder / "gold").iterdir()).read_text())
    for change, message in (
        ({"sha256": "1" * 64}, "made on another text than gold"),
        ({"event_mentions": good["event_mentions"], "mentions": []}, "link-dangling"),
        (
            {"mentions": [good["mentions"][0] | {"label": "spaceship"}], "event_mentions": []},
            "label-unknown",
        ),
    ):
        (corpus.root.parent / "predicted.jsonl").write_text(json.dumps(good | change) + "\n")
        bad = acre("score", folder / "gold", "predicted.jsonl")
        assert (bad.returncode, message in bad.stderr, "Traceback" in bad.stderr) == (
            1,
            True,
            False,
        ), bad.stderr
    none = acre("score", folder / "gold", folder / "gold", "--split", "test")
    assert (none.returncode, "no document to score in the split test" in none.stderr) == (2, True)


def test_the_command_says_how_its_figures_are_to_be_read(acre: Acre, write: Any) -> None:
    """What each measure takes as right, what gold lacks, and what intervals of few documents are worth."""
    assert sorted(MEANINGS) == sorted(score._MEASURES)
    bare = "[m1:place|Tak] [e1:capture|fell], a medic said, {}.\n---\ne1 realis=actual\n"
    told = """[c1:content|[m1:place|Tak] [e1:capture|fell]], [h1:source|a medic] [q1:cue|said], {}.
---
e1 realis=actual
c1 source:h1 cue:q1 stance=asserts style=indirect source_status=anonymous
"""
    for number in ("twice", "again", "at noon", "briefly"):
        write(bare.format(number), annotator="gold")
        write(told.format(number), annotator="robot")
    gold, robot = "corpus/annotations/gold", "corpus/annotations/robot"
    printed = acre("score", gold, robot, "--no-labels").stdout
    layers = "attribution span, attribution tokens, attribution link"
    assert f"gold has none of: {layers}; what is predicted of them is not scored\n" in printed
    row = re.search(r"strict +micro +0 +12 +(.*)\n", printed)
    assert row is not None
    assert row[1].split() == ["–", "–", "–"]
    assert "partial: the same label; words that overlap count half;" in printed
    assert "core: a claim’s event, source and stance, by overlap\n" in printed
    few = (
        "4 documents are few: of 100 such intervals about 70 hold the true value at 3 documents and"
    )
    assert few in printed
    for number in range(4):
        write(bare.format(number), annotator="gold")
    printed = acre("score", gold, gold, "--no-labels").stdout
    assert "are few" not in printed
    assert "gold has none" not in printed


def test_tokens_are_known_of_a_withheld_text(acre: Acre, corpus: Corpus, write: Any) -> None:
    from annotate.model.tokens import sentences

    article, _ = write(SENTENCE, collection="local", annotator="gold")
    corpus.write_sentences(article, sentences(article))
    (corpus.root / "articles" / "local" / f"{article.id}.txt").unlink()
    folder = corpus.root / "annotations" / "gold"
    report = json.loads(acre("score", folder, folder, "--json").stdout)
    assert report["untokenised"] == []
    assert any(row["layer"] == "attribution tokens" for row in report["rows"])
