"""What Label Studio exports becomes annotations. Nothing is trusted because it came from the server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from annotate.labelstudio import config, quotes
from annotate.model import graph
from annotate.model.graph import Link
from annotate.model.issues import Issue, Severity
from annotate.model.records import (
    Annotation,
    Article,
    AttributeValue,
    Mark,
    Provenance,
    in_utc,
)
from annotate.model.schema import Kind, Schema, is_number


def _moment(value: Any) -> dt.datetime:
    if not isinstance(value, str):
        raise ValueError("no date and time")
    moment = dt.datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return in_utc(moment)


_Moment = Annotated[dt.datetime, BeforeValidator(_moment)]
_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]


class _Raw(BaseModel):
    """A part of what Label Studio sends: of the fields that are read, the types; others are left alone."""

    model_config = ConfigDict(strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _object(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            raise ValueError("no object")
        return raw


def _whole(value: Any) -> Any:
    try:
        msgspec.json.encode(value, enc_hook=str)
    except UnicodeEncodeError:
        raise ValueError("half a character (a lone surrogate)") from None
    return value


def _is_whole(value: Any) -> bool:
    try:
        _whole(value)
    except ValueError:
        return False
    return True


class _Whole(_Raw):
    """A part whose strings are kept, so that all of them must be ones that a file can hold.

    That is looked at here, unless the context says that the whole is `whole`.
    """

    @model_validator(mode="after")
    def _no_surrogate(self, info: ValidationInfo) -> _Whole:
        if not (info.context and info.context["whole"]):
            _whole(self.model_dump())
        return self


class TaskData(_Raw):
    """What `tasks.data` gave a task to be known by, and the text that was annotated."""

    article: str
    collection: str
    schema_version: str
    text: str


class Task(_Raw):
    """A task with its annotations and drafts, which are still raw."""

    id: int
    data: Annotated[dict[str, Any], AfterValidator(_whole)]
    """As `TaskData` has it, or as others have who made the project."""
    annotations: list[Any]
    drafts: list[Any]


class Submission(_Raw):
    """What is said of an annotation beside its result."""

    id: int
    result: list[Any]
    was_cancelled: bool
    created_at: _Moment
    updated_at: _Moment
    completed_by: int | None = None
    updated_by: int | None = None
    parent_prediction: int | None = None
    lead_time: float | None = Field(None, allow_inf_nan=False)


class Suggestion(_Whole):
    """A prediction, whose result is still raw."""

    model_version: str
    created_at: _Moment
    updated_at: _Moment


class _Region(quotes.Region, _Whole):
    """A span with its label, or an answer about it; its id is one that every format can hold."""

    id: _Id


class _Relation(_Whole):
    from_id: _Id
    to_id: _Id
    labels: list[str] | None = None
    direction: str | None = None


def reason(error: ValidationError) -> str:
    """Which part of something raw is wrong, and how."""
    first = error.errors()[0]
    message = first["msg"].removeprefix("Value error, ")
    return ": ".join([*(printable(part) for part in first["loc"]), message])


def printable(value: Any) -> str:
    """A name that came from the server, on one line and without what a terminal can't show."""
    return value if isinstance(value, str) and value.isprintable() else ascii(value)


def read(
    result: Any, article: Article, schema: Schema, provenance: Provenance
) -> tuple[Annotation, list[Issue]]:
    """The annotation of a result list, and an issue (`where` is a region's id) for all that it can't hold.

    Offsets are taken as code points and compared with the words that Label Studio tells (`quotes.placed`);
    the words of a mark are sliced from the article.
    """
    text = article.text or ""
    issues: list[Issue] = []
    regions, relations = _entries(result, issues)
    answers = _answers(regions, schema, issues)
    labelled = [region for region in regions if region.from_name == config.LABELS]
    placed, compared = quotes.placed(labelled, regions, text)
    issues += compared
    marks: list[Mark] = []
    for region in placed:
        marks += _mark(region, text, answers.get(region.id, {}), schema, issues)
    orphans = set(answers) - {region.id for region in labelled}
    message = "the region has answers and no label; give it one or delete it"
    issues += [Issue(name, "label-missing", message) for name in sorted(orphans)]
    links: list[Link] = []
    for relation in relations:
        links += _relation_links(relation, issues)
    annotation, misplaced = graph.assemble(
        marks, links, schema, article.id, article.sha256, provenance
    )
    return annotation, issues + misplaced


def _entries(result: Any, issues: list[Issue]) -> tuple[list[_Region], list[_Relation]]:
    regions: list[_Region] = []
    relations: list[_Relation] = []
    if not isinstance(result, list):
        issues.append(
            Issue("result", "result-malformed", "the result is no list; submit the task again")
        )
        return regions, relations
    # Once for all: region by region it takes as long as all the rest.
    context = {"whole": _is_whole(result)}
    for entry in result:
        is_relation = isinstance(entry, dict) and entry.get("type") == "relation"
        try:
            if is_relation:
                relations.append(_Relation.model_validate(entry, context=context))
            else:
                regions.append(_Region.model_validate(entry, context=context))
        except ValidationError as error:
            what, id_field = ("a relation", "from_id") if is_relation else ("a region", "id")
            where = entry.get(id_field) if isinstance(entry, dict) else "result"
            message = (
                f"{what} is not what Label Studio writes: {reason(error)}; delete it and make it"
                " anew"
            )
            issues.append(Issue(printable(where), "result-malformed", message))
    return regions, relations


