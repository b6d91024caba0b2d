"""A small corpus with a story that two articles tell, a text that is withheld, and one that would break a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from annotate.corpus import store
from annotate.corpus.store import Corpus, SplitRow
from annotate.extract.extractors import Extractor
from annotate.model import tokens
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from annotate.site import extracted, site

ARMY = """The army bombed Tak

[h1:source|[m1:armed_group|Rebels]] [q1:cue|said] [c1:content|[m2:state_force|the army] had [e1:air_strike|bombed] \
[m3:place|Tak] and [e2:death|killed] [m4:quantity|at least 12] [m5:civilians|people]].
---
e1 agent:m2 target:m3 realis=actual
e2 count:m4 victim:m5 realis=actual
c1 source:h1 cue:q1 stance=asserts style=indirect source_status=named
m4 min=12 unit=people
"""
MINISTER = """Minister rejects claim

[h1:source|[m1:person|The minister]] [q1:cue|rejected] the [c1:content|[q2:cue|claim] by [h2:source|rebels] that \
[c2:content|[m2:place|Tak] had been [e1:air_strike|bombed]]]. [m3:quantity|Nine] men [e2:death|died].
---
e1 target:m2 realis=actual
e2 count:m3 realis=actual
c1 source:h1 cue:q1 stance=denies style=indirect source_status=named
c2 source:h2 cue:q2 stance=asserts style=indirect source_status=named
m3 min=9 max=9 unit=men
"""
HOSTILE = """</title><script>alert(1)</script> "quoted" & 'so'

[h1:source|[m1:person|<img src=x onerror=alert(1)>]] [q1:cue|said] [c1:content|it [e1:shelling|\u202eshelled]\u202c \
[m2:place|&lt;Tak&gt; </script>]].
---
e1 target:m2 realis=actual
c1 source:h1 cue:q1 stance=asserts style=direct source_status=named
"""
SECRET = """Secretword headline

[h1:source|[m3:state_force|Maskedstaff]] [q1:cue|says] [c1:content|[m1:state_force|Hiddenforce] [e1:capture|overran] \
[m2:place|Veiledtown]].
---
e1 agent:m1 object:m2 realis=actual
c1 source:h1 cue:q1 stance=asserts style=indirect source_status=named
"""


class Articles(NamedTuple):
    army: Article
    minister: Article
    hostile: Article
    secret: Article


@pytest.fixture
def articles(corpus: Corpus, write: Callable[..., Any]) -> Articles:
    army, _ = write(ARMY, outlet="Rebel Radio", published="2024-05-01")
    minister, _ = write(MINISTER, outlet="State News", published="2024-05-02")
    hostile, _ = write(HOSTILE, outlet="<b>Out</b>let", url="javascript:alert(1)")
    secret, _ = write(SECRET, collection="centcom", outlet="CENTCOM")
    corpus.write_sentences(secret, tokens.sentences(secret))
    corpus.write_splits(
        {article.id: SplitRow("tak", "train") for article in (army, minister)}
        | {article.id: SplitRow(article.id, "train") for article in (hostile, secret)}
    )
    joined = f"strike:\n  tells: The air strike on Tak\n  marks:\n    {army.id}: [e1]\n    {minister.id}: [e1]\n"
    store.write(corpus.root / "stories" / "tak.yaml", joined.encode())
    return Articles(army, minister, hostile, secret)


@pytest.fixture
def built(corpus: Corpus, articles: Articles, schema: Schema, tmp_path: Path) -> Path:
    """The site of the small corpus."""
    folder = tmp_path / "site"
    site.write(corpus, schema, tmp_path / "guidelines", folder)
    return folder


CAMP = """Camp empties

“[c1:content|[h2:source|They] [q2:cue|told] us that [c2:content|[m1:state_force|the army] had [e1:shelling|shelled] \
[m2:place|Tak] and [m3:facility|the mill]]],” [q1:cue|said] [h1:source|[m4:person|a cook]]. “[c3:content|\
[m5:civilians|We] [e2:displacement|left] on [m6:time|Monday]],” [h3:source|[m7:person|she]] [q3:cue|added].

[c4:content|[m9:armed_group|The rebels] will [e3:withdrawal|leave] [m10:place|Tak]], [h4:source|\
[m8:state_force|The army]] [q4:cue|promised].
---
m4 same_as:m7
e1 agent:m1 target:m2 target:m3 realis=actual
e2 victim:m5 time:m6 realis=actual
e3 agent:m9 origin:m10 realis=future_or_hypothetical
m6 value=2024-04-29
c1 source:h1 cue:q1 stance=asserts style=direct source_status=anonymous
c2 source:h2 cue:q2 stance=asserts style=indirect source_status=anonymous
c3 source:h3 cue:q3 stance=asserts style=direct source_status=anonymous
c4 source:h4 cue:q4 stance=commits style=indirect source_status=named
"""


@pytest.fixture
def read(write: Callable[..., Any]) -> list[tuple[Article, Annotation]]:
    """What an extractor could have read in four articles; one would break a page, and its metadata as well."""
    return [
        write(CAMP, outlet="Camp Radio", published="2024-05-01", url="https://camp.invalid/1"),
        write(ARMY, outlet="Rebel Radio", published="2024-05-01"),
        write(MINISTER, outlet="صحيفة الجبل", published="2024-05-02"),
        write(HOSTILE, outlet="<b>Out</b>let", url="javascript:alert(1)"),
    ]


@pytest.fixture
def extracted_page(
    read: list[tuple[Article, Annotation]], schema: Schema, tmp_path: Path
) -> Callable[..., Path]:
    """Writes the page of these articles, or of some."""

    def written(some: slice = slice(None)) -> Path:
        path = tmp_path / "extracted.html"
        extractor = Extractor("invented", "1", lambda _article: (read[0][1], {}))
        path.write_text(extracted.render(read[some], extractor, schema), encoding="utf-8")
        return path

    return written
