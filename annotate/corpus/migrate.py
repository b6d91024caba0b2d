"""Brings annotations to the next version of the schema by a named migration, and lists what a person must see again."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from annotate.corpus import validate
from annotate.corpus.store import Corpus, StoreError
from annotate.model import plain_yaml
from annotate.model.issues import AcreError, Issue, Severity, UsageError, errors
from annotate.model.records import Annotation, AttributeValue, Decision, Gold, Mark, changed_marks
from annotate.model.schema import SPAN_LAYERS, Layer, Look, Schema, Version, unresolved_look

_COLUMNS = ("file", "mark", "label", "start", "end", "why")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Split(_Frozen):
    """One label becomes several; which of them a mark is, only a person can say."""

    into: tuple[str, ...] = Field(min_length=2)
    meanwhile: str
    """The one that each mark gets until then."""
    ask: str = Field(min_length=10)
    """What tells them apart, as a question."""


class Renames(_Frozen):
    """New names by old ones."""

    labels: dict[str, str] = {}
    roles: dict[str, str] = {}
    attributes: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    """By the attribute's old name."""


class Migration(_Frozen):
    """`guidelines/migrations/<name>.yaml`."""

    name: str
    from_: Version = Field(alias="from")
    to: Version
    why: str = Field(min_length=10)
    rename: Renames = Renames()
    split: dict[str, Split] = {}
    look: dict[str, Look] = {}
    """Marks of gold that are to be looked at, by a short name with which their rows begin.

    A pass stays what its annotator marked, and is not looked through.
    """
    lints: tuple[str, ...] = ()
    """Names of lints of the schema that it leads to, whose marks are listed likewise."""

    def label(self, old: str) -> str:
        """What a mark of the label is called after it."""
        return self.split[old].meanwhile if old in self.split else self.rename.labels.get(old, old)

    def attribute(self, old: str) -> str:
        """The attribute's name after it."""
        return self.rename.attributes.get(old, old)

    def value(self, attribute: str, old: AttributeValue) -> AttributeValue:
        """The attribute's value after it."""
        return self.rename.values.get(attribute, {}).get(str(old), old)


def load(path: Path, schema: Schema) -> Migration:
    """Read a migration to the schema's version; AcreError where it names what the schema does not have."""
    if not path.exists():
        known = ", ".join(sorted(other.stem for other in path.parent.glob("*.yaml"))) or "none yet"
        raise UsageError(f"{path}: no such migration (there is: {known})")
    try:
        fields = plain_yaml.load(path.read_text(encoding="utf-8"))
        migration = Migration.model_validate({"name": path.stem} | fields)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, OSError) as error:
        first = (
            error.errors()[0]
            if isinstance(error, ValidationError)
            else {"loc": (), "msg": " ".join(str(error).split())}
        )
        raise AcreError(
            f"{path}: {'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}; correct the"
            " file"
        ) from None
    if migration.to != schema.version:
        raise AcreError(
            f"{path}: it leads to schema {migration.to}, and the schema is {schema.version}; check"
            " out the one it is for"
        )
    faults = list(_unresolved(migration, schema))
    if faults:
        raise AcreError("\n".join(f"{path}: {fault}" for fault in faults))
    lints = {name: schema.lints[name] for name in migration.lints}
    return migration.model_copy(update={"look": lints | migration.look})


def _unresolved(migration: Migration, schema: Schema) -> Iterator[str]:
    rename = migration.rename
    for section, renamed, known in (
        ("labels", rename.labels, set(schema.labels)),
        ("roles", rename.roles, set(schema.roles)),
        ("attributes", rename.attributes, set(schema.attributes)),
    ):
        for name in renamed.values():
            if name not in known:
                yield (
                    f"rename.{section}: {name!r} is not in schema {schema.version}; correct the"
                    " name"
                )
    for attribute, values in rename.values.items():
        entry = schema.attributes.get(migration.attribute(attribute))
        for value in values.values():
            if entry is None or value not in entry.values:
                yield (
                    f"rename.values.{attribute}: {value!r} is no value in schema {schema.version};"
                    " correct it"
                )
    for old, split in migration.split.items():
        for name in split.into:
            if name not in schema.labels:
                yield (
                    f"split.{old}.into: {name!r} is no label of schema {schema.version}; correct"
                    " the name"
                )
        if split.meanwhile not in split.into:
            yield (
                f"split.{old}.meanwhile: {split.meanwhile!r} is none of {', '.join(split.into)};"
                " name one of them"
            )
    for name, look in migration.look.items():
        for field, message in unresolved_look(look, schema):
            yield f"look.{name}.{field}: {message}"
    for name in migration.lints:
        if name not in schema.lints:
            yield f"lints: {name!r} is no lint of schema {schema.version}; correct the name"


