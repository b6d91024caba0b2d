"""The card's pictures, as SVG: the same numbers give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

_INK, _FILL, _RANGE = "#24292f", "#3b6ea5", "#c8641e"
_LINES = ("#24292f", "#c8641e", "#3b6ea5")
# Nothing of the machine or the day goes into the file, and identifiers in it follow from its content.
_STYLE = {
    "svg.hashsalt": "acre",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
}
_METADATA = {"Date": None, "Creator": None}


def bars(title: str, counts: Mapping[str, int]) -> bytes:
    """A horizontal bar for each name, in the order given, the first at the top."""
    return _drawn(title, len(counts), lambda axes: _bars(axes, counts))


def _bars(axes: Any, counts: Mapping[str, int]) -> None:
    names = list(counts)
    drawn = axes.barh(range(len(names)), list(counts.values()), color=_FILL, height=0.7)
    axes.bar_label(drawn, padding=3)
    _named(axes, names)
    axes.xaxis.set_visible(False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.margins(x=0.12)


Interval = tuple[str, float, float | None, float | None]
"""Name, value, and where its interval starts and ends."""


def intervals(title: str, estimates: Sequence[Interval]) -> bytes:
    """A point for each estimate, with its interval where there is one, on a scale from 0 to 1."""
    return _drawn(title, len(estimates), lambda axes: _intervals(axes, estimates))


def _intervals(axes: Any, estimates: Sequence[Interval]) -> None:
    for line, (_name, value, low, high) in enumerate(estimates):
        if low is not None and high is not None:
            axes.hlines(line, low, high, color=_RANGE, linewidth=3, alpha=0.5)
        axes.plot([value], [line], "o", color=_RANGE)
        axes.annotate(
            f"{value:.2f}",
            (value, line),
            textcoords="offset points",
            xytext=(0, 6),
            ha="center",
            fontsize=8,
        )
    _named(axes, [name for name, *_ in estimates])
    axes.set_xlim(min(0.0, *(value for _, value, *_ in estimates)) - 0.02, 1.05)
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def curves(title: str, lines: Mapping[str, Sequence[tuple[float, Sequence[float]]]]) -> bytes:
    """A line for each name through the means at each x, with a band from the least to the most measured there."""

    def draw(axes: Any) -> None:
        for (name, points), colour in zip(lines.items(), cycle(_LINES), strict=False):
            xs, measured = [x for x, _ in points], [values for _, values in points]
            means = [sum(values) / len(values) for values in measured]
            axes.fill_between(
                xs,
                list(map(min, measured)),
                list(map(max, measured)),
                color=colour,
                alpha=0.12,
                linewidth=0,
            )
            axes.plot(xs, means, "o-", color=colour, label=name, markersize=4)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="lower right")

    return _drawn(title, 10, draw)


def _named(axes: Any, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.8)
    axes.tick_params(length=0)


def _drawn(title: str, lines: int, draw: Any) -> bytes:
    import matplotlib as mpl  # half a second to import
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(7, 0.9 + 0.24 * lines), layout="constrained", facecolor="white")
        axes = figure.add_subplot()
        draw(axes)
        axes.set_title(title, loc="left", color=_INK, fontsize=10)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata=_METADATA)
    svg = "\n".join(line.rstrip() for line in written.getvalue().splitlines())
    return f"{svg}\n".encode()
