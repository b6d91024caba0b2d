"""Renaming and splitting labels by a named migration."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from annotate.corpus import migrate, store, validate
from annotate.corpus.store import Corpus
from annotate.gold import adjudicate
from annotate.model import schema as schema_
from annotate.model.issues import AcreError, UsageError
from annotate.model.records import Annotation, Article, Gold, Provenance, changed_marks
from annotate.model.schema import Schema
from tests.conftest import ROOT, Acre
from tests.strategies import WHEN

Write = Callable[..., tuple[Article, Annotation]]

TEXT = """[m1:state_force|Troops] kept up the [e1:siege|siege] of [m2:place|Tak]; \
[c1:content|[m3:government|the two sides] would [e2:talks|meet]], [h1:source|an envoy] [q1:cue|promised].
---
e1 agent:m1 target:m2 realis=actual
e2 participant:m3 realis=future_or_hypothetical
c1 source:h1 cue:q1 stance=commits style=indirect source_status=anonymous
"""
_NOW = schema_.load(ROOT / "guidelines" / "schema.yaml").version
_NEW = "8.0.0"
MOVE: dict[str, Any] = {
    "from": _NOW,
    "to": _NEW,
    "why": "A siege is now a blockade; a meeting is told apart from talks.",
    "rename": {
        "labels": {"siege": "blockade"},
        "roles": {"participant": "party"},
        "attributes": {"realis": "reality"},
        "values": {"stance": {"commits": "promises"}},
    },
    "split": {
        "talks": {
            "into": ["talks", "meeting"],
            "meanwhile": "talks",
            "ask": "Did they sit at one table?",
        }
    },
}


def _next(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a new version: what MOVE renames is renamed wherever it stands, and there is a label more."""
    dumped = yaml.safe_dump(schema, sort_keys=False)
    for old, new in (
        ("siege", "blockade"),
        ("participant", "party"),
        ("realis", "reality"),
        ("commits", "promises"),
    ):
        dumped = dumped.replace(f"- {old}\n", f"- {new}\n").replace(f"{old}:\n", f"{new}:\n")
    changed: dict[str, Any] = yaml.safe_load(dumped)
    meeting = dict(changed["events"]["talks"]) | {"hotkey": "shift+1", "colour": "#123456"}
    changed["events"]["meeting"] = meeting
    return changed | {"version": _NEW}


@pytest.fixture
def moved(corpus: Corpus) -> Schema:
    """Makes that the corpus's schema, with the migration beside it."""
    guidelines = corpus.root.parent / "guidelines"
    plain = yaml.safe_load((ROOT / "guidelines" / "schema.yaml").read_text(encoding="utf-8"))
    store.write(guidelines / "schema.yaml", yaml.safe_dump(_next(plain), sort_keys=False).encode())
    store.write(guidelines / "migrations" / "blockades.yaml", yaml.safe_dump(MOVE).encode())
    return schema_.load(guidelines / "schema.yaml")


def _load(corpus: Corpus, moved: Schema) -> migrate.Migration:
    return migrate.load(corpus.root.parent / "guidelines" / "migrations" / "blockades.yaml", moved)


def test_labels_roles_attributes_and_values_are_renamed_and_a_split_is_to_be_looked_at(
    corpus: Corpus, write: Write, schema: Schema, moved: Schema
) -> None:
    article, annotation = write(TEXT)
    new, issues = migrate.migrate(annotation, _load(corpus, moved))
    assert validate.check(new, article, moved) == []
    assert [event.label for event in new.event_mentions] == ["blockade", "talks"]
    assert [event.attributes for event in new.event_mentions] == [
        {"reality": "actual"},
        {"reality": "future_or_hypothetical"},
    ]
    assert [[found.role for found in event.arguments] for event in new.event_mentions] == [
        ["agent", "target"],
        ["party"],
    ]
    assert new.attributions[0].attributes["stance"] == "promises"
    assert (new.provenance.schema_version, new.provenance.migrations) == (_NEW, ("blockades",))
    assert [(mark.id, mark.start, mark.end) for mark in new.marks()] == [
        (mark.id, mark.start, mark.end) for mark in annotation.marks()
    ]
    (look,) = issues
    assert (look.where, look.code) == ("e2", "migration-look")
    assert look.message.startswith("it was talks, now talks or meeting: Did they sit at one table?")


