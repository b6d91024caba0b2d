"""The first page: what the corpus is, how much of it there is, how far annotators agree, and how good systems are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from annotate.corpus.store import Corpus
from annotate.dataset.card import MEASURES, TITLE, Figures
from annotate.dataset.features import CONFIGS
from annotate.measure.agreement import AgreementReport
from annotate.measure.coefficients import Estimate
from annotate.model.schema import Layer, Schema
from annotate.site import pages
from annotate.site.stories import Story, most_disputed, widest_toll


class LayerAgreement(NamedTuple):
    """How far passes agree on a layer."""

    layer: str
    label: str | None
    measure: str
    estimate: Estimate


class Score(NamedTuple):
    """How good a system is on a split, by layer."""

    system: str
    split: str
    by_layer: dict[str, float | None]


def page(
    corpus: Corpus,
    figures: Figures,
    report: AgreementReport | None,
    stories: Sequence[Story],
    schema: Schema,
    root: str = "",
) -> str:
    """The front page."""
    version, date = corpus.release()
    scores = list(_scores(corpus.baselines()))
    layers = dict.fromkeys(layer for score in scores for layer in score.by_layer)
    return pages.render(
        "front.html.jinja",
        root,
        title=TITLE,
        version=version,
        date=date,
        figures=figures,
        collections=corpus.collections(),
        stories=stories,
        dispute=most_disputed(stories),
        toll=widest_toll(stories),
        agreement=list(_agreement(report)),
        compared=report.documents if report else 0,
        scores=scores,
        score_layers=list(layers),
        configs=CONFIGS,
        schema=schema,
    )


def _agreement(report: AgreementReport | None) -> Iterator[LayerAgreement]:
    """Of each layer, and of each attribute, the first measure of the card."""
    for layers, names in MEASURES.items():
        for row in report.rows if report else ():
            is_whole = row.label is None or row.layer == Layer.ATTRIBUTE
            estimate = row.measures.get(names[0])
            if row.layer in layers and is_whole and estimate and estimate.value is not None:
                yield LayerAgreement(row.layer, row.label, names[0], estimate)


_EXACT = ("strict", "classified")
"""Measures of exactly gold's marks and links: the first that a layer has."""


def _scores(baselines: Mapping[str, Any]) -> Iterator[Score]:
    """F1 over all labels, micro, of marks and links exactly as gold has them."""
    for name, scored in baselines.items():
        by_layer: dict[str, float | None] = {}
        for row in scored["rows"]:
            is_whole = row["label"] is None and row["averaging"] == "micro"
            if is_whole and row["measure"] in _EXACT:
                by_layer.setdefault(row["layer"], row["f1"]["value"])
        yield Score(scored.get("system", name), scored.get("split", "–"), by_layer)
