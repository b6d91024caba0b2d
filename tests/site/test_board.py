"""The maintainer's board."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lxml import html

from annotate.corpus.store import Corpus
from annotate.site import board
from tests.conftest import SENTENCE, Acre


def test_the_board_tells_what_waits_and_how_far_passes_agree(
    acre: Acre, corpus: Corpus, write: Callable[..., Any], tmp_path: Path
) -> None:
    article, _ = write(SENTENCE, "ana")
    write(SENTENCE.replace("m1:state_force", "m1:armed_group"), "bob")
    other, _ = write("[m1:place|Tak] is <b>quiet</b>.\n---\n", "ana")
    corpus.write_assignments({other.id: ["ana", "bob"]})
    done = acre("status", "--html", tmp_path / "board.html")
    assert done.returncode == 0, done.stderr
    page = html.fromstring((tmp_path / "board.html").read_text(encoding="utf-8"))
    sections = {section.find("h2").text: section.text_content() for section in page.iter("section")}
    assert article.id in sections["Waits for adjudication"]
    assert other.id not in sections["Waits for adjudication"]
    assert f"{other.id} done by ana · left for bob" in sections["Waits for a pass"]
    assert "2025-12-29" in sections["Agreement over time"]
    assert not page.xpath("//script | //*[@src]")


def test_a_week_has_the_share_of_units_that_all_passes_have(write: Callable[..., Any]) -> None:
    _, one = write("[m1:place|Tak] fell.\n---\n", "ana")
    _, other = write("[m1:place|Tak] fell.\n---\n", "bob")
    _, more = write("[m1:facility|Tak] fell.\n---\n", "cem")
    (week,) = board.weeks([[one, other], [one], [one, more]])
    assert (week.articles, week.agreement) == (2, 1 / 3)
