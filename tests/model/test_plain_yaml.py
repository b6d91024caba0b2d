"""YAML from anybody: its value, or one error, and never the end of the process."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from annotate.model import plain_yaml

BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(40)
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 100_000, "in one another"),
        ("{a: " * 50_000, "in one another"),
        ("- " * 100_000 + "a", "in one another"),
        ("\n".join(" " * n + "a:" for n in range(300)), "in one another"),
        (BOMB, "aliases make more than"),
        ("a: &a [*a]\n", "part of what it stands for"),
        ("a: *b\n", "undefined alias"),
        ("[", "did not find expected"),
    ],
    ids=lambda text: text[:12],
)
def test_what_would_bring_a_process_down_is_an_error_at_once(text: str, problem: str) -> None:
    for read in (plain_yaml.load, plain_yaml.compose):
        before = time.process_time()
        with pytest.raises(yaml.YAMLError, match=problem):
            read(text)
        assert time.process_time() - before < 30


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    ),
    lambda inner: st.one_of(
        st.lists(inner), st.dictionaries(st.text(alphabet="abc[]{}&*- "), inner)
    ),
    max_leaves=20,
)


@given(values, st.booleans())
def test_what_people_write_is_read_as_before(value: object, flow: bool) -> None:
    text = yaml.safe_dump([value, value], allow_unicode=True, default_flow_style=flow)
    assert plain_yaml.load(text) == yaml.safe_load(text)
