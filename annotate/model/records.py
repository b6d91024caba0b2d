"""The records that are stored and passed on. They know no files and no Label Studio.

Offsets everywhere are half-open and count Unicode code points of the article's text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from annotate.model.schema import SPAN_LAYERS, Layer

AttributeValue = int | float | str
MARK_FIELDS = tuple(layer.field for layer in SPAN_LAYERS)
"""The fields of `Annotation` that hold marks."""
CLUSTER_FIELDS = ("entities", "events")
"""Those that hold clusters of marks."""


def in_utc(moment: dt.datetime) -> dt.datetime:
    """The moment in UTC; ValueError where that is out of the calendar, as of the year 1 in a zone ahead."""
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("no date and time between the years 1 and 9999") from None


Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]


class Record(BaseModel):
    """Frozen, and refusing what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Record):
    """A stretch of text, half-open, in code points: 0 ≤ start < end."""

    start: int = Field(ge=0)
    end: int

    @model_validator(mode="after")
    def _ordered(self) -> Span:
        if self.end <= self.start:
            raise ValueError(f"a span ends after it starts; found {self.start}–{self.end}")
        return self

    def slice(self, text: str) -> str:
        """The words of the span."""
        return text[self.start : self.end]


class Zone(Span):
    """A part of the page: headline, paragraph, caption and so on."""

    kind: str


class Sentence(Span):
    """A sentence with its tokens: what is kept of it where the text is withheld."""

    tokens: tuple[tuple[int, int], ...]
    """Start and end of each token, in code points of the article."""
    digest: str = Field(pattern=r"^[0-9a-f]{8}$")
    """The first eight digits of its words' hash: enough to tell where a copy differs, too little to guess the words."""


class Article(Record):
    """An article, once normalised; its text is never edited after it has been annotated."""

    id: str
    collection: str
    title: str
    outlet: str | None = None
    """Who published it."""
    cites: tuple[str, ...] = ()
    """Outlets that it names as where it has its news from, outside its text, in their order."""
    url: str | None = None
    published: dt.date | None = None
    """The date against which “yesterday” is resolved."""
    language: str = "en"
    length: int = Field(ge=1)
    """Code points of the text."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the text's UTF-8."""
    zones: tuple[Zone, ...]
    text: str | None = None
    """None where the text is withheld; length and hash remain."""


class Mark(Span):
    """A labelled span with an id; `text` repeats the article at the span, and is None where that may not be shipped."""

    id: str = Field(min_length=1)
    label: str
    text: str | None = None
    # Not `{}`: Pydantic would copy it for each mark without any.
    attributes: dict[str, AttributeValue] = Field(default_factory=dict)

    @field_validator("attributes")
    @classmethod
    def _canonical(cls, attributes: dict[str, AttributeValue]) -> dict[str, AttributeValue]:
        if not attributes:
            return attributes
        # 12.0 and 12 are one number: the browser and JSON do not tell them apart.
        return {
            name: int(value) if isinstance(value, float) and value.is_integer() else value
            for name, value in sorted(attributes.items())
        }

    @property
    def order(self) -> tuple[int, int, str, str]:
        """Layers are sorted by this."""
        return (self.start, -self.end, self.label, self.id)


class Mention(Mark):
    """Words that name, describe or refer to someone or something."""


class Argument(Record):
    """What fills a role: a mention or an event mention, by id."""

    role: str
    target: str


class EventMention(Mark):
    """Words that tell of an event: the mark is the trigger, the label the event type."""

    arguments: tuple[Argument, ...] = ()

    @field_validator("arguments")
    @classmethod
    def _sorted(cls, arguments: tuple[Argument, ...]) -> tuple[Argument, ...]:
        return tuple(sorted(arguments, key=lambda argument: (argument.role, argument.target)))


class AttributionSpan(Mark):
    """The words of a source or a cue; several attributions may share one."""


class Attribution(Mark):
    """What is attributed: the mark is the content; the source may be absent ("reportedly")."""

    source: str | None = None
    """Id of the source's span."""
    cue: str | None = None
    """Id of the cue's span."""


class Cluster(Record):
    """Two or more marks of one and the same thing, by id, in the order of the text."""

    id: str
    mentions: tuple[str, ...]


class Entity(Cluster):
    """Mentions that refer to the same one; a mention in no entity is the only one of its entity."""


class Event(Cluster):
    """Event mentions that tell of the same event; one in no event is the only one of its event."""


class UnitCounts(Record):
    """Of one layer, how many units were read again, and what became of them."""

    read: int = 0
    changed: int = 0
    added: int = 0
    removed: int = 0

    def __add__(self, other: UnitCounts) -> UnitCounts:
        return UnitCounts(
            read=self.read + other.read,
            changed=self.changed + other.changed,
            added=self.added + other.added,
            removed=self.removed + other.removed,
        )


class Review(Record):
    """A reading of gold by one who goes through every mark once more."""

    annotator: str
    """The reader's pseudonym."""
    kind: Literal["human", "machine"]
    schema_version: str
    """Of the guidelines that were read by."""
    updated: Moment
    """When the sheet was last changed."""
    sheets: tuple[str, ...] = ()
    """The first ten digits of the hash of each sheet that was read back; none is read back twice."""
    units: dict[Layer, UnitCounts] = {}
    """By layer, what was read and changed."""
    lints_only: bool = False
    """Whether only what lints had found was looked at: then no unit counts as read."""