def _gold(article: Article, one: Annotation, schema: Schema) -> Gold:
    """Gold of the pass and of another that is like it."""
    other = one.model_copy(
        update={"provenance": one.provenance.model_copy(update={"annotator": "ben"})}
    )
    made = Provenance(
        annotator="gold", kind="human", tool="t", schema_version=_NOW, created=WHEN, updated=WHEN
    )
    sheet = adjudicate.merge(article, [one, other], schema)
    gold, _ = adjudicate.decide(article, [one, other], None, sheet.annotation, schema, made)
    assert gold is not None
    return gold


def test_gold_keeps_its_record(corpus: Corpus, write: Write, schema: Schema, moved: Schema) -> None:
    article, one = write(TEXT)
    new, _ = migrate.migrate(_gold(article, one, schema), _load(corpus, moved))
    # Every unit has its record, and no record is idle.
    assert validate.check(new, article, moved) == []


LOOK = {
    "light": {"of": ["event"], "words": "^SIEGE$", "ask": "Is the verb light?"},
    "unanswered": {
        "of": ["person", "place"],
        "answers": {"distanced": "^$"},
        "ask": "Is it held at a distance?",
    },
    "elsewhere": {"of": ["mention"], "words": "siege", "ask": "Is it a mention at all?"},
    "condemned": {
        "of": ["content"],
        "answers": {"stance": "^condemns$"},
        "ask": "Is it a judgement?",
    },
}


def _looking(look: dict[str, Any]) -> migrate.Migration:
    return migrate.Migration.model_validate({"name": "looks", **MOVE, "split": {}, "look": look})


def test_what_a_rule_finds_in_gold_is_to_be_looked_at_and_a_pass_is_not_looked_through(
    write: Write, schema: Schema
) -> None:
    article, one = write(TEXT)
    gold = _gold(article, one, schema)
    new, issues = migrate.migrate(gold, _looking(LOOK))
    words = {mark.id: mark.text for mark in new.marks()}
    assert [(words[issue.where], issue.message) for issue in issues] == [
        ("Tak", "unanswered: 'Tak': Is it held at a distance?"),
        ("siege", "light: 'siege': Is the verb light?"),
    ]
    assert {issue.code for issue in issues} == {"migration-look"}
    assert migrate.migrate(one, _looking(LOOK))[1] == []


def test_withheld_words_are_looked_through_where_the_text_is_here_and_never_listed(
    write: Write, schema: Schema
) -> None:
    article, one = write(TEXT)
    gold = _gold(article, one, schema)
    bare = gold.model_copy(
        update=changed_marks(gold, lambda mark: mark.model_copy(update={"text": None}))
    )
    _, issues = migrate.migrate(bare, _looking(LOOK), article.text)
    assert [issue.message for issue in issues] == [
        "unanswered: Is it held at a distance?",
        "light: Is the verb light?",
    ]
    (issue,) = migrate.migrate(bare, _looking(LOOK))[1]
    assert (issue.where, issue.code) == ("article", "migration-look")
    assert issue.message.startswith(f"the words of {len(list(gold.marks()))} marks are not here")


