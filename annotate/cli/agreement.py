"""The report of `acre agreement`, as tables and as JSON; a module of its own, as its imports are slow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotate.cli.common import out, say, say_if_few, table
from annotate.measure.agreement import AgreementReport, AgreementRow
from annotate.measure.coefficients import Estimate
from annotate.measure.disagreements import Disagreement, most_frequent
from annotate.model.schema import LINK_LAYERS, MARK_LAYERS, Layer

_PAIRS = 10
"""How many pairs of confused labels are shown."""
_TYPES = 10
"""How many types of disagreement are shown."""
_TABLES = (
    ("Marks", MARK_LAYERS, ("F1", "F1 overlap", "α tokens", "α_u")),
    ("Answers on marks that both have", (Layer.ATTRIBUTE,), ("same", "α", "κ")),
    (
        "Links and claims",
        (*LINK_LAYERS, Layer.CLAIM),
        ("F1", "F1 overlap", "F1 matched ends"),
    ),
)
Pages = Mapping[tuple[str, str], str]
"""By annotator and article, the address of the task in Label Studio."""


def fields(report: AgreementReport, pages: Pages) -> dict[str, Any]:
    """The report as --json prints it."""
    rows = []
    for row in report.rows:
        measures = {name: vars(estimate) for name, estimate in row.measures.items()}
        rows.append(
            {
                "layer": row.layer,
                "label": row.label,
                "counts": row.counts,
                "measures": measures,
            }
        )
    confusions = {}
    for layer, counts in report.confusions.items():
        frequent = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
        confusions[layer] = [[*pair, count] for pair, count in frequent]
    disagreements = []
    for disagreement in report.disagreements:
        article = disagreement.article
        tasks = {
            name: pages[name, article] for name in disagreement.shown if (name, article) in pages
        }
        disagreements.append(vars(disagreement) | {"tasks": tasks})
    return {
        "annotators": report.annotators,
        "documents": report.documents,
        "untokenised": report.untokenised,
        "nested": report.nested,
        "rows": rows,
        "confusions": confusions,
        "sorts": [
            {**kind._asdict(), "count": count, "example": report.examples[kind]}
            for kind, count in most_frequent(report.disagreement_types)
        ],
        "disagreements": disagreements,
    }


def show(report: AgreementReport, pages: Pages, labels: bool, details: bool) -> None:
    """Print the report for a person: the tables, a page; before them with `details` the worst places and the
    confusions.
    """
    if details:
        _show_details(report, pages)
    say(
        f"\nAgreement of {', '.join(report.annotators)} on {report.documents} documents (95 %"
        " intervals)"
    )
    for title, layers, names in _TABLES:
        rows = [row for row in report.rows if row.layer in layers]
        _show_rows(title, rows, names, report.annotators, labels and details)
    say(
        "F1: same label and words; overlap: words that overlap; matched ends: of those whose marks"
        " both have; same: share of equal answers; –: not defined"
    )
    say_if_few(report.documents)
    if report.untokenised:
        say(f"{report.untokenised} documents have no text here: measures over tokens skip them")
    if report.nested:
        say(f"{report.nested} marks lie in one of the same label: α_u takes the outer one")
    if not details:
        say("The worst places, confusions and each label: acre agreement --details")


def _show_details(report: AgreementReport, pages: Pages) -> None:
    for disagreement in reversed(report.disagreements):  # the worst stands last, next to the table
        _show_disagreement(disagreement, pages)
    for layer, counts in report.confusions.items():
        if counts:
            _show_confusions(layer, counts)
    if report.disagreement_types:
        _show_types(report)


def _show_disagreement(disagreement: Disagreement, pages: Pages) -> None:
    article = disagreement.article
    say(f"\n{article} {disagreement.start}–{disagreement.end}: {disagreement.units} units differ")
    for name, words in disagreement.shown.items():
        say(f"  {name}: {pages.get((name, article), f'annotations/{name}/{article}.json')}")
        for line in words.rstrip("\n").split("\n"):
            say(f"    {line}")


def _show_types(report: AgreementReport) -> None:
    """The most frequent types of disagreement, each with a place where it can be looked at."""
    counts = report.disagreement_types
    total, frequent = counts.total(), most_frequent(counts)[:_TYPES]
    title = (
        f"The {len(frequent)} most frequent of {len(counts)} types of disagreement ({total} in all)"
    )
    shown = table("times", "share", title=title, **_NARROW)
    shown.add_column("what differs")
    shown.add_column("for example", overflow="fold")
    for kind, count in frequent:
        article, start, end = report.examples[kind]
        share = f"{100 * count / total:.0f} %"
        shown.add_row(str(count), share, str(kind), f"{article} {start}–{end}")
    out.print(shown)


_NARROW: dict[str, Any] = {"pad_edge": False, "show_edge": False, "padding": (0, 1, 0, 0)}


def _show_rows(
    title: str,
    rows: Sequence[AgreementRow],
    names: Sequence[str],
    annotators: Sequence[str],
    labels: bool,
) -> None:
    """A table that fits into eighty columns: a line for each layer, and under it one for each label."""
    if not rows:
        return
    shown = table("", "units", *names, left=[""], title=title, **_NARROW)
    for column in shown.columns:
        column.no_wrap = True
    for row in rows:
        is_layer = row.label is None
        if labels or is_layer or row.layer == "attribute":
            units = _units([row.counts.get(name, 0) for name in annotators])
            cells = (_cell(row.measures.get(name)) for name in names)
            label = row.layer if is_layer else f"  {row.label}"
            shown.add_row(label, units, *cells, style="bold" if is_layer else "")
    out.print(shown)


def _units(counts: Sequence[int]) -> str:
    """How many units each annotator has; of more than two, the fewest and the most, as the table has eighty columns."""
    if len(counts) > 2:
        return f"{min(counts)}–{max(counts)}"
    return "/".join(map(str, counts))


def _cell(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    if estimate.value is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return _short(estimate.value)
    return f"{_short(estimate.value)} {_short(estimate.low)}–{_short(estimate.high)}"


def _short(value: float) -> str:
    """Two digits and no leading zero, as coefficients are printed; 1.0 is as wide."""
    return f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 0.995 else f"{value:.1f}"


def _show_confusions(layer: str, counts: Mapping[tuple[str, str], int]) -> None:
    """The most frequent pairs; a table of all labels by all labels is as wide as the schema."""
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    title = f"Confusions: {layer}"
    if len(ordered) > _PAIRS:
        title += f", the {_PAIRS} most frequent of {len(ordered)} pairs"
    shown = table("times", title=title, **_NARROW)
    shown.add_column("one has", overflow="fold")
    shown.add_column("another has", overflow="fold")
    for (one, other), count in ordered[:_PAIRS]:
        shown.add_row(str(count), one, other)
    out.print(shown)
