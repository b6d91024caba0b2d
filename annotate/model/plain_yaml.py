"""YAML as people write it, from files that anybody may have sent: PyYAML, without what brings a process down.

libyaml composes nested collections by recursion, and a few kilobytes of them end the process; aliases of aliases make
gigabytes of a few lines.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

DEEPEST = 100
"""Lists and mappings in one another."""
_LARGEST = 1_000_000
"""Nodes, where each alias counts as all that it stands for."""
_LEADER = re.compile(rf"^[\s?:-]{{{2 * DEEPEST},}}", re.MULTILINE)


def load(text: str) -> Any:
    """The text's value, of plain types; YAMLError where it is no YAML, nested too deep, or grows by its aliases."""
    _check(text)
    return yaml.load(text, Loader=yaml.CSafeLoader)


def compose(text: str) -> Any:
    """The text's node, with lines; raises as `load` does."""
    _check(text)
    return yaml.compose(text, Loader=yaml.CSafeLoader)


def _check(text: str) -> None:
    """Event by event, which needs no recursion; most files can't be either, and are not gone through."""
    brackets = text.count("[") + text.count("{")
    if "&" not in text and brackets <= 10 * DEEPEST and not _LEADER.search(text):
        return
    sizes = [0]
    anchors: dict[str, int] = {}
    open_anchors: list[str | None] = []
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in open_anchors:
                raise yaml.YAMLError(f"the alias {event.anchor!r} is part of what it stands for")
            sizes[-1] += anchors.get(event.anchor or "", 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            sizes.append(1)
            open_anchors.append(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            size, anchor = sizes.pop(), open_anchors.pop()
            sizes[-1] += size
            if anchor is not None:
                anchors[anchor] = size
        elif isinstance(event, yaml.ScalarEvent):
            sizes[-1] += 1
        if len(sizes) > DEEPEST:
            raise yaml.YAMLError(f"more than {DEEPEST} lists and mappings in one another")
        if sizes[-1] > _LARGEST:
            raise yaml.YAMLError(f"its aliases make more than {_LARGEST} entries of it")
