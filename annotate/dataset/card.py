"""The dataset card, `corpus/README.md`: its figures come from the build that it describes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources

import jinja2

from annotate.model import Annotation, Article
from annotate.schema import Schema
from annotate.store import Annotator, Collection


@dataclass
class Figures:
    """Counts over the documents of a build."""

    schema: Schema
    documents: Counter[str] = field(default_factory=Counter)
    """By collection."""
    annotators: Counter[str] = field(default_factory=Counter)
    code_points: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    roles: Counter[str] = field(default_factory=Counter)
    layers: Counter[str] = field(default_factory=Counter)

    def add(self, article: Article, annotation: Annotation) -> None:
        """Count one document."""
        self.documents[article.collection] += 1
        self.annotators[annotation.provenance.annotator] += 1
        self.code_points += article.length
        self.labels.update(mark.label for mark in annotation.marks())
        self.roles.update(argument.role for event in annotation.event_mentions for argument in event.arguments)
        self.layers.update({layer: len(units) for layer, units in annotation.layers().items()})


def render(
    figures: Figures, collections: Mapping[str, Collection], annotators: Mapping[str, Annotator], schema: Schema
) -> str:
    """The card as Markdown with the YAML head that `load_dataset` reads the configs from."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    template = resources.files("annotate.dataset").joinpath("card.md.jinja").read_text(encoding="utf-8")
    return environment.from_string(template).render(
        figures=figures, collections=collections, annotators=annotators, schema=schema
    )
