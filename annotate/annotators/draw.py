"""Draws what is easier to look at than to read: marked text as HTML, decision trees as SVG."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from lxml import etree

from annotate.measure import align
from annotate.model.records import Annotation, Mark
from annotate.model.schema import Schema

CSS = """
.acre { line-height: 2.3; margin: .6em 0; white-space: pre-wrap; }
.acre mark { color: inherit; background: color-mix(in srgb, var(--label) 22%, transparent);
  border-bottom: 2px solid var(--label); border-radius: 3px; padding: 1px 3px; }
.acre mark > sub { font: 600 .62em/1 system-ui, sans-serif; color: var(--label); margin-left: 4px;
  vertical-align: baseline; }
.acre-links { font-size: .85em; margin: .2em 0 .8em; opacity: .85; }
.acre-near { border-left: 3px solid #d64938; padding-left: .8em; }
"""


def marked(text: str, annotation: Annotation, schema: Schema) -> str:
    """The text with its marks as coloured, labelled `<mark>`s, and below it what links them; needs `CSS`.

    Marks may nest and cross: where one crosses another it is closed and opened again, and labelled at its end.
    """
    builder = etree.TreeBuilder()
    builder.start("div", {"class": "acre"})
    marks = sorted(annotation.marks(), key=lambda mark: mark.order)
    starts, ends = {mark.start for mark in marks}, {mark.end for mark in marks}
    edges = sorted({0, len(text)} | starts | ends)
    stack: list[Mark] = []
    for offset, after in zip(edges, [*edges[1:], len(text)], strict=True):
        _close(builder, stack, offset)
        for mark in (mark for mark in marks if mark.start == offset):
            _open(builder, mark, schema)
            stack.append(mark)
        builder.data(text[offset:after])
    builder.end("div")
    drawn = etree.tostring(builder.close(), encoding="unicode", method="html")
    return drawn + _link_list(annotation)


def _open(builder: Any, mark: Mark, schema: Schema) -> None:
    builder.start(
        "mark", {"style": f"--label: {schema.labels[mark.label].colour}", "title": mark.label}
    )


def _close(builder: Any, stack: list[Mark], offset: int) -> None:
    while any(mark.end == offset for mark in stack):
        depth = max(index for index, mark in enumerate(stack) if mark.end == offset)
        crossing = stack[depth + 1 :]
        for _ in crossing:
            builder.end("mark")
        builder.start("sub", {})
        builder.data(stack[depth].label)
        builder.end("sub")
        builder.end("mark")
        del stack[depth:]
        for mark in crossing:
            builder.start("mark", {"title": mark.label})
            stack.append(mark)


def _link_list(annotation: Annotation) -> str:
    words = {mark.id: mark.text or mark.id for mark in annotation.marks()}
    lines = []
    for mark in annotation.marks():
        details = [f"{name} {value}" for name, value in mark.attributes.items()]
        details += [f"{label} → {words[head]}" for label, head in align.links(mark)]
        if details:
            lines.append(f"{words[mark.id]}: {', '.join(details)}")
    lines += [
        " = ".join(words[name] for name in cluster.mentions)
        for cluster in (*annotation.entities, *annotation.events)
    ]
    if not lines:
        return ""
    listed = etree.Element("ul", {"class": "acre-links"})
    for line in lines:
        etree.SubElement(listed, "li").text = line
    return str(etree.tostring(listed, encoding="unicode", method="html"))


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
