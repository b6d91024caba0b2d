"""A foreign label set in terms of the schema: a YAML file that names for each label, link and answer ours, or null.

    labels:            # of marks
      Source: source
      Perpetrator: armed_group
      Attribution: null
    links:             # roles of events, and relations
      Attacker: agent
      Location: place
    attributes:        # answers
      Polarity: {to: realis, values: {Positive: actual, Negative: negated, Unknown: null}}
      Certainty: null
    defaults:          # answers to required questions that the label set does not ask
      stance: asserts

What is null is dropped and counted. What the map does not name is taken as it stands, and told where the schema does
not have it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from annotate.model import plain_yaml
from annotate.model.issues import UsageError
from annotate.model.schema import Kind, Schema
from annotate.model.text import BOM


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AnswerMap(_Frozen):
    """A foreign attribute: ours, and for each of its values one of ours or None."""

    to: str
    values: dict[str, str | None] = {}


class LabelMap(_Frozen):
    """By foreign name, ours; None where it is dropped and counted."""

    labels: dict[str, str | None] = {}
    links: dict[str, str | None] = {}
    attributes: dict[str, AnswerMap | str | None] = {}
    defaults: dict[str, str] = {}
    """By attribute of the schema, the answer of each mark that can have it and has none."""

    @property
    def is_foreign(self) -> bool:
        """Whether it tells of another label set than the schema's; defaults alone do not."""
        return bool(self.labels or self.links or self.attributes)

    def answer(self, name: str) -> AnswerMap | None:
        """What becomes of the foreign attribute; None where it is dropped."""
        ours = self.attributes.get(name, name)
        return AnswerMap(to=ours) if isinstance(ours, str) else ours

    def unasked(self, schema: Schema) -> tuple[str, ...]:
        """The required attributes that the foreign label set does not have."""
        answers = map(self.answer, self.attributes)
        mapped = {answer.to for answer in answers if answer is not None}
        required = (name for name, attribute in schema.attributes.items() if attribute.required)
        return tuple(name for name in required if name not in mapped)


def load(path: Path, schema: Schema) -> LabelMap:
    """Read the map; UsageError names all that is not in the schema."""
    try:
        content = plain_yaml.load(path.read_text(encoding="utf-8").removeprefix(BOM))
        labels = LabelMap.model_validate(content or {})
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}; name a map of labels that can be read"
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(
            f"{path}: {place}: {first['msg']}; quote names such as yes and no"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not YAML: {' '.join(str(error).split())}; correct it") from None
    return checked(labels, schema, str(path))


def checked(labels: LabelMap, schema: Schema, where: str) -> LabelMap:
    """The map; UsageError names all that it says and the schema does not have."""
    faults = list(_faults(labels, schema))
    if faults:
        raise UsageError(f"{where}: {'; '.join(faults)}; name what guidelines/schema.yaml has")
    return labels


def _faults(labels: LabelMap, schema: Schema) -> Iterator[str]:
    for section, table, known in (
        ("labels", labels.labels, schema.labels),
        ("links", labels.links, schema.relations),
    ):
        for name, ours in table.items():
            if ours is not None and ours not in known:
                yield f"{section}.{name} is {ours!r}"
    for name in labels.attributes:
        answer = labels.answer(name)
        if answer is None:
            continue
        attribute = schema.attributes.get(answer.to)
        if attribute is None:
            yield f"attributes.{name} is {answer.to!r}"
        elif attribute.kind is Kind.CHOICE:
            for value, ours in answer.values.items():
                if ours is not None and ours not in attribute.values:
                    yield f"attributes.{name}.values.{value} is {ours!r}"
    for name, value in labels.defaults.items():
        default = schema.attributes.get(name)
        if default is None or (default.kind is Kind.CHOICE and value not in default.values):
            yield f"the default {name}={value}"