def migrate(
    annotation: Annotation, migration: Migration, text: str | None = None
) -> tuple[Annotation, list[Issue]]:
    """The annotation under the new schema, and an issue (`where` is a mark's id) for each mark to be looked at again.

    Ids, spans and what links marks stay. Gold's record is renamed with it. `text` is the article's, where it is here.
    """
    issues = []
    fields: dict[str, Any] = {}
    fields |= changed_marks(annotation, lambda mark: _mark(mark, migration))
    for mark in annotation.marks():
        split = migration.split.get(mark.label)
        if split is not None:
            message = (
                f"it was {mark.label}, now {' or '.join(split.into)}: {split.ask} It is"
                f" {split.meanwhile} until you say otherwise"
            )
            issues.append(
                Issue(mark.id, "migration-look", message + "; look at it again", Severity.WARNING)
            )
    if isinstance(annotation, Gold):
        fields["decisions"] = tuple(
            _decision(decision, migration) for decision in annotation.decisions
        )
    provenance = annotation.provenance
    fields["provenance"] = provenance.model_copy(
        update={
            "schema_version": migration.to,
            "migrations": (*provenance.migrations, migration.name),
        }
    )
    # Anew, not a copy: a new label may change the order of the marks.
    new = type(annotation).model_validate({**dict(annotation), **fields})
    return new, issues + list(_looks(new, migration, text))


def _looks(annotation: Annotation, migration: Migration, text: str | None) -> Iterator[Issue]:
    if not migration.look or not isinstance(annotation, Gold):
        return
    unread = 0
    for layer in SPAN_LAYERS:
        for mark in annotation.of_layer(layer):
            words = mark.text if text is None else mark.slice(text)
            if words is None:
                unread += 1
                continue
            for name, look in migration.look.items():
                if look.is_of(mark.label, layer) and look.is_met(words, mark.attributes):
                    # What may not be redistributed is not written into the list either.
                    shown = "" if mark.text is None else f"{mark.text!r}: "
                    message = f"{name}: {shown}{look.ask}"
                    yield Issue(mark.id, "migration-look", message, Severity.WARNING)
    if unread:
        message = (
            f"the words of {unread} marks are not here: nothing was looked for in them; run acre"
            " rehydrate before you migrate, or read them all with the article beside you"
        )
        yield Issue("article", "migration-look", message, Severity.WARNING)


def _mark(mark: Mark, migration: Migration) -> Mark:
    update: dict[str, Any] = {
        "label": migration.label(mark.label),
        "attributes": dict(
            sorted(
                (migration.attribute(name), migration.value(name, value))
                for name, value in mark.attributes.items()
            )
        ),
    }
    if hasattr(mark, "arguments"):
        roles = migration.rename.roles
        renamed = (
            argument.model_copy(update={"role": roles.get(argument.role, argument.role)})
            for argument in mark.arguments
        )
        update["arguments"] = tuple(
            sorted(renamed, key=lambda argument: (argument.role, argument.target))
        )
    return mark.model_copy(update=update)


def _decision(decision: Decision, migration: Migration) -> Decision:
    """As `align.units` names the migrated unit: the label of a mark, of an attribute or of a role, and its ends."""
    rest = decision.rest
    if decision.layer == Layer.ATTRIBUTE:
        label = migration.attribute(decision.label)
        rest = (migration.label(str(rest[0])), str(migration.value(decision.label, rest[1])))
    elif len(rest) == 4:
        label = migration.rename.roles.get(decision.label, decision.label)
        rest = (migration.label(str(rest[0])), migration.label(str(rest[1])), *rest[2:])
    else:
        label = migration.label(decision.label)
    return decision.model_copy(update={"label": label, "rest": rest})


@dataclass
class MigrationReport:
    """What a migration did."""

    migrated: int = 0
    elsewhere: int = 0
    """Annotations that are not of the version it starts from."""
    to_look_at: int = 0


def run(
    corpus: Corpus,
    migration: Migration,
    schema: Schema,
    dry: bool,
    notify: Callable[[Issue | str], None],
    on_file: Callable[[], None] = lambda: None,
) -> MigrationReport:
    """Migrate every pass and gold of the version it starts from; one cut off goes on where it stopped.

    What is to be looked at again is reported, and kept in `corpus/reviews/<name>.csv`, as rows that people take out.
    """
    report = MigrationReport()
    listed = _listed(corpus, migration)
    for walked in corpus.walk():
        if isinstance(walked, StoreError):
            notify(walked.issue)
            continue
        article, annotations = walked
        for where, annotation in annotations.items():
            on_file()
            if annotation.provenance.schema_version != migration.from_:
                report.elsewhere += 1
                continue
            new, issues = migrate(annotation, migration, article.text)
            # What the new schema does not allow is written all the same: acre validate tells it until it is mended.
            issues += errors(validate.check(new, article, schema))
            marks = {mark.id: mark for mark in new.marks()}
            for issue in issues:
                notify(Issue(f"{where}: {issue.where}", issue.code, issue.message, issue.severity))
            report.migrated += 1
            report.to_look_at += len(issues)
            if not dry:
                rows = [_row(where, issue, marks.get(issue.where)) for issue in issues]
                _list(corpus, migration, [row for row in rows if row not in listed])
                corpus.write_annotation(new, article)
    return report


def _row(where: str, issue: Issue, mark: Mark | None) -> tuple[str, ...]:
    place = (mark.label, str(mark.start), str(mark.end)) if mark else ("", "", "")
    return (where, issue.where, *place, issue.message)


def _listed(corpus: Corpus, migration: Migration) -> set[tuple[str, ...]]:
    path = corpus.review_path(migration.name)
    if not path.exists():
        return set()
    with path.open(encoding="utf-8", newline="") as file:
        return {tuple(row) for row in csv.reader(file)}


def _list(corpus: Corpus, migration: Migration, rows: list[tuple[str, ...]]) -> None:
    """Before the file itself is written: a run that is cut off between the two lists nothing twice."""
    path = corpus.review_path(migration.name)
    if not rows:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(_COLUMNS)
        writer.writerows(rows)