class Provenance(Record):
    """Who or what made an annotation, with what, under which schema, and when."""

    annotator: str
    """A pseudonym."""
    kind: Literal["human", "machine"]
    tool: str
    schema_version: str
    """Of `guidelines/`: schema and guidelines have one version."""
    created: Moment
    updated: Moment
    seconds: float | None = None
    """Working time, where the tool measured it."""
    migrations: tuple[str, ...] = ()
    """Names of the migrations that brought it here from the schema that it was made under."""
    made_from: tuple[str, ...] = ()
    """For gold: the annotators whose passes it was made from. For a second reader's pass: whose it corrects."""
    started_from: str | None = None
    """Name and version of the extractor whose suggestions the annotator began with; None where it was the bare text."""
    untouched: int | None = None
    """How many of these suggestions were submitted as they came, and nobody had kept, changed or linked them."""
    reviews: tuple[Review, ...] = ()
    """For gold: who read it again, in the order of time."""
    unasked: tuple[str, ...] = ()
    """Required attributes that nobody was asked: the file that it was read from can't hold them. Where a mark
    has one, it is a default.
    """


class Annotation(Record):
    """One annotator's pass over one article, all layers; each layer sorted by (start, −end, label, id)."""

    article: str
    sha256: str
    """Hash of the text that was annotated."""
    provenance: Provenance
    mentions: tuple[Mention, ...] = ()
    entities: tuple[Entity, ...] = ()
    event_mentions: tuple[EventMention, ...] = ()
    events: tuple[Event, ...] = ()
    sources: tuple[AttributionSpan, ...] = ()
    cues: tuple[AttributionSpan, ...] = ()
    attributions: tuple[Attribution, ...] = ()

    @field_validator(*MARK_FIELDS)
    @classmethod
    def _sorted_marks(cls, marks: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(sorted(marks, key=lambda mark: mark.order))

    @model_validator(mode="after")
    def _sorted_clusters(self) -> Annotation:
        place = {mark.id: index for index, mark in enumerate(self.marks())}

        def order(members: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(sorted(members, key=lambda member: (place.get(member, -1), member)))

        for name in CLUSTER_FIELDS:
            clusters = []
            for cluster in getattr(self, name):
                members = order(cluster.mentions)
                is_ordered = members == cluster.mentions
                clusters.append(
                    cluster if is_ordered else cluster.model_copy(update={"mentions": members})
                )
            clusters.sort(
                key=lambda cluster: [place.get(member, -1) for member in cluster.mentions]
            )
            # The record is frozen to its users; here it is still being made.
            object.__setattr__(self, name, tuple(clusters))
        return self

    def marks(self) -> Iterator[Mark]:
        """Every labelled span of every layer."""
        for layer in SPAN_LAYERS:
            yield from self.of_layer(layer)

    def of_layer(self, layer: Layer) -> tuple[Mark, ...]:
        """The marks of one of `SPAN_LAYERS`."""
        marks: tuple[Mark, ...] = getattr(self, layer.field)
        return marks

    def layers(self) -> dict[str, tuple[Any, ...]]:
        """By field, the marks and clusters, without the frame: what two passes are compared by."""
        names = {*MARK_FIELDS, *CLUSTER_FIELDS}
        return {name: getattr(self, name) for name in Annotation.model_fields if name in names}


def the_pass(passes: Sequence[Annotation]) -> Annotation | None:
    """Of the passes over an article without gold, the one that counts: the only one, or the only corrected one.

    A second reader corrects a pass mark by mark (`made_from`); others beside it are there to measure it.
    """
    corrected = [each for each in passes if each.provenance.made_from]
    counted = corrected or passes
    return counted[0] if len(counted) == 1 else None


class Decision(Record):
    """Where a unit of gold came from, or that a pass's unit is not in it; the unit as `align.Unit` names it."""

    layer: Layer
    label: str
    start: int
    end: int
    rest: tuple[int | str, ...] = ()
    origin: Literal["agreed", "chosen", "changed", "added", "majority", "reviewed", "rejected"]
    """Agreed: in every pass. Chosen: in those of `annotators`, taken by the adjudicator. Changed: in none, in place of
    what a pass has there. Added: in none. Majority: in more than half of the passes, taken without being read.
    Reviewed: put in or changed when gold was read again, whoever has it. Rejected: in those of `annotators`, and not
    taken; where nobody has it, it was taken out when gold was read again."""
    annotators: tuple[str, ...] = ()
    """Whose passes have it."""
    reason: str | None = None


class Gold(Annotation):
    """An adjudicated annotation, with the record of each of its units and of each that was refused."""

    decisions: tuple[Decision, ...] = ()
    sheet: str | None = None
    """The sheet that was filled to make it; none where there was nothing to decide."""


class StoryEvent(Record):
    """An event that several articles of a story tell of: its marks in their gold, joined across them."""

    tells: str = Field(min_length=10)
    """What happened, so that a reader knows which event is meant."""
    marks: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(min_length=2)
    """By article id, the ids of its event mentions that tell of it."""


Some = TypeVar("Some", bound=Annotation)


def withhold(annotation: Some) -> Some:
    """The annotation without the marked words, for an article whose text may not be redistributed."""
    return annotation.model_copy(
        update=changed_marks(annotation, lambda mark: mark.model_copy(update={"text": None}))
    )


def changed_marks(
    annotation: Annotation, change: Callable[[Mark], Mark]
) -> dict[str, tuple[Mark, ...]]:
    """By field of the annotation, its marks after the change."""
    return {layer.field: tuple(map(change, annotation.of_layer(layer))) for layer in SPAN_LAYERS}