def test_the_command_migrates_what_is_of_its_version_lists_it_and_goes_on_after_a_cut(
    acre: Acre, corpus: Corpus, write: Write, schema: Schema, moved: Schema
) -> None:
    article, _ = write(TEXT)
    other, _ = write(TEXT.replace("an envoy", "a minister"), annotator="ben")

    assert acre("validate").returncode == 1  # schema-version
    before = corpus.annotation_path("ana", article.id).read_bytes()
    dry = acre("migrate", "blockades", "--dry-run")
    assert "2 to be looked at again" in dry.stdout
    assert corpus.annotation_path("ana", article.id).read_bytes() == before
    done = acre("migrate", "blockades")
    assert done.returncode == 0, done.stderr
    assert "2 migrated" in done.stdout
    assert f"annotations/ana/{article.id}.json: e2: migration-look: it was talks" in done.stderr
    assert acre("validate").returncode == 0
    with corpus.review_path("blockades").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["mark"], row["label"]) for row in rows] == [
        (f"annotations/{name}/{found.id}.json", "e2", "talks")
        for name, found in sorted([("ana", article), ("ben", other)], key=lambda pair: pair[1].id)
    ]
    # As if it had been cut off after the list and before the file.
    store.write(corpus.annotation_path("ana", article.id), before)
    again = acre("migrate", "blockades")
    assert "1 migrated" in again.stdout
    assert len(corpus.review_path("blockades").read_text().splitlines()) == 3
    assert "0 migrated" in acre("migrate", "blockades").stdout


def test_what_the_new_schema_does_not_allow_is_listed_too(
    corpus: Corpus, write: Write, moved: Schema
) -> None:
    write(TEXT)
    path = corpus.root.parent / "guidelines" / "schema.yaml"
    fields = yaml.safe_load(path.read_text())
    fields["events"]["blockade"]["roles"]["target"]["fillers"] = ["person"]
    store.write(path, yaml.safe_dump(fields, sort_keys=False).encode())
    narrowed = schema_.load(path)
    told: list[Any] = []
    report = migrate.run(corpus, _load(corpus, narrowed), narrowed, False, told.append)
    assert report.to_look_at == 2
    assert {issue.code for issue in told} == {"migration-look", "role-filler"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"to": "9.0.0"}, f"it leads to schema 9.0.0, and the schema is {_NEW}"),
        (
            {"rename": {"labels": {"siege": "cordon"}}},
            f"rename.labels: 'cordon' is not in schema {_NEW}",
        ),
        (
            {"rename": {"values": {"stance": {"commits": "vows"}}}},
            "rename.values.stance: 'vows' is no value",
        ),
        (
            {
                "split": {
                    "talks": {
                        "into": ["talks", "chat"],
                        "meanwhile": "talks",
                        "ask": "Was it idle?",
                    }
                }
            },
            "'chat' is no label",
        ),
        (
            {
                "split": {
                    "talks": {
                        "into": ["talks", "meeting"],
                        "meanwhile": "aid",
                        "ask": "Was it idle?",
                    }
                }
            },
            "is none of talks, meeting",
        ),
        (
            {"look": {"one": {"of": ["cordon"], "ask": "Is it one, or not?"}}},
            "look.one.of: 'cordon' is no label or layer",
        ),
        (
            {
                "look": {
                    "one": {"of": ["event"], "answers": {"mood": "^$"}, "ask": "Is it one, or not?"}
                }
            },
            "look.one.answers: 'mood' is not in schema",
        ),
        (
            {"look": {"one": {"of": ["event"], "words": "(", "ask": "Is it one, or not?"}}},
            r"look.one: .*'\(' is no regular expression",
        ),
        ({"lints": ["trigger-heavy"]}, "lints: 'trigger-heavy' is no lint of schema"),
        ({"why": ""}, "why: String should have at least 10 characters; correct the file"),
    ],
)
def test_a_migration_that_does_not_resolve_is_refused(
    corpus: Corpus, moved: Schema, change: dict[str, Any], message: str
) -> None:
    path = corpus.root.parent / "guidelines" / "migrations" / "bad.yaml"
    store.write(path, yaml.safe_dump(MOVE | change).encode())
    with pytest.raises(AcreError, match=message):
        migrate.load(path, moved)


def test_an_unknown_migration_is_named_with_those_there_are(moved: Schema, corpus: Corpus) -> None:
    with pytest.raises(UsageError, match=r"no such migration \(there is: blockades\)"):
        migrate.load(Path(corpus.root.parent / "guidelines" / "migrations" / "none.yaml"), moved)
