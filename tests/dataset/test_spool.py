"""A spool is a mapping whose values are in a file."""

from __future__ import annotations

import pytest

from annotate.dataset.spool import Spool


def test_things_come_back_in_any_order_and_the_later_of_one_name_stands() -> None:
    things = [("b", "Žofia"), ("a", "🚀"), ("b", "Brel\n")]
    spool = Spool(things, str.encode, bytes.decode)
    assert [spool["a"], spool["b"], spool["a"]] == ["🚀", "Brel\n", "🚀"]
    assert dict(spool) == {"b": "Brel\n", "a": "🚀"}
    assert (len(spool), "a" in spool, "c" in spool, spool.get("c")) == (2, True, False, None)
    with pytest.raises(KeyError):
        spool["c"]
