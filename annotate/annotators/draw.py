"""Draws decision trees as SVG."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from lxml import etree


def ladder(
    title: str, steps: Sequence[tuple[str, str]], otherwise: str, colours: dict[str, str]
) -> str:
    """A decision tree whose first yes decides, as SVG: questions down the left, what they decide at the right."""
    width, question, height, gap = 640, 400, 40, 14
    svg = etree.Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width} {44 + (len(steps) + 1) * (height + gap)}",
        "font-family": "system-ui, sans-serif", "font-size": "13", "role": "img", "aria-label": title,
    })  # fmt: skip
    etree.SubElement(svg, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
    _words(svg, [title], 16, 24, {"font-weight": "600", "font-size": "15"})
    top = 40
    for ask, answer in steps:
        middle = top + height // 2
        _box(svg, 16, top, question, height, "#f4f4f2", "#8a8a86")
        _words(svg, textwrap.wrap(ask, 54), 26, middle, {})
        arrow = {"stroke": "#555555", "stroke-width": "1.4", "fill": "none"}
        etree.SubElement(
            svg, "path", arrow | {"d": f"M{16 + question} {middle} h46 m-6 -4 l6 4 l-6 4"}
        )
        _words(svg, ["yes"], 16 + question + 8, middle - 9, {"font-size": "11", "fill": "#555555"})
        colour = colours.get(answer, "#444444")
        _box(svg, 16 + question + 48, top + 4, 150, height - 8, "#ffffff", colour)
        _words(svg, textwrap.wrap(answer, 22), 16 + question + 58, middle, {"font-weight": "600"})
        etree.SubElement(svg, "path", arrow | {"d": f"M40 {top + height} v{gap} m-4 -6 l4 6 l4 -6"})
        _words(svg, ["no"], 46, top + height + gap // 2, {"font-size": "11", "fill": "#555555"})
        top += height + gap
    _box(svg, 16, top, question, height - 8, "#ffffff", "#8a8a86")
    _words(svg, [otherwise], 26, top + height // 2 - 4, {"font-style": "italic"})
    return str(etree.tostring(svg, pretty_print=True, encoding="unicode"))


def _box(svg: Any, x: int, y: int, width: int, height: int, fill: str, stroke: str) -> None:
    size = {"x": str(x), "y": str(y), "width": str(width), "height": str(height), "rx": "6"}
    etree.SubElement(svg, "rect", size | {"fill": fill, "stroke": stroke, "stroke-width": "1.6"})


def _words(svg: Any, lines: list[str], x: int, middle: int, style: dict[str, str]) -> None:
    for index, line in enumerate(lines):
        y = middle + 4 + (index * 2 - len(lines) + 1) * 8
        etree.SubElement(
            svg, "text", {"x": str(x), "y": str(y), "fill": "#1c1c1a"} | style
        ).text = line
