"""What a person reads on a terminal of eighty columns: sums first, the rest when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from annotate.cli import common
from annotate.corpus import store
from annotate.corpus.store import Corpus
from tests.conftest import Acre

Write = Callable[..., Any]

BARE = (
    "[m1:state_force|Troops] [e1:capture|seized] the town of Number {n}.\n---\ne1 realis=actual\n"
)


def test_validate_counts_warnings_by_code_and_lists_errors(
    acre: Acre, corpus: Corpus, write: Write, declare: Callable[..., None]
) -> None:
    declare("ana")
    for n in range(3):
        write(BARE.format(n=n))
    article, annotation = write(BARE.format(n=3))
    (event,) = annotation.event_mentions
    broken = annotation.model_copy(
        update={"event_mentions": (event.model_copy(update={"attributes": {}}),)}
    )
    store.write(corpus.annotation_path("ana", article.id), store.dump(broken))
    printed = acre("validate").stderr
    assert printed.count("event-bare") == 1
    assert "4 warnings: event-bare: An event mention without arguments." in printed
    assert "for example annotations/ana/" in printed
    assert "e1: capture “seized” has no arguments" in printed
    assert printed.count("error: ") == 1
    assert f"annotations/ana/{article.id}.json: e1: attribute-missing: " in printed

    assert acre("validate", "--all").stderr.count("warning: ") == 4
    lines = [json.loads(line) for line in acre("validate", "--json").stdout.splitlines()]
    assert [line.get("code") for line in lines].count("event-bare") == 4


def test_one_warning_is_told_as_one(acre: Acre, write: Write, declare: Callable[..., None]) -> None:
    declare("ana")
    write(BARE.format(n=1))
    done = acre("validate")
    assert "1 warning: event-bare" in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("annotators", [2, 3])
def test_agreement_is_a_page_of_eighty_columns(
    acre: Acre,
    write: Write,
    declare: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    annotators: int,
) -> None:
    names = ["ana", "ben", "eva"][:annotators]
    declare(*names)
    for n in range(120):
        rank = "state_force" if n % 3 else "armed_group"
        tail = f" [e1:capture|seized] [m2:place|Tak] at [q1:cue|said] [h1:source|noon]; [c1:content|number {n} went]."
        said = "c1 source:h1 cue:q1 stance=asserts style=direct source_status=named\n"
        rest = f"e1 agent:m1 object:m2 realis=actual\n{said}"
        for name in names:
            label = rank if name == "ana" else "state_force"
            write(f"[m1:{label}|Troops]{tail}\n---\n{rest}", annotator=name)
    monkeypatch.setattr(common.out, "width", 80)
    page = acre("agreement", "--samples", "100").stdout
    lines = page.splitlines()
    tables = [line for line in lines if line.startswith(("mention", "event", "attribution", "  "))]
    assert len(tables) > 8
    assert [line for line in tables if len(line) > 80 or "…" in line] == []
    assert len(lines) < 45
    assert "Confusions" not in page
    assert "state_force" not in page
    full = acre("agreement", "--samples", "100", "--details").stdout
    assert "Confusions: mention" in full
    assert "units differ" in full
    assert "  state_force" in full
    report = json.loads(acre("agreement", "--samples", "100", "--json").stdout)
    assert len(report["disagreements"]) == 10
    assert any(row["label"] == "state_force" for row in report["rows"])
