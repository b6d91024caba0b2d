from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import ClassLabel, load_dataset

from annotate.corpus import store
from annotate.corpus.store import Corpus, SplitRow
from annotate.dataset import build
from annotate.dataset.features import CONFIGS
from annotate.measure import align
from annotate.model import tokens
from annotate.model.records import MARK_FIELDS, Annotation, Article, Decision, Gold, withhold
from annotate.model.schema import Schema
from tests.conftest import ROOT, SENTENCE, Acre

Write = Callable[..., tuple[Article, Annotation]]


CONFIG_NAMES = [config.name for config in CONFIGS]


def _load(corpus: Corpus, cache: Path, config: str = "documents", split: str = "train") -> Any:
    return load_dataset(str(corpus.root), config, split=split, cache_dir=str(cache))


def _bytes(corpus: Corpus) -> dict[str, str]:
    """Of all that a build writes, the hash by path."""
    files = [
        corpus.card,
        corpus.root / "croissant.json",
        *(corpus.root / "images").iterdir(),
        *corpus.data.rglob("*.parquet"),
    ]
    return {
        str(path.relative_to(corpus.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_rows_are_typed_and_slice_exactly(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, _ = write(SENTENCE, outlet="Meridian", cites=("Velmora Wire", "The Courier"))
    report = build.build(corpus, schema)
    assert report.documents == {"train": 1}
    rows = _load(corpus, tmp_path / "cache")
    (row,) = rows
    assert row["cites"] == ["Velmora Wire", "The Courier"]
    assert (row["id"], row["outlet"], row["text"]) == (article.id, "Meridian", article.text)
    assert rows.features["mentions"].feature["label"] == ClassLabel(names=list(schema.mentions))
    assert rows.features["event_mentions"].feature["label"] == ClassLabel(names=list(schema.events))
    assert rows.features["event_mentions"].feature["arguments"].feature["role"] == ClassLabel(
        names=list(schema.roles)
    )
    assert rows.features["zones"].feature["kind"] == ClassLabel(names=list(schema.zones))
    assert rows.features["attributions"].feature["stance"] == ClassLabel(
        names=list(schema.attributes["stance"].values)
    )
    for layer in MARK_FIELDS:
        assert row[layer]
        for mark in row[layer]:
            assert row["text"][mark["start"] : mark["end"]] == mark["text"]
    (quantity,) = [mention for mention in row["mentions"] if mention["unit"]]
    assert (quantity["min"], quantity["max"], quantity["unit"], quantity["distanced"]) == (
        12,
        None,
        "people",
        False,
    )
    assert row["provenance"]["annotator"] == "ana"
    assert row["adjudicated"] is False


def test_two_builds_give_the_same_bytes(corpus: Corpus, write: Write, schema: Schema) -> None:
    for n in range(120):  # more than one row group
        write(f"[m1:person|Number {n}] left the town of Brel.\n---\n")
    build.build(corpus, schema)
    first = _bytes(corpus)
    build.build(corpus, schema)
    assert _bytes(corpus) == first


def test_the_committed_dataset_is_what_the_committed_corpus_builds(
    schema: Schema, tmp_path: Path
) -> None:
    committed = Corpus(ROOT / "corpus")
    copy = Corpus(tmp_path / "corpus")
    listed = subprocess.run(
        ["git", "ls-files", "corpus"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in listed.split("\n"):
        if name and "/data/" not in name:
            store.write(tmp_path / name, (ROOT / name).read_bytes())
    build.build(copy, schema)
    assert _bytes(copy) == _bytes(committed)


def test_it_loads_where_only_datasets_is_installed(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    write(SENTENCE)
    build.build(corpus, schema)
    program = (
        "import sys; from datasets import load_dataset; rows = load_dataset(sys.argv[1],"
        " cache_dir=sys.argv[2])['train'];"
        "assert 'annotate' not in sys.modules;"
        " print(rows.features['mentions'].feature['label'].int2str(rows[0]['mentions'][0]['label']))"
    )
    # -I and another working directory: nothing of the project is on the path of imports.
    command = [sys.executable, "-I", "-c", program, str(corpus.root), str(tmp_path / "cache")]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    assert done.stdout.split()[-1] == "state_force"


def test_no_word_of_a_withheld_text_is_in_the_dataset(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, _ = write(SENTENCE, collection="local", title="Troops in a headline")
    build.build(corpus, schema)
    (row,) = _load(corpus, tmp_path / "cache", split="real")
    assert (row["text"], row["title"], row["length"], row["sha256"]) == (
        None,
        None,
        article.length,
        article.sha256,
    )
    assert all(mention["text"] is None for mention in row["mentions"])
    assert row["mentions"][0]["end"] == 6
    for path in corpus.data.rglob("*.parquet"):
        assert b"Troops" not in path.read_bytes()
    assert "Troops" not in corpus.card.read_text(encoding="utf-8")
    assert "Troops" not in (corpus.root / "croissant.json").read_text(encoding="utf-8")


def test_what_is_left_out_is_named(corpus: Corpus, write: Write, schema: Schema) -> None:
    undecided, _ = write(SENTENCE, annotator="ana")
    write(SENTENCE, annotator="ben")
    unannotated, _ = write("[m1:person|Žofia] left.\n---\n")
    corpus.annotation_path("ana", unannotated.id).unlink()
    broken, _ = write("[e1:capture|Seized], said nobody.\n---\n")
    report = build.build(corpus, schema)
    assert report.documents == {}
    assert report.undecided == [undecided.id]
    assert report.unannotated == 1
    assert [(issue.where, issue.code) for issue in report.issues] == [
        (f"annotations/ana/{broken.id}.json: e1", "attribute-missing")
    ]


def test_gold_goes_before_passes(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, annotation = write(SENTENCE, annotator="ana")
    write(SENTENCE, annotator="ben")
    decisions = tuple(
        Decision(**unit._asdict(), origin="agreed") for unit in align.units(annotation)
    )
    store.write(
        corpus.gold_path(article.id), store.dump(Gold(**dict(annotation), decisions=decisions))
    )
    build.build(corpus, schema)
    (row,) = _load(corpus, tmp_path / "cache")
    assert row["adjudicated"] is True


def test_the_card_tells_who_annotated_and_counts_what_is_there(
    corpus: Corpus, write: Write, schema: Schema
) -> None:
    article, _ = write(SENTENCE)
    store.write(
        corpus.root / "annotators.yaml", b"ana: {kind: machine, description: Made by a test}\n"
    )
    build.build(corpus, schema)
    card = corpus.card.read_text(encoding="utf-8")
    assert "| `ana` | 1 | machine | Made by a test |" in card
    assert "| `capture` | 1 |" in card
    assert "| `abduction` | 0 |" in card
    assert f"1 documents, {article.length} characters" in card


NESTED = """[h1:source|[m1:civil_society|The Monitor]] [q1:cue|quoted] [c1:content|[h2:source|[m2:civilians|a nurse]] \
[q2:cue|as saying] that [c2:content|[m3:quantity|three] [e1:death|died] on [m4:time|Friday]]]. \
Troops [e2:withdrawal|left].
---
e1 count:m3 time:m4 realis=actual
e2 realis=negated
c1 source:h1 cue:q1 stance=asserts style=indirect source_status=named
c2 source:h2 cue:q2 stance=doubts style=indirect source_status=anonymous
m3 min=3 max=3 unit=people
m4 value=2024-03-15
"""


def test_claims_read_as_the_article_tells_them(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, _ = write(NESTED, outlet="Meridian")
    build.build(corpus, schema)
    rows = _load(corpus, tmp_path / "cache", "claims")
    names = rows.features["label"].int2str
    stance, voice, kind = (
        rows.features[name].int2str for name in ("stance", "voice", "source_label")
    )
    death, left = rows
    assert (names(death["label"]), death["text"], death["source"], voice(death["voice"])) == (
        "death",
        "died",
        "a nurse",
        "source",
    )
    assert (stance(death["stance"]), kind(death["source_label"]), death["depth"]) == (
        "doubts",
        "civilians",
        2,
    )
    assert [(outer["source"], stance(outer["stance"])) for outer in death["via"]] == [
        ("The Monitor", "asserts")
    ]
    assert [filler["text"] for filler in death["count"]] == ["three"]
    assert (death["count_min"], death["count_max"], death["count_unit"], death["time_value"]) == (
        [3],
        [3],
        ["people"],
        ["2024-03-15"],
    )
    assert article.text is not None
    assert article.text[death["sentence_start"] : death["sentence_end"]] == death["sentence"]
    assert death["sentence"].endswith("on Friday.")
    # In the paper's own voice, the outlet is the source.
    assert (left["source"], voice(left["voice"]), left["stance"], left["depth"]) == (
        "Meridian",
        "outlet",
        None,
        0,
    )


def test_a_source_that_is_a_pronoun_has_its_name(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    write(
        """[m1:person|Dr Ana Reval] left. [h1:source|[m2:person|She]] [q1:cue|said] [c1:content|the town \
[e1:capture|fell]]. [h2:source|[m3:government|The ministry]] [q2:cue|said] [c2:content|it [e2:capture|fell]], \
and [h3:source|[m4:government|it]] [q3:cue|insisted] [c3:content|it [e3:capture|fell]]. \
[h4:source|[m5:civilians|Two men]] [q4:cue|said] [c4:content|it [e4:capture|fell]]. It [e5:capture|fell].
---
e1 realis=actual
e2 realis=actual
e3 realis=actual
e4 realis=actual
e5 realis=actual
c1 source:h1 cue:q1 stance=asserts style=indirect source_status=named
c2 source:h2 cue:q2 stance=asserts style=indirect source_status=named
c3 source:h3 cue:q3 stance=asserts style=indirect source_status=named
c4 source:h4 cue:q4 stance=asserts style=indirect source_status=anonymous
same m1 m2
same m3 m4
""",
        outlet="Meridian",
    )
    build.build(corpus, schema)
    rows = list(_load(corpus, tmp_path / "cache", "claims"))
    assert [(row["source"], row["source_name"]) for row in rows] == [
        ("She", "Dr Ana Reval"),
        ("The ministry", "The ministry"),
        ("it", "The ministry"),
        ("Two men", "Two men"),
        ("Meridian", "Meridian"),
    ]
    entities = [row["source_entity"] for row in rows]
    assert entities[1] == entities[2] != entities[0]
    assert entities[3:] == [None, None]


def test_each_count_of_each_source_is_a_toll(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, _ = write(
        """[h1:source|The army] [q1:cue|said] [c1:content|[m1:quantity|two] [m2:civilians|men] and \
[m3:quantity|up to 40] others were [e1:death|killed] in [m4:place|Tak]]; [h2:source|a medic] [q2:cue|counted] \
[c2:content|[m5:quantity|at least 12] [e2:death|dead]]. [m6:quantity|Three] [e3:shelling|salvoes] were heard.
---
e1 count:m1 count:m3 victim:m2 place:m4 realis=actual
e2 count:m5 realis=actual
e3 count:m6 realis=actual
c1 source:h1 cue:q1 stance=asserts style=indirect source_status=named
c2 source:h2 cue:q2 stance=asserts style=indirect source_status=anonymous
m1 min=2 max=2 unit=people
m3 max=40 unit=people
m5 min=12 unit=people
m6 min=3 max=3 unit=salvoes
same e1 e2
"""
    )
    build.build(corpus, schema)
    rows = _load(corpus, tmp_path / "cache", "tolls")
    assert [(row["source"], row["toll"], row["min"], row["max"], row["unit"]) for row in rows] == [
        ("The army", "two", 2, 2, "people"),
        ("The army", "up to 40", None, 40, "people"),
        ("a medic", "at least 12", 12, None, "people"),
    ]
    assert len({row["event"] for row in rows}) == 1
    assert len({row["id"] for row in rows}) == 3
    assert [victim["text"] for victim in rows[1]["victim"]] == ["men"]
    assert [place["text"] for place in rows[1]["place"]] == ["Tak"]
    claims = {claim["id"]: claim for claim in _load(corpus, tmp_path / "cache", "claims")}
    for row in rows:
        assert article.text is not None
        assert article.text[row["toll_start"] : row["toll_end"]] == row["toll"]
        assert claims[row["claim"]]["source"] == row["source"]


def test_a_count_in_anothers_words_is_that_ones_toll(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    write(
        """[h1:source|The Concord] [q1:cue|put] the [e1:death|dead] at [c1:content|[m1:quantity|45]], \
[h2:source|the mayor] [q2:cue|at] [c2:content|[m2:quantity|51]]; [m3:quantity|nine] [e2:injury|wounded] lived.
---
e1 count:m1 count:m2 realis=actual
e2 count:m3 realis=actual
c1 source:h1 cue:q1 stance=asserts style=indirect source_status=named
c2 source:h2 cue:q2 stance=asserts style=indirect source_status=named
m1 min=45 max=45 unit=people
m2 min=51 max=51 unit=people
m3 min=9 max=9 unit=people
""",
        outlet="Meridian",
    )
    build.build(corpus, schema)
    rows = _load(corpus, tmp_path / "cache", "tolls")
    assert [(row["source"], row["min"], row["depth"]) for row in rows] == [
        ("The Concord", 45, 1),
        ("the mayor", 51, 1),
        ("Meridian", 9, 0),
    ]


def test_every_filler_of_a_claim_is_in_its_row(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    """Nineteen died: a row that gives twelve women as its count and victims misleads."""
    write(
        """[m1:quantity|Twelve] of the [e1:death|dead] were [m2:civilians|women]; [m3:quantity|at least four] were \
[m4:civilians|pupils]. They died on [m5:time|Monday] or [m6:time|later], in [m7:place|Dol] and [m8:place|Harun].
---
e1 count:m1 victim:m2 count:m3 victim:m4 time:m5 time:m6 place:m7 place:m8 realis=actual
m1 min=12 max=12 unit=people
m3 min=4 unit=people
m5 value=2024-03-11
"""
    )
    build.build(corpus, schema)
    (row,) = _load(corpus, tmp_path / "cache", "claims")
    words = {
        role: [filler["text"] for filler in row[role]]
        for role in ("count", "victim", "time", "place")
    }
    assert words == {
        "count": ["Twelve", "at least four"],
        "victim": ["women", "pupils"],
        "time": ["Monday", "later"],
        "place": ["Dol", "Harun"],
    }
    assert (row["count_min"], row["count_max"], row["count_unit"], row["time_value"]) == (
        [12, 4],
        [12, None],
        ["people", "people"],
        ["2024-03-11", None],
    )


MENTIONED = """[m1:armed_group|[h1:source|The Front]] [q1:cue|announced] that [c1:content|it would \
[e1:refusal|suspend] [e2:talks|talks] over [m2:quantity|nine] [e3:death|killings]]. [h2:source|A nurse] [q2:cue|said] \
[c2:content|[m3:quantity|two] had been [e4:injury|hurt]]. [h3:source|The army] [q3:cue|denied] [c3:content|it].
---
e1 agent:m1 object:e2 realis=future_or_hypothetical
e2 realis=future_or_hypothetical
e3 count:m2 realis=actual
e4 count:m3 realis=actual
c1 source:h1 cue:q1 stance=commits style=indirect source_status=named
c2 source:h2 cue:q2 stance=asserts style=indirect source_status=anonymous
c3 source:h3 cue:q3 stance=denies style=indirect source_status=named
m2 min=9 max=9 unit=people
m3 min=2 max=2 unit=people
"""


def test_a_row_says_what_its_source_only_mentions_and_what_another_denies(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, _ = write(MENTIONED)
    build.build(corpus, schema)
    rows = _load(corpus, tmp_path / "cache", "claims")
    stance = rows.features["stance"].int2str
    refusal = f"{article.id}/e1/c1"
    assert [
        (
            row["source"],
            row["text"],
            None if row["stance"] is None else stance(row["stance"]),
            row["mentioned"],
            row["within"],
            row["happened"],
        )
        for row in rows
    ] == [
        ("The Front", "suspend", "commits", False, None, None),
        ("The Front", "talks", None, True, refusal, None),
        ("The Front", "killings", None, True, refusal, None),
        ("A nurse", "hurt", "asserts", False, None, True),
        ("The army", "hurt", "denies", False, None, False),
    ]
    assert [row["attribution"] for row in list(rows)[3:]] == [
        f"{article.id}/c2",
        f"{article.id}/c3",
    ]
    assert len({row["id"] for row in rows}) == 5
    tolls = _load(corpus, tmp_path / "cache", "tolls")
    assert [
        (toll["source"], toll["toll"], toll["mentioned"], toll["happened"]) for toll in tolls
    ] == [
        ("The Front", "nine", True, None),
        ("A nurse", "two", False, True),
        ("The army", "two", False, False),
    ]
    # pandas has no missing label: the columns are floats, and the missing one is NaN.
    frame = rows.to_pandas()
    assert frame["stance"].isna().tolist() == [False, True, True, False, False]
    assert frame["happened"].isna().tolist() == [True, True, True, False, False]


def test_what_the_paper_itself_denies_is_a_row_of_the_paper(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    write(
        """[c1:content|[q1:cue|Reports] by [h1:source|the Monitor] of [c2:content|a [e1:air_strike|strike]] are lies].
---
c1 stance=denies style=indirect source_status=unattributed
c2 source:h1 cue:q1 stance=asserts style=indirect source_status=named
e1 realis=actual
""",
        outlet="General Staff",
    )
    build.build(corpus, schema)
    told, denied = _load(corpus, tmp_path / "cache", "claims")
    assert told["source"] == "the Monitor"
    assert [outer["source"] for outer in told["via"]] == ["General Staff"]
    assert (denied["source"], denied["source_start"], denied["happened"]) == (
        "General Staff",
        None,
        False,
    )


def test_without_the_text_rows_are_the_same_whether_it_is_here_or_not(
    corpus: Corpus, write: Write, schema: Schema
) -> None:
    article, _ = write(MENTIONED, collection="local")
    build.build(corpus, schema)
    with_text = _bytes(corpus)
    text_path = next(corpus.root.rglob(f"{article.id}.txt"))
    text_path.unlink()
    build.build(corpus, schema)
    assert _bytes(corpus) == with_text


def test_what_the_articles_of_a_story_tell_of_is_one_event(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    told = "Shells [e1:shelling|fell]. The [e2:shelling|fire] [m1:time|then] [e3:withdrawal|ended].\n---\n"
    told += "e1 realis=actual\ne2 realis=actual\ne3 realis=actual\nsame e1 e2\n"
    names = []
    for outlet in ("Meridian", "North Line"):
        article, annotation = write(told, outlet=outlet, title=outlet)
        decisions = tuple(
            Decision(**unit._asdict(), origin="agreed") for unit in align.units(annotation)
        )
        store.write(
            corpus.gold_path(article.id), store.dump(Gold(**dict(annotation), decisions=decisions))
        )
        names.append(article.id)
    corpus.write_splits({name: SplitRow("orrel-pass", "train") for name in names})
    stories = f"fire:\n  tells: The shelling of the pass\n  marks: {{{names[0]}: [e1], {names[1]}: [e2]}}\n"
    store.write(corpus.root / "stories" / "orrel-pass.yaml", stories.encode())
    build.build(corpus, schema)
    rows = _load(corpus, tmp_path / "cache", "claims")
    assert {row["story"] for row in rows} == {"orrel-pass"}
    events = [(row["outlet"], row["text"], row["story_event"]) for row in rows]
    assert sorted(events, key=lambda event: event[0]) == [
        (outlet, text, event)
        for outlet in ("Meridian", "North Line")
        for text, event in (
            ("fell", "orrel-pass/fire"),
            ("fire", "orrel-pass/fire"),
            ("ended", None),
        )
    ]


def test_crossing_contents_make_two_claims_of_one_event(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    write(
        """[h1:source|He] [q1:cue|said] [c1:content|the town [c2:content|[e1:capture|fell]]{c1}, and burned], \
[q2:cue|said] [h2:source|she].
---
e1 realis=actual
c1 source:h1 cue:q1 stance=asserts style=indirect source_status=anonymous
c2 source:h2 cue:q2 stance=denies style=indirect source_status=anonymous
"""
    )
    build.build(corpus, schema)
    claims = _load(corpus, tmp_path / "cache", "claims")
    assert [(claim["source"], claim["depth"], claim["via"]) for claim in claims] == [
        ("He", 1, []),
        ("she", 1, []),
    ]
    assert len({claim["id"] for claim in claims}) == 2


def test_sentences_have_tokens_tags_and_spans_that_nest(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, _ = write(
        """[m1:person|Brigadier Ilvec of [m2:state_force|the [m5:government|Orsenian] army]] left. \
[m3:state_force|Troops] [e1:capture|seized] [m4:place|Tak], he said. \
It [e2:damage|burn]ed on [m6:time|Friday]. [e3:death|Died].
---
e1 agent:m3 object:m4 time:m6 realis=actual
e2 realis=actual
e3 realis=actual
m6 value=2024-03-15
"""
    )
    report = build.build(corpus, schema)
    first, second, third, _fourth = _load(corpus, tmp_path / "cache", "mentions")
    features = _load(corpus, tmp_path / "cache", "mentions").features
    assert first["tokens"] == ["Brigadier", "Ilvec", "of", "the", "Orsenian", "army", "left", "."]
    tags = [features["bio"].feature.int2str(tag) for tag in first["bio"]]
    assert tags == ["B-person", *["I-person"] * 5, "O", "O"]
    assert [(m["id"], m["token_start"], m["token_end"]) for m in first["mentions"]] == [
        ("m1", 0, 6),
        ("m2", 3, 6),
        ("m5", 4, 5),
    ]
    for row in (first, second, third):
        for word, start, end in zip(
            row["tokens"], row["token_starts"], row["token_ends"], strict=True
        ):
            assert article.text is not None
            assert article.text[start:end] == word
    _first, second, third, _fourth = _load(corpus, tmp_path / "cache", "events")
    (capture,) = second["event_mentions"]
    of_mentions = _load(corpus, tmp_path / "cache", "mentions")[1]["mentions"]
    assert second["mentions"] == of_mentions
    assert [mention["id"] for mention in of_mentions] == ["m3", "m4"]
    places = {
        argument["text"]: (argument["in_sentence"], argument["token_start"])
        for argument in capture["arguments"]
    }
    assert places == {"Troops": (True, 0), "Tak": (True, 2), "Friday": (False, None)}
    (burn,) = third["event_mentions"]
    assert (burn["text"], burn["token_start"], burn["token_end"]) == ("burn", None, None)
    assert report.unaligned == {
        "not of whole tokens": [f"{article.id}: e2 damage {burn['start']}–{burn['end']}"]
    }


def test_a_mark_over_two_sentences_is_counted_and_stays_in_documents(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, _ = write("[m1:person|The Man. Again] he came.\n---\n")
    report = build.build(corpus, schema)
    assert report.unaligned == {"in no one sentence": [f"{article.id}: m1 person 0–14"]}
    assert [row["mentions"] for row in _load(corpus, tmp_path / "cache", "mentions")] == [[], []]
    assert len(_load(corpus, tmp_path / "cache")[0]["mentions"]) == 1
    assert "1 in no one sentence" in corpus.card.read_text(encoding="utf-8")


def test_attributions_know_their_depth_and_their_events(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, _ = write(NESTED)
    build.build(corpus, schema)
    outer, inner = _load(corpus, tmp_path / "cache", "attributions")
    assert (outer["depth"], outer["parent"], outer["event_mentions"]) == (0, None, ["e1"])
    assert (inner["depth"], inner["parent"], inner["source"]) == (1, f"{article.id}/c1", "a nurse")
    assert article.text is not None
    for row in (outer, inner):
        assert article.text[row["start"] : row["end"]] == row["text"]
        assert article.text[row["cue_start"] : row["cue_end"]] == row["cue"]


FRAMED = """It rained. [h1:source|The mayor] [q1:cue|said] on Friday. [c1:content|“Shops are [e1:damage|burnt]. \
Nobody is hurt.”] She left. [c2:content|Looters [q2:cue|reportedly] [e2:withdrawal|fled]].
---
e1 realis=actual
e2 realis=actual
c1 source:h1 cue:q1 stance=asserts style=direct source_status=named
c2 cue:q2 stance=asserts style=indirect source_status=unattributed
"""


def _pieces(row: dict[str, Any], names: list[str]) -> list[tuple[str, int, int]]:
    """What the tags mark, read as IOB2: (name, start, end) in code points, in the order of the text."""
    pieces: list[tuple[str, int, int]] = []
    before = "O"
    for tag, start, end in zip(row["tags"], row["token_starts"], row["token_ends"], strict=True):
        kind, _, name = names[tag].partition("-")
        if kind == "I":
            assert before.partition("-")[2] == name, "a piece begins with B"
            pieces[-1] = (name, pieces[-1][1], end)
        elif kind == "B":
            pieces.append((name, start, end))
        before = names[tag]
    return pieces


def test_attributions_have_the_tokens_of_their_sentences_and_a_tag_for_each(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, _ = write(FRAMED)
    build.build(corpus, schema)
    rows = _load(corpus, tmp_path / "cache", "attributions")
    names = rows.features["tags"].feature.names
    assert names == ["O", "B-source", "I-source", "B-cue", "I-cue", "B-content", "I-content"]
    said, reported = rows
    assert article.text is not None
    for row in rows:
        words = zip(row["token_starts"], row["token_ends"], strict=True)
        assert [article.text[start:end] for start, end in words] == row["tokens"]
    # From the sentence of the source to the last one of the content.
    assert (said["tokens"][0], said["tokens"][-2:]) == ("The", [".", "”"])
    assert _pieces(said, names) == [
        ("source", said["source_start"], said["source_end"]),
        ("cue", said["cue_start"], said["cue_end"]),
        ("content", said["start"], said["end"]),
    ]
    # A cue in the content keeps its tag.
    told = [names[tag] for tag in reported["tags"]]
    assert list(zip(reported["tokens"], told, strict=True)) == [
        ("Looters", "B-content"),
        ("reportedly", "B-cue"),
        ("fled", "B-content"),
        (".", "O"),
    ]


def test_a_withheld_attribution_has_tags_and_offsets_and_no_words(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, _ = write(FRAMED, collection="local")
    corpus.write_sentences(article, tokens.sentences(article))
    build.build(corpus, schema)
    said, reported = _load(corpus, tmp_path / "cache", "attributions", split="real")
    assert (said["tokens"], reported["tokens"]) == (None, None)
    assert len(said["tags"]) == len(said["token_starts"]) == len(said["token_ends"]) == 16
    assert reported["tags"] == [5, 3, 5, 0]


def test_a_content_that_cuts_a_token_is_named(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, _ = write(
        "[h1:source|Reval] [q1:cue|said] [c1:content|it f]ell.\n---\n"
        "c1 source:h1 cue:q1 stance=asserts style=indirect source_status=named\n"
    )
    report = build.build(corpus, schema)
    assert report.unaligned == {"not of whole tokens": [f"{article.id}: c1 content 11–15"]}
    (row,) = _load(corpus, tmp_path / "cache", "attributions")
    assert row["tags"] == [1, 3, 0, 0, 0]


def test_a_pass_that_a_second_reader_corrected_counts_and_is_no_independent_one(
    corpus: Corpus, write: Write, schema: Schema, acre: Acre, tmp_path: Path
) -> None:
    annotators = "ana: {kind: human, description: A}\nben: {kind: human, description: B}\n"
    second = "eva: {kind: machine, description: Reads again, corrects: ana}\n"
    store.write(corpus.root / "annotators.yaml", f"{annotators}{second}".encode())
    article, _ = write(SENTENCE, annotator="ana")
    corrected = SENTENCE.replace("realis=actual", "realis=generic", 1)
    source = tmp_path / f"{article.id}.acre"
    source.write_text(corrected, encoding="utf-8")
    assert acre("convert", source, "--annotator", "eva").returncode == 0
    report = build.build(corpus, schema)
    rows = _load(corpus, tmp_path / "cache")
    (row,) = rows
    realis = rows.features["event_mentions"].feature["realis"]
    told = [realis.int2str(event["realis"]) for event in row["event_mentions"]]
    assert told == ["generic", "actual"]
    assert (row["adjudicated"], row["provenance"]["made_from"]) == (False, ["ana"])
    assert "1 read twice" in corpus.card.read_text(encoding="utf-8")
    assert acre("agreement").stdout == "no article has two passes\n"
    # A blind pass beside it measures it, and takes nothing away.
    write(SENTENCE, annotator="ben")
    report = build.build(corpus, schema)
    assert (report.undecided, report.rows["documents"], report.rows["annotators"]) == ([], 1, 3)
    assert "Agreement of ana, ben on 1 document" in acre("agreement").stdout
    assert "Agreement of ben, eva on 1 document" in acre("agreement", "ben", "eva").stdout
    assert "realis=generic" in acre("convert", article.id).stdout
    assert acre("validate").returncode == 0
    corpus.annotation_path("ana", article.id).unlink()
    missing = acre("validate")
    assert "gold-pass: it was made from a pass of ana, which is not there" in missing.stderr


def test_annotators_holds_every_pass_also_where_nothing_is_decided(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    write(SENTENCE, annotator="ana")
    write(SENTENCE.replace("realis=actual", "realis=generic"), annotator="ben")
    report = build.build(corpus, schema)
    assert report.undecided
    rows = _load(corpus, tmp_path / "cache", "annotators")
    assert [row["provenance"]["annotator"] for row in rows] == ["ana", "ben"]
    assert {path.parent.name for path in corpus.data.rglob("*.parquet")} == {"annotators"}
    assert "config_name: claims" not in corpus.card.read_text(encoding="utf-8")


def test_splits_are_those_of_the_table_and_news_goes_to_real(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    one, _ = write(SENTENCE)
    two, _ = write(SENTENCE.replace("Troops", "Guards"))
    write(SENTENCE.replace("Troops", "Rebels"), collection="local")
    corpus.write_splits({one.id: SplitRow("tak", "test"), two.id: SplitRow("tak", "test")})
    report = build.build(corpus, schema)
    assert report.documents == {"test": 2, "real": 1}
    for config in CONFIG_NAMES:
        loaded: Any = load_dataset(str(corpus.root), config, cache_dir=str(tmp_path / "cache"))
        # The sentences of what is withheld were never kept here: they have no rows, and the report says so.
        assert set(loaded) == ({"test"} if config in ("mentions", "events") else {"test", "real"})
    assert len(report.unsegmented) == 1
    # A split that is no more leaves no file behind.
    corpus.write_splits({one.id: SplitRow("tak", "train"), two.id: SplitRow("tak", "train")})
    build.build(corpus, schema)
    assert {path.stem for path in corpus.data.rglob("*.parquet")} == {"train", "real"}


def test_every_config_streams(corpus: Corpus, write: Write, schema: Schema) -> None:
    write(SENTENCE)
    build.build(corpus, schema)
    for config in CONFIG_NAMES:
        whole = load_dataset(str(corpus.root), config, split="train", streaming=True)
        assert len(list(whole)) >= 1, config


def test_the_card_documents_every_column_of_every_config(
    corpus: Corpus, write: Write, schema: Schema
) -> None:
    write(SENTENCE)
    build.build(corpus, schema)
    card = corpus.card.read_text(encoding="utf-8")
    for config in CONFIGS:
        part = card.partition(f"### `{config.name}`")[2].partition("\n###")[0]
        for column, (_kind, about) in (
            config.columns(schema).items() if config.name != "annotators" else ()
        ):
            assert about
            assert f"| `{column}` |" in part, (config.name, column)
            assert f'"{column}":' in part, (config.name, column)


def test_it_is_the_same_with_and_without_a_withheld_text(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    article, annotation = write(SENTENCE, collection="local")
    store.write(corpus.annotation_path("ana", article.id), store.dump(withhold(annotation)))
    corpus.write_sentences(article, tokens.sentences(article))
    build.build(corpus, schema)
    whole = _bytes(corpus)
    rows = _load(corpus, tmp_path / "cache", "mentions", "real")
    assert [row["token_starts"][:3] for row in rows] == [[0, 7, 14]]
    assert (rows[0]["tokens"], rows[0]["text"]) == (None, None)
    (corpus.root / "articles" / "local" / f"{article.id}.txt").unlink()
    build.build(corpus, schema)
    assert _bytes(corpus) == whole


@pytest.mark.parametrize("kind", ["split", "config"])
def test_the_default_config_is_documents(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path, kind: str
) -> None:
    write(SENTENCE)
    build.build(corpus, schema)
    loaded: Any = load_dataset(str(corpus.root), cache_dir=str(tmp_path / "cache"))
    assert (
        list(loaded) == ["train"]
        if kind == "split"
        else loaded["train"].info.config_name == "documents"
    )


def test_what_was_loaded_before_is_not_taken_for_another_build_or_another_corpus(
    corpus: Corpus, write: Write, schema: Schema, tmp_path: Path
) -> None:
    """`datasets` looks in its cache by the folder's name and the card's head, and never at the files of a folder."""
    article, _ = write(SENTENCE)
    build.build(corpus, schema)
    other = tmp_path / "other" / "corpus"
    shutil.copytree(corpus.root, other)
    assert _load(corpus, tmp_path / "cache")["id"] == [article.id]
    corpus.annotation_path("ana", article.id).unlink()
    second, _ = write(SENTENCE.replace("Tak", "Lis"))
    build.build(corpus, schema)
    assert _load(corpus, tmp_path / "cache")["id"] == [second.id]
    assert _load(Corpus(other), tmp_path / "cache")["id"] == [article.id]


def test_a_killed_build_leaves_nothing_that_git_adds_and_the_next_removes_it(
    acre: Acre, corpus: Corpus, write: Callable[..., Any], tmp_path: Path
) -> None:
    write(SENTENCE)
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    killed = corpus.root / f".building-{int(ended.stdout)}-x"
    at_work, older = corpus.root / f".building-{os.getpid()}-x", corpus.root / ".building-x1"
    for folder in (killed, at_work, older):
        folder.mkdir()
        (folder / "a.parquet").write_bytes(b"half")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    shutil.copyfile(ROOT / ".gitignore", tmp_path / ".gitignore")
    listed = subprocess.run(
        ["git", "status", "--porcelain", "-uall"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "corpus/collections.yaml" in listed.stdout
    assert "parquet" not in listed.stdout
    assert acre("build").returncode == 0
    assert (killed.exists(), at_work.exists(), older.exists()) == (False, True, False)