def _mark(
    region: _Region,
    text: str,
    answers: dict[str, AttributeValue],
    schema: Schema,
    issues: list[Issue],
) -> Iterator[Mark]:
    """The mark of a region that has one label and a span of the text; none otherwise, and an issue says why."""
    name, label = region.id, _label(region, issues)
    if label is None:
        return
    start, end = region.value.get("start"), region.value.get("end")
    if not (type(start) is type(end) is int and 0 <= start < end <= len(text)):
        message = (
            f"{start!r}–{end!r} is no span of the {len(text)} code points; delete it and mark it"
            " anew"
        )
        issues.append(Issue(name, "offset-range", message))
        return
    if (region.meta or {}).get("text"):
        message = (
            "the region's note stays in Label Studio; say what matters by a label or an attribute"
        )
        issues.append(Issue(name, "region-note", message, Severity.NOTE))
    attributes = dict(answers)
    if label in schema.labels:
        stale = set(answers) - set(schema.labels[label].attributes)
        for question in sorted(stale):
            # The browser keeps the answers to questions that a changed label no longer asks, and shows them to nobody.
            answer = attributes.pop(question)
            message = (
                f"{question}={answer!r} is no question of {label}; left behind when it was"
                " relabelled"
            )
            issues.append(Issue(name, "answer-stale", message, Severity.NOTE))
    span = text[start:end]
    yield Mark(id=name, label=label, start=start, end=end, text=span, attributes=attributes)


def _label(region: _Region, issues: list[Issue]) -> str | None:
    """The region's one label; None where it has none or several, and an issue says so."""
    labels = region.value.get("labels")
    if isinstance(labels, list) and len(labels) == 1 and isinstance(labels[0], str):
        return labels[0]
    if labels:
        message = f"the region has the labels {labels}; give it one"
        issues.append(Issue(region.id, "label-several", message))
    else:
        issues.append(Issue(region.id, "label-missing", "the region has no label; give it one"))
    return None


def _answers(
    regions: list[_Region], schema: Schema, issues: list[Issue]
) -> dict[str, dict[str, AttributeValue]]:
    answers: dict[str, dict[str, AttributeValue]] = {}
    for region in regions:
        control, name = region.from_name, region.id
        if control == config.LABELS:
            continue
        if control not in schema.attributes:
            message = f"{control!r} is no attribute of schema {schema.version}; load the task again"
            issues.append(Issue(name, "attribute-unknown", message))
            continue
        answer = _answer(region.value, schema.attributes[control].kind)
        if answer is None:
            message = f"{control}: {region.value!r} is not one answer; answer it anew"
            issues.append(Issue(name, "attribute-value", message))
        else:
            answers.setdefault(name, {})[control] = answer
    return answers


def _answer(value: dict[str, Any], kind: Kind) -> AttributeValue | None:
    """The one answer that the value holds; None where it is not one of the kind.

    A number is `{"number": 12}`, a choice `{"choices": ["asserts"]}`, a text `{"text": ["people"]}`.
    """
    if kind is Kind.NUMBER:
        number = value.get("number")
        return number if is_number(number) else None
    answers = value.get("choices" if kind is Kind.CHOICE else "text")
    if isinstance(answers, list) and len(answers) == 1 and isinstance(answers[0], str):
        return answers[0]
    return None


def _relation_links(relation: _Relation, issues: list[Issue]) -> Iterator[Link]:
    """A link for each label of the relation, in its direction, or in both."""
    tail, head, labels = relation.from_id, relation.to_id, relation.labels or []
    if not labels:
        message = f"the relation to {head} has no label; choose one under Relations, or delete it"
        issues.append(Issue(tail, "link-unlabelled", message))
    turned = {"left": [(head, tail)], "bi": [(tail, head), (head, tail)]}
    pairs = turned.get(relation.direction or "right", [(tail, head)])
    for label in labels:
        # same_as holds both ways: a second link says nothing more.
        for one, other in pairs[:1] if label == "same_as" else pairs:
            yield Link(one, label, other)


def was_cancelled(raw: Any) -> bool:
    """Whether an annotation, raw as it came, was skipped instead of submitted."""
    return isinstance(raw, dict) and raw.get("was_cancelled") is True


def untouched(result: list[Any]) -> int:
    """How many marks stand as they were suggested: Label Studio and the desk's page note where somebody took one up."""
    return _origins(result).count("prediction")


def is_suggested(result: list[Any]) -> bool:
    """Whether any mark was suggested, whatever became of it: after a draft, only the marks say so."""
    return not {"prediction", "prediction-changed"}.isdisjoint(_origins(result))


def _origins(result: list[Any]) -> list[str]:
    return [
        str(entry.get("origin"))
        for entry in result
        if isinstance(entry, dict) and entry.get("from_name") == config.LABELS
    ]


def provenance(
    raw: dict[str, Any], annotator: str, kind: str, schema_version: str, tool: str
) -> Provenance:
    """Who made an exported annotation, when, and in how many seconds; ValidationError where the server did not say."""
    return Provenance(
        annotator=annotator,
        kind=kind,  # type: ignore[arg-type]  # checked by the record
        tool=tool,
        schema_version=schema_version,
        created=raw.get("created_at"),  # type: ignore[arg-type]  # a string, which pydantic reads
        updated=raw.get("updated_at"),  # type: ignore[arg-type]
        seconds=raw.get("lead_time"),
    )


__all__ = [
    "Submission",
    "Suggestion",
    "Task",
    "TaskData",
    "ValidationError",
    "is_suggested",
    "printable",
    "provenance",
    "read",
    "reason",
    "untouched",
    "was_cancelled",
]
