"""States, their capitals and what their people are called, from the library `countryinfo` (MIT): its only adapter."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple


class Countries(NamedTuple):
    """English names; a state with two capitals or two nationalities has each of them."""

    states: tuple[str, ...]
    capitals: tuple[str, ...]
    state_of: dict[str, str]
    """By nationality, an adjective and singular noun such as *Syrian*, the state; of two that share one, the first."""


@cache
def load() -> Countries:
    """What the library has; what it lacks or calls otherwise than the news is in `gazetteer.yaml`."""
    from countryinfo import all_countries

    states, capitals = set(), set()
    state_of: dict[str, str] = {}
    for country in all_countries():
        name = country.name().removeprefix("The ")
        states.add(name)
        # One state's capitals are a list in the file, another's have strokes between them.
        found = country.capital() or ""
        capitals.update(_apart(found if isinstance(found, str) else "/".join(found), "/"))
        for nationality in _apart(country.demonym() or "", ","):
            state_of.setdefault(nationality, name)
    return Countries(tuple(sorted(states)), tuple(sorted(capitals)), state_of)


def _apart(names: str, separator: str) -> list[str]:
    """The names that stand in one field: *Antiguan,Barbudan*."""
    return [name.strip() for name in names.split(separator) if name.strip()]
