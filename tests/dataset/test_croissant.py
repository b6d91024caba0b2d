"""`croissant.json` is checked by mlcroissant: loaded through it, and its records are those of `load_dataset`."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from datasets import load_dataset

from annotate.dataset.features import CONFIGS
from tests.conftest import ROOT

FIRST = 50  # of each split: mlcroissant takes a minute for all


def test_its_records_are_those_of_load_dataset(tmp_path: Path) -> None:
    import mlcroissant

    corpus = ROOT / "corpus"
    described = mlcroissant.Dataset(jsonld=str(corpus / "croissant.json"))
    assert not described.metadata.ctx.issues.errors
    compared = 0
    for config in CONFIGS:
        splits: Any = load_dataset(str(corpus), config.name, cache_dir=str(tmp_path))
        for split, rows in splits.items():
            name = f"{config.name}/{split}"
            records = list(islice(described.records(name), FIRST))
            assert len(records) == min(len(rows), FIRST)
            for record, row in zip(records, islice(rows, FIRST), strict=True):
                assert set(record) == {f"{name}/{column}" for column in row}
                for column, value in row.items():
                    assert _plain(record[f"{name}/{column}"]) == _shown(
                        value, record[f"{name}/{column}"]
                    ), (
                        name,
                        column,
                    )
                    compared += 1
    assert compared > 1000


def _plain(value: Any) -> Any:
    """What mlcroissant gives, in Python's own types; a field is named by its last part."""
    if isinstance(value, dict):
        return {name.rpartition("/")[2]: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | np.ndarray):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode()
    return None if value is None or value != value else value


def _shown(value: Any, like: Any) -> Any:
    """The row's value, without the lists in lists that Croissant has no form for."""
    if isinstance(value, dict):
        return {name: inner for name, inner in value.items() if not isinstance(inner, list)}
    if isinstance(value, list):
        return [_shown(inner, like) for inner in value]
    return value
