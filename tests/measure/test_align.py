"""The units that two annotations are compared by."""

from __future__ import annotations

from collections.abc import Callable

from annotate.measure import align
from annotate.measure.align import MarkKey
from annotate.model.claims import claims
from annotate.model.records import Annotation, Article
from tests.conftest import SENTENCE


def test_a_claim_is_one_unit_whoever_counts_it(
    write: Callable[..., tuple[Article, Annotation]],
) -> None:
    article, annotation = write(SENTENCE)
    capture, death = (align.claim_unit(claim, annotation) for claim in claims(annotation))
    assert (capture.label, capture.rest) == ("capture", (align.ARTICLE,))
    stance, start, end = death.rest
    assert (death.label, stance) == ("death", "asserts")
    assert (article.text or "")[int(start) : int(end)] == "a medic"
    # The other annotator marks “died” with the comma after it, and the medic without the article.
    event, source = (
        MarkKey("death", death.start, death.end),
        MarkKey("source", int(start), int(end)),
    )
    paired = {
        event: event._replace(end=death.end + 1),
        source: source._replace(start=int(start) + 2),
    }
    moved = align.moved_claim(death, paired)
    assert moved == death._replace(end=death.end + 1, rest=("asserts", int(start) + 2, end))
    assert align.moved_claim(capture, paired) is None


def test_what_a_source_only_mentions_has_no_stance(
    write: Callable[..., tuple[Article, Annotation]],
) -> None:
    _article, annotation = write(
        """[c1:content|It will [e1:refusal|boycott] [e2:talks|talks]], [h1:source|it] [q1:cue|said].
---
e1 object:e2 realis=future_or_hypothetical
e2 realis=future_or_hypothetical
c1 source:h1 cue:q1 stance=commits style=indirect source_status=named
"""
    )
    refusal, talks = (align.claim_unit(claim, annotation) for claim in claims(annotation))
    assert refusal.rest[0] == "commits"
    assert talks.rest == (align.MENTIONED, *refusal.rest[1:])
