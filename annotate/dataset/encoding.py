"""Rows as a file holds them, with each label as its number, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from datasets import ClassLabel, List

from annotate.dataset.features import CONFIGS, features
from annotate.model.schema import Schema

Encoder = Callable[[Any], Any]


@cache
def encoder(config: str, schema: Schema) -> Encoder:
    """What gives a row of the config with each label as its number; a missing one stays missing."""
    (named,) = (each for each in CONFIGS if each.name == config)
    return _encoder(dict(features(named, schema))) or (lambda row: row)


def _encoder(feature: Any) -> Encoder | None:
    """What encodes a value; None where there is no label in it: most of a row has none, and is passed on as it is."""
    if isinstance(feature, ClassLabel):
        numbers: dict[Any, Any] = {name: number for number, name in enumerate(feature.names)}
        return (numbers | {None: None}).__getitem__
    if isinstance(feature, List):
        inner = _encoder(feature.feature)
        return inner and _list_encoder(inner)
    if isinstance(feature, dict):
        encoders = {name: _encoder(inner) for name, inner in feature.items()}
        return _struct_encoder({name: inner for name, inner in encoders.items() if inner})
    return None


def _list_encoder(inner: Encoder) -> Encoder:
    return lambda values: None if values is None else [inner(value) for value in values]


def _struct_encoder(encoders: Mapping[str, Encoder]) -> Encoder | None:
    def encode(fields: Any) -> Any:
        if fields is None:
            return None
        return fields | {name: inner(fields[name]) for name, inner in encoders.items()}

    return encode if encoders else None


def decoded(value: Any, feature: Any) -> Any:
    """The value with each label as its name: what an `encoder` was given."""
    if value is None:
        return None
    if isinstance(feature, ClassLabel):
        return feature.int2str(value) if isinstance(value, int) else value
    if isinstance(feature, List):
        return [decoded(element, feature.feature) for element in value]
    if isinstance(feature, dict):
        return {name: decoded(inner, feature.get(name)) for name, inner in value.items()}
    return value
