from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from annotate.model import text
from annotate.model.offsets import Quote, compare

_HARD = "ab \n\r\t\ufeff\u2028\x0b\x07e\u0301\u0323가ᄀ\u1161\u11a8🚀ﬁÅ\u212b\u0958\\“"
RAW = st.text(
    st.one_of(st.sampled_from(_HARD), st.characters(exclude_categories=["Cs"])), max_size=60
)


@given(RAW)
def test_a_trace_ends_at_the_normal_form_and_leads_back(raw: str) -> None:
    traced = text.trace(raw)
    assert traced.text == text.normalise(raw)[0]
    assert len(traced.starts) == len(traced.ends) == len(traced.text)
    assert all(
        0 <= start < end <= len(raw) for start, end in zip(traced.starts, traced.ends, strict=True)
    )
    for place in range(len(traced.text)):
        start, end = traced.moved(traced.starts[place], traced.ends[place])
        assert start <= place < end


@given(RAW.filter(lambda raw: bool(text.normalise(raw)[0].strip())), st.data())
def test_a_mark_of_any_copy_stands_on_the_words_that_it_was_made_of(
    raw: str, data: st.DataObject
) -> None:
    article = text.trace(raw)
    place = data.draw(
        st.sampled_from([n for n, letter in enumerate(article.text) if not letter.isspace()])
    )
    start, end = article.starts[place], article.ends[place]
    (found,), issues = compare([Quote("m", ((start, end),), raw[start:end])], article.text, raw)
    assert found is not None
    assert found[0][0] <= place < found[0][1]
    assert not [issue for issue in issues if issue.severity == "error"]


def test_the_way_to_count_that_explains_most_marks_holds_for_those_without_words() -> None:
    letters = "🚀 Tarn 🚀 fell on 🚀 Monday"
    quotes = [
        Quote("a", ((3, 7),), "Tarn"),
        Quote("b", ((11, 15),), "fell"),
        Quote("c", ((22, 28),)),
    ]
    places, (issue,) = compare(quotes, letters)
    assert [letters[slice(*place[0])] for place in places if place] == ["Tarn", "fell", "Monday"]
    assert (issue.where, issue.severity) == ("a, b, c", "warning")
    assert issue.message.startswith(
        "the offsets count UTF-16 units, not code points; moved, as 3–7 to 2–6, 'Tarn'"
    )


def test_one_mark_that_is_off_is_moved_by_itself_and_a_short_word_is_not_guessed() -> None:
    letters = "🚀 Tarn fell, and a boat sank in the sea of Tarn"
    fell, boat = letters.index("fell"), letters.index("boat")
    quotes = [
        Quote("a", ((fell, fell + 4),), "fell"),
        Quote("b", ((boat + 1, boat + 5),), "boat"),
        Quote("c", ((30, 31),), "z"),
    ]
    places, issues = compare(quotes, letters)
    assert places[:2] == [((fell, fell + 4),), ((boat, boat + 4),)]
    assert places[2] is None
    assert [(issue.where, issue.severity) for issue in issues] == [("c", "error"), ("b", "warning")]
