"""Assignments: enough passes, equal work, changing pairs, and the same again from the same seed."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.annotators import assign
from annotate.corpus import store
from annotate.corpus.store import Corpus, StoreError
from annotate.model.issues import UsageError
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.conftest import ROOT, SENTENCE, Acre

PEOPLE = ("ana", "ben", "eva", "ida")
LENGTHS = {f"a{number:02}": 1000 + 37 * number for number in range(60)}


def _load(plan: assign.AssignmentPlan, lengths: dict[str, int]) -> Counter[str]:
    load: Counter[str] = Counter()
    for article, names in plan.assignments.items():
        load.update(dict.fromkeys(names, lengths[article]))
    return load


def test_work_is_equal_and_every_pair_meets_about_as_often() -> None:
    plan = assign.distribute(LENGTHS, PEOPLE, 2, 7, {}, {})
    assert all(len(set(names)) == 2 for names in plan.assignments.values())
    load = _load(plan, LENGTHS)
    assert max(load.values()) - min(load.values()) <= 2 * max(LENGTHS.values())
    pairs = Counter(names for names in plan.assignments.values())
    assert set(pairs) == set(combinations(PEOPLE, 2))
    assert max(pairs.values()) - min(pairs.values()) <= 2  # 60 articles, six pairs: ten each


def test_the_same_seed_assigns_the_same_and_another_assigns_otherwise() -> None:
    first = assign.distribute(LENGTHS, PEOPLE, 2, 7, {}, {})
    assert assign.distribute(dict(reversed(LENGTHS.items())), PEOPLE, 2, 7, {}, {}) == first
    assert assign.distribute(LENGTHS, PEOPLE, 2, 8, {}, {}).assignments != first.assignments
    again = assign.distribute(LENGTHS, PEOPLE, 2, 99, first.assignments, {})
    assert (again.assignments, again.added, again.withdrawn) == (first.assignments, [], [])


def test_who_leaves_keeps_what_is_done_and_who_joins_shares_what_is_left() -> None:
    first = assign.distribute(LENGTHS, PEOPLE, 2, 7, {}, {})
    done = {article: names[:1] for article, names in list(first.assignments.items())[:30]}
    left = [name for name in PEOPLE if name != "ben"]
    after = assign.distribute(LENGTHS, left, 2, 7, first.assignments, done)
    for article, names in first.assignments.items():
        finished = set(done.get(article, ()))
        assert set(names) - {"ben"} | finished <= set(after.assignments[article])
        assert ("ben" in after.assignments[article]) == ("ben" in finished)
    assert all(name == "ben" for _article, name in after.withdrawn)
    joined = assign.distribute(LENGTHS, [*left, "zoe"], 2, 7, after.assignments, done, again=True)
    ahead: Counter[str] = Counter()
    for article, names in joined.assignments.items():
        ahead.update(
            {name: LENGTHS[article] for name in names if name not in done.get(article, ())}
        )
    assert set(ahead) == {*left, "zoe"}
    assert max(ahead.values()) - min(ahead.values()) <= 2 * max(LENGTHS.values())


@given(
    lengths=st.dictionaries(
        st.text("abc", min_size=1, max_size=4), st.integers(1, 5000), max_size=25
    ),
    people=st.integers(1, 6),
    passes=st.integers(1, 4),
    seed=st.integers(0, 5),
)
def test_every_article_gets_its_passes_and_nobody_twice(
    lengths: dict[str, int], people: int, passes: int, seed: int
) -> None:
    names = [f"n{number}" for number in range(people)]
    if people < passes:
        with pytest.raises(UsageError, match="name at least as many annotators as passes"):
            assign.distribute(lengths, names, passes, seed, {}, {})
        return
    plan = assign.distribute(lengths, names, passes, seed, {}, {})
    assert set(plan.assignments) == set(lengths)
    assert all(len(set(annotators)) == passes for annotators in plan.assignments.values())
    load = _load(plan, lengths)
    if lengths:
        loads = [load[name] for name in names]
        assert max(loads) - min(loads) <= 2 * max(lengths.values())


def test_the_least_sure_comes_first_and_ties_go_by_id() -> None:
    assert assign.by_uncertainty({"b": 0.2, "c": 0.5, "a": 0.2}) == ["c", "a", "b"]
    assert assign.by_uncertainty({"b": 0.1 + 0.2, "a": 0.3}) == [
        "a",
        "b",
    ], "they differ in the last bit alone"


def test_diversity_takes_what_is_farthest_from_all_before_it() -> None:
    angles = {"a": 0, "b": 10, "c": 90, "d": 82, "e": 45}
    vectors = {
        name: [math.cos(math.radians(angle)), math.sin(math.radians(angle))]
        for name, angle in angles.items()
    }
    assert assign.by_diversity(vectors, [[1, 0]]) == ["c", "e", "b", "d", "a"]
    assert assign.by_diversity(vectors, [])[0] == "e", "the one in the middle"
    assert assign.by_diversity({}, [[1, 0]]) == []


def _around(width: int) -> dict[str, list[float]]:
    """Six articles, three pairs of equals, each vector with its numbers elsewhere: all sums are of the same numbers."""
    rng = np.random.default_rng(2)
    parts = [rng.normal(size=width) for _ in range(3)]
    zeros = np.zeros(width)
    return {
        f"a{number}": np.concatenate([zeros] * place + [part] + [zeros] * (6 - place - 1)).tolist()
        for number, (place, part) in enumerate(
            (place, part) for place, part in enumerate([*parts, *parts])
        )
    }


@given(st.integers(0, 10_000))
def test_diversity_does_not_hang_on_the_last_bits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = _around(5)
    shaken = {
        name: (np.array(vector) * (1 + rng.choice([-1, 0, 1], 30) * 2e-16)).tolist()
        for name, vector in vectors.items()
    }
    assert assign.by_diversity(shaken, []) == assign.by_diversity(vectors, [])
    known = [[1.0] * 30]
    assert assign.by_diversity(shaken, known) == assign.by_diversity(vectors, known)


_ORDER = """
import math
from annotate.annotators import assign
angles = {f"a{number:02}": 5 * number for number in range(19)}
vectors = {name: [math.cos(math.radians(angle)), math.sin(math.radians(angle))] * 9 for name, angle in angles.items()}
print(assign.by_diversity(vectors, [[1, 0] * 9]), assign.by_diversity(vectors, []))
"""


def test_diversity_is_one_order_on_every_processor() -> None:
    orders = {}
    for kernel in ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX"):
        done = subprocess.run(
            [sys.executable, "-c", _ORDER], capture_output=True, text=True, check=False, cwd=ROOT,
            env=os.environ | {"OPENBLAS_CORETYPE": kernel},
        )  # fmt: skip
        if (
            done.returncode >= 0
        ):  # ended by a signal where the processor lacks the kernel's instructions
            orders[kernel] = done.stdout
    assert len(set(orders.values())) == 1, orders
    assert all(orders.values())


@given(
    vectors=st.dictionaries(
        st.text("abc", min_size=1, max_size=3), st.tuples(*[st.floats(-5, 5)] * 3), max_size=8
    ),
    known=st.lists(st.tuples(*[st.floats(-5, 5)] * 3), max_size=3),
)
def test_diversity_orders_all_once(
    vectors: dict[str, tuple[float, ...]], known: list[tuple[float, ...]]
) -> None:
    assert sorted(assign.by_diversity(vectors, known)) == sorted(vectors)


def test_the_file_is_read_as_it_is_written_and_a_bad_row_is_named(corpus: Corpus) -> None:
    assignments = {"b": ("eva", "ana"), "a": ("ben",)}
    corpus.write_assignments(assignments)
    assert corpus.assignments_path.read_text() == "article,annotator\na,ben\nb,ana\nb,eva\n"
    assert corpus.assignments() == {"a": ("ben",), "b": ("ana", "eva")}
    store.write(corpus.assignments_path, b"article,annotator\na;ben\n")
    with pytest.raises(
        StoreError,
        match=r"assignments.csv:2: expected article,annotator, found 'a;ben'; correct it",
    ):
        corpus.assignments()


def test_assign_and_status_as_commands(
    acre: Acre, corpus: Corpus, write: Callable[..., tuple[Article, Annotation]], schema: Schema
) -> None:
    article, _ = write(SENTENCE)
    other, _ = write(SENTENCE.replace("Troops", "Guards"), annotator="eva")
    corpus.annotation_path("eva", other.id).unlink()

    done = acre("assign", "ana", "eva", "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert corpus.assignments() == {
        article.id: ("eva",),
        other.id: ("ana", "eva"),
    }  # ana has done the one already
    report = json.loads(acre("status", "--json").stdout)
    ana, eva = (report["annotators"][name] for name in ("ana", "eva"))
    assert (ana["done"], ana["left"], ana["units"]["mentions"]) == (1, 1, 3)
    assert (eva["done"], eva["left"]) == (0, 2)
    assert report["articles"][other.id] == {"left": ["ana", "eva"], "done": []}
    shown = acre("status")
    assert shown.returncode == 0
    assert "2 articles with work, 0 with gold" in shown.stdout
    third, _ = write(SENTENCE.replace("Troops", "Pikemen"), annotator="eva")
    fourth, _ = write(SENTENCE.replace("Troops", "Riders"), annotator="eva")
    for new in (third, fourth):
        corpus.annotation_path("eva", new.id).unlink()
    first = assign.by_lot([third.id, fourth.id], 3)[0]
    assert acre("assign", "ana", "eva", "--seed", "3", "--take", "1").returncode == 0
    assert set(corpus.assignments()) == {article.id, other.id, first}
    refused = acre("assign", "ana", "eva", "--by", "price")
    assert (refused.returncode, "give one of random, uncertainty, diversity" in refused.stderr) == (
        2,
        True,
    )
    refused = acre("assign", "ana", "eva", "--by", "uncertainty", "--model", "nowhere")
    assert (refused.returncode, "train one with" in refused.stderr) == (2, True)
    refused = acre("assign", "ana")
    assert (refused.returncode, "name at least as many annotators as passes" in refused.stderr) == (
        2,
        True,
    )
