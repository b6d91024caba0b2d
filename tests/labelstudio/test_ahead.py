"""What comes next is made while one is worked on, in order, and no further ahead."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest

from annotate.labelstudio.ahead import ahead


def test_the_next_is_made_while_one_is_worked_on_and_no_more_than_that() -> None:
    made = [Event() for _ in range(4)]

    def items() -> Iterator[int]:
        for number, event in enumerate(made):
            event.set()
            yield number

    came = []
    for number in ahead(items()):
        came.append(number)
        for event in made[number + 1 : number + 2]:
            assert event.wait(60)
        assert not any(event.is_set() for event in made[number + 2 :])
    assert came == [0, 1, 2, 3]
    assert list(ahead([])) == []


def test_what_goes_wrong_is_raised_when_all_before_it_is_done() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("of the server")

    coming = ahead(items())
    assert next(coming) == 1
    with pytest.raises(KeyError, match="of the server"):
        next(coming)
