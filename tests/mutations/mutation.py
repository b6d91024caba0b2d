"""How an input is damaged: bytes in place of others, cut off, doubled; or, where it has a structure, parts of that."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from tests.strategies import ODD, PIECES, places

_JUNK: list[Any] = [
    *ODD,
    None,
    True,
    -1,
    2,
    1.5,
    float("nan"),
    "",
    "é" * 99,
    "\u202e\x1b[2J",
    [],
    {},
    [[]],
    {"id": []},
    "2" * 400,
    2**63,
    -(2**31) - 1,
]


def of_bytes(content: bytes, rng: random.Random) -> bytes:
    """The content with one to six pieces of it replaced, cut off, doubled or moved, or with single bytes changed."""
    for _ in range(_few(rng, 6)):
        start = rng.randrange(len(content) + 1)
        end = min(len(content), start + rng.randrange(21))
        kind = rng.random()
        if kind < 0.3:
            content = content[:start] + bytes([rng.randrange(256)]) + content[start + 1 :]
        elif kind < 0.7:
            piece = rng.choice(PIECES) if rng.random() < 0.7 else rng.randbytes(rng.randrange(7))
            content = content[:start] + piece + content[end:]
        elif kind < 0.8:
            content = content[:start]
        elif kind < 0.9:
            content = content[:end] + content[start:end] + content[end:]
        else:
            content = content[end:] + content[:start]
    return content


def of_value(value: Any, rng: random.Random) -> Any:
    """A value of JSON with one to three of its parts, at any depth, taken away, doubled or replaced."""
    holder = [copy.deepcopy(value)]
    for _ in range(_few(rng, 3)):
        among = list(places(holder))
        where, key = rng.choice(among)
        kind = rng.random()
        if kind < 0.2 and where is not holder:
            del where[key]
        elif kind < 0.3 and isinstance(where, list):
            where.append(copy.deepcopy(where[key]))
        elif kind < 0.5:
            other, its_key = rng.choice(among)
            part = other[its_key] if _has(other, its_key) else None
            where[key] = copy.deepcopy(part)
        elif kind < 0.6 and isinstance(where, dict):
            where[rng.choice(("\ud800", "", "id", "a b", "1"))] = where.pop(key)
        else:
            where[key] = copy.deepcopy(rng.choice(_JUNK))
        if not holder:
            break
    return holder[0]


def _few(rng: random.Random, most: int) -> int:
    """Often one: what is damaged in many places is refused at the first of them."""
    return 1 if rng.random() < 0.5 else rng.randint(1, most)


def _has(parent: Any, key: Any) -> bool:
    return key in parent if isinstance(parent, dict) else key < len(parent)


def dumped(value: Any) -> bytes:
    """As JSON, which is YAML too."""
    return json.dumps(value).encode()
