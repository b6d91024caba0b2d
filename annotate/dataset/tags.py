"""Tags of tokens, as BIO: `B-` begins a span, `I-` goes on with it, `O` is in none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from annotate.dataset.columns import OUTSIDE
from annotate.model.records import Sentence, Span
from annotate.model.tokens import token_range


def bio(sentence: Sentence, mentions: Iterable[Mapping[str, Any]]) -> list[str]:
    """A tag for each token: the outermost of the mentions that start and end with a token.

    *the Orsenian army left*, with the state_force *the Orsenian army* and the government *Orsenian* in it, is
    `B-state_force I-state_force I-state_force O`.
    """
    tags = [OUTSIDE] * len(sentence.tokens)
    tagged_up_to = 0
    for mention in sorted(mentions, key=lambda mention: (mention["start"], -mention["end"])):
        start, end, label = mention["token_start"], mention["token_end"], mention["label"]
        if start is None or start < tagged_up_to:
            continue
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
        tagged_up_to = end
    return tags


def frame(tokens: Sequence[tuple[int, int]], spans: Mapping[str, Span]) -> list[str]:
    """A tag for each token: the spans that start and end with a token, by name, as BIO; of two, the later one's.

    *She reportedly fled*, all of it a content and its second word a cue, is `B-content B-cue B-content`.
    """
    names = [OUTSIDE] * len(tokens)
    for name, span in spans.items():
        start, end = token_range(span.start, span.end, tokens) or (0, 0)
        names[start:end] = [name] * (end - start)
    tags = []
    for before, name in zip([OUTSIDE, *names], names, strict=False):
        tags.append(name if name == OUTSIDE else f"{'I' if name == before else 'B'}-{name}")
    return tags
