"""Some of the damaged inputs that `make mutations` gives to all readers: each is read or refused, and no traceback."""

from __future__ import annotations

from dataclasses import replace

import pytest

from annotate.model.issues import AcreError
from tests.mutations.__main__ import mutate
from tests.mutations.readers import Reader, readers
from tests.strategies import EFFORT


@pytest.fixture(scope="module")
def all_readers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reader]:
    return readers(tmp_path_factory.mktemp("mutations"))


def test_what_is_whole_is_read(all_readers: dict[str, Reader]) -> None:
    """Else the damaged ones would all be refused for the same reason."""
    for reader in all_readers.values():
        reader.read(reader.undamaged())


def test_a_damaged_input_is_read_or_refused(all_readers: dict[str, Reader]) -> None:
    outcomes = list(mutate(all_readers, 0, range(1500 * EFFORT)))
    assert [outcome for outcome in outcomes if outcome.failure] == []
    assert {outcome.refused for outcome in outcomes} == {True, False}
    assert len({outcome.name for outcome in outcomes}) > 25


def test_what_is_neither_read_nor_refused_is_noticed(all_readers: dict[str, Reader]) -> None:
    """The harness itself."""

    def fail(content: bytes) -> None:
        raise KeyError(content[:1])

    def refuse(content: bytes) -> None:
        raise AcreError("\ud800")

    one = all_readers["splits.csv"]
    (failed,) = mutate({"a": replace(one, read=fail)}, 0, range(1))
    assert (failed.refused, (failed.failure or "")[:8]) == (False, "KeyError")
    (refused,) = mutate({"a": replace(one, read=refuse)}, 0, range(1))
    assert "can't be printed" in (refused.failure or "")


def test_an_input_can_be_had_again(all_readers: dict[str, Reader]) -> None:
    outcomes = [outcome.name for outcome in mutate(all_readers, 3, range(20))]
    assert [outcome.name for outcome in mutate(all_readers, 3, range(10, 20))] == outcomes[10:]
