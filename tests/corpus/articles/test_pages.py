"""Web pages of many kinds, as they come: what is the article's comes in, each thing by itself, and nothing else."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.corpus.articles import reading
from annotate.corpus.articles.reading import About, Reading
from tests import strategies

TITLE = "Barge sinks below the lock at Ostrel"
PARAGRAPHS = (
    (
        "A barge laden with grain sank below the lock at Ostrel on Sunday, and two of its crew are"
        " missing, the river police said."
    ),
    (
        "The lock keeper said that a mine had gone off under the bow, and that he had heard two"
        " more before midnight."
    ),
    (
        "The army said that it had laid no mines in the river since the truce, and offered its"
        " divers for the search."
    ),
    (
        "The grain belonged to the Union’s relief office, which feeds some nine thousand people on"
        " the far bank."
    ),
)
FIRST, SECOND, THIRD, FOURTH = PARAGRAPHS


def page(*body: str, head: str = "", title: str = TITLE) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta'
        f' charset="utf-8"><title>{title}</title>{head}</head>'
        f"<body><article><h1>{title}</h1>{''.join(body)}</article></body></html>"
    )


def p(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def read(tmp_path: Path, raw: str | bytes, suffix: str = ".html") -> Reading:
    path = tmp_path / f"page{suffix}"
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    (found,) = reading.read(path, About("sample"))
    return found


def zones(found: Reading) -> list[tuple[str, str]]:
    assert found.article is not None, found.error
    return [(zone.kind, zone.slice(found.article.text or "")) for zone in found.article.zones]


def texts(found: Reading, kind: str) -> list[str]:
    return [words for own, words in zones(found) if own == kind]


def whole(found: Reading) -> str:
    assert found.article is not None, found.error
    return found.article.text or ""


# What is the article's comes in.


def _gallery(number: int) -> str:
    figure = (
        '<figure><img src="{0}.jpg"><figcaption><header><h3>In pictures</h3><h4>{0} May'
        " 2031</h4></header><p>Tugs wait in a long line at the mouth of the river on day {0}, with"
        " the crews asleep on deck under blankets from the relief"
        " office</p><p>Courier</p></figcaption></figure>"
    )
    return "".join(figure.format(day) for day in range(1, number + 1))


@pytest.mark.parametrize(
    "gallery",
    [
        '<aside><amp-lightbox id="g"><amp-carousel>{}</amp-carousel></amp-lightbox></aside>',
        '<div class="gallery">{}</div>',
        "<section><ul>{}</ul></section>",
    ],
)
@pytest.mark.parametrize("wrapper", ["<p>{}</p>", '<div class="sc-a"><p>{}</p></div>'])
def test_a_gallery_does_not_replace_the_article(tmp_path: Path, gallery: str, wrapper: str) -> None:
    body = "".join(wrapper.format(text) for text in PARAGRAPHS)
    found = read(tmp_path, page(body, gallery.format(_gallery(30))))
    assert texts(found, "paragraph") == list(PARAGRAPHS)


def test_a_figure_stands_at_its_place_with_its_parts_apart(tmp_path: Path) -> None:
    figure = (
        '<figure><img src="a.jpg" alt="A grey barge, half under water"><figcaption><span>Divers at'
        " the lock on Monday.</span><span>Photo: Courier</span></figcaption></figure>"
    )
    found = read(tmp_path, page(p(FIRST), figure, p(SECOND, THIRD)))
    assert zones(found)[1:] == [
        ("paragraph", FIRST),
        ("caption", "A grey barge, half under water"),
        ("caption", "Divers at the lock on Monday. Photo: Courier"),
        ("paragraph", SECOND),
        ("paragraph", THIRD),
    ]


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        (
            "Children at the lock, the mayor said.<span>Three were saved</span>",
            "Children at the lock, the mayor said. Three were saved",
        ),
        ("The lock at Ostrel<span class='credit'>AP</span>", "The lock at Ostrel AP"),
        ("<span>The lock at Ostrel</span><span>[Courier]</span>", "The lock at Ostrel [Courier]"),
        ("The lock at Ostrel<small>© Courier</small>", "The lock at Ostrel © Courier"),
        ("The <span>O</span>strel lock<cite>, in spring</cite>", "The Ostrel lock, in spring"),
    ],
)
@pytest.mark.parametrize(
    "wrapper",
    [
        "<figure><img><figcaption>{}</figcaption></figure>",
        "<div><img><p class='caption'>{}</p></div>",
    ],
)
def test_parts_of_a_caption_stay_apart(
    tmp_path: Path, wrapper: str, caption: str, expected: str
) -> None:
    found = read(tmp_path, page(p(FIRST), wrapper.format(caption), p(SECOND, THIRD)))
    assert texts(found, "caption") == [expected]


def test_a_picture_above_the_first_paragraph_keeps_its_caption(tmp_path: Path) -> None:
    hero = '<figure><img src="a.jpg"><figcaption>The lock at Ostrel in spring</figcaption></figure>'
    found = read(tmp_path, page(hero, p(*PARAGRAPHS)))
    assert zones(found)[1] == ("caption", "The lock at Ostrel in spring")


def test_an_alternative_text_that_the_caption_repeats_is_there_once(tmp_path: Path) -> None:
    figure = (
        '<figure><img src="a.jpg" alt="The lock at Ostrel"><figcaption>The lock at'
        " Ostrel</figcaption></figure>"
    )
    assert (
        whole(read(tmp_path, page(p(FIRST), figure, p(SECOND, THIRD)))).count("The lock at Ostrel")
        == 1
    )


@pytest.mark.parametrize(
    "inner",
    [
        "<blockquote>{}</blockquote>",
        "<p>{}</p>",
        "<div>{}</div>",
        "<pre>{}</pre>",
        "<table><tr><td>{}</td></tr></table>",
    ],
)
def test_text_in_a_figure_that_is_no_caption_is_kept(tmp_path: Path, inner: str) -> None:
    quotation = "We counted nine barges that night and only seven in the morning."
    found = read(
        tmp_path, page(p(FIRST), f"<figure>{inner.format(quotation)}</figure>", p(SECOND, THIRD))
    )
    assert [kind for kind, words in zones(found) if words == quotation] == ["paragraph"]


@pytest.mark.parametrize("mark", ["dateline", "location", "news-place", "font", "x"])
def test_no_lede_is_lost_to_an_unusual_element(tmp_path: Path, mark: str) -> None:
    lede = f'<p> <span class="dateline">OSTREL </span> <{mark}> — </{mark}>{FIRST} </p>'
    assert f"OSTREL — {FIRST}" in whole(read(tmp_path, page(lede, p(SECOND, THIRD, FOURTH))))


@pytest.mark.parametrize(
    "element",
    [
        '<div class="zn-body__paragraph">{}</div>', "<div>{}</div>", "<section>{}</section>", "<center>{}</center>",
        '<div class="x"><div>{}</div></div>', "<blockquote>{}</blockquote>", "<news-text>{}</news-text>",
        "<div><span>{}</span></div>", '<p class="speakable">{}</p>', "<details open><summary>{}</summary></details>",
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", [0, 1, 2])
def test_no_paragraph_among_others_is_lost(tmp_path: Path, element: str, place: int) -> None:
    linked = SECOND.replace("the bow", '<a href="/bow">the bow</a>')
    body = [f"<p>{FIRST}</p>", f"<p>{THIRD}</p>", f"<p>{FOURTH}</p>"]
    body.insert(place, element.format(linked))
    kept = whole(read(tmp_path, page(*body)))
    assert all(kept.count(text) == 1 for text in PARAGRAPHS), kept


def test_words_in_unusual_elements_stay_in_their_paragraph_which_is_there_once(
    tmp_path: Path,
) -> None:
    markup = (
        "<p>The mayor <noindex>said on Monday</noindex> that <data value='9'>nine</data> boats and"
        " <output>two</output> men were lost.</p>"
    )
    found = read(tmp_path, page(p(FIRST), markup, p(SECOND, THIRD)))
    expected = [
        FIRST,
        "The mayor said on Monday that nine boats and two men were lost.",
        SECOND,
        THIRD,
    ]
    assert [words for kind, words in zones(found) if kind != "headline"] == expected


def test_what_is_left_out_of_the_column_is_counted(tmp_path: Path) -> None:
    links = (
        '<ul><li><a href="/a">Ferry turns back</a></li><li><a href="/b">Mill burns</a></li></ul>'
    )
    found = read(
        tmp_path,
        page(
            p(FIRST, SECOND),
            f'<nav>{links}</nav><div class="newsletter-box"><p>Get it daily.</p></div>',
            p(THIRD, FOURTH),
        ),
    )
    assert "left out of the page's main column: navigation 2, newsletter prompt 1" in found.notes
    assert "Ferry turns back" not in whole(found)


# Each thing by itself.

_CREW = ["Missing: two", "a cook", "a pilot", "Saved: five"]


@pytest.mark.parametrize(
    ("markup", "apart"),
    [
        (f"<p>{FIRST}<br>{SECOND}</p>", [FIRST, SECOND]),
        (f"<p>{FIRST}<br/><br/>{SECOND}</p>", [FIRST, SECOND]),
        (f"<div>{FIRST}<br>\n{SECOND}</div>", [FIRST, SECOND]),
        ("<ul><li>Missing: two<ul><li>a cook</li><li>a pilot</li></ul></li><li>Saved: five</li></ul>", _CREW),
        ("<ol><li>Missing: two</li><li>Saved: five</li></ol>", ["Missing: two", "Saved: five"]),
        ("<blockquote><p>Nobody warned us.</p><p>They slept.</p></blockquote>", ["Nobody warned us.", "They slept."]),
        ("<blockquote>Nobody warned us.<footer>They slept.</footer></blockquote>", ["Nobody warned us."]),
        ("<p><span>Nobody warned us.</span><span>They slept.</span></p>", ["Nobody warned us.", "They slept."]),
        ("<dl><dt>Missing</dt><dd>two men</dd></dl>", ["Missing", "two men"]),
        ("<table><tr><td>Missing</td><td>two men</td></tr></table>", ["Missing", "two men"]),
        ("<pre>Nobody warned us.\nThey slept.</pre>", ["Nobody warned us.", "They slept."]),
    ],
)  # fmt: skip
def test_blocks_stay_apart(tmp_path: Path, markup: str, apart: list[str]) -> None:
    kept = whole(read(tmp_path, page(p(THIRD), markup, p(FOURTH, THIRD.replace("army", "navy")))))
    for part in apart:
        assert re.search(rf"(?<!\S){re.escape(part)}(?!\S)", kept), kept


def test_words_that_markup_cuts_stay_whole(tmp_path: Path) -> None:
    markup = (
        "<p>The <b>lock</b>keeper <a href='/x'>Mc</a>Arran of the R<i>.</i>O<i>.</i>R<i>.</i> said"
        " so, twice, to the river police.</p>"
    )
    assert "The lockkeeper McArran of the R.O.R. said so" in whole(
        read(tmp_path, page(p(FIRST), markup, p(SECOND, THIRD)))
    )


@pytest.mark.parametrize(
    "markup",
    [
        "<style>.lead { color: red }</style>",
        "<script>var lead = 'Nobody warned us.';</script>",
        "<template>lead text</template>",
        "<noscript>lead: enable it</noscript>",
        "<svg><title>lead</title></svg>",
        "<!-- lead -->",
        "<textarea>lead</textarea>",
    ],
)
def test_no_style_or_script_comes_in(tmp_path: Path, markup: str) -> None:
    inside = f"<p>{SECOND}{markup}</p>"
    found = read(
        tmp_path,
        page(
            p(FIRST),
            f"<figure>{markup}<figcaption>The lock</figcaption></figure>",
            markup,
            inside,
            p(THIRD),
        ),
    )
    assert "lead" not in whole(found)
    assert SECOND in whole(found)


# Nothing else.


@pytest.mark.parametrize(
    "unseen",
    [
        "<p hidden>A draft that nobody was to read.</p>",
        "<div hidden><p>A draft that nobody was to read.</p></div>",
        "<p style='display: none'>A draft that nobody was to read.</p>",
        "<template><p>A draft that nobody was to read.</p></template>",
        "<p>It <span hidden>a draft that nobody was to read</span>ended.</p>",
        "<p>It <b style='color:red;display:none'>a draft that nobody was to read</b>ended.</p>",
    ],
)
def test_what_no_reader_sees_stays_out(tmp_path: Path, unseen: str) -> None:
    found = read(tmp_path, page(p(FIRST, SECOND), unseen, p(THIRD, FOURTH)))
    assert "draft" not in whole(found)
    rest = ["It ended."] if "It" in unseen else []
    assert texts(found, "paragraph") == [FIRST, SECOND, *rest, THIRD, FOURTH]


@pytest.mark.parametrize(
    "shown",
    [
        "<p class='meta'>Last updated: <time datetime='2021-05-04'>4 May 2021</time></p>",
        "<p><b>Updated</b> <time>4 May 2021</time></p>",
        "<p>Corrected on <span class='date'>4 May 2021</span></p>",
    ],
)
def test_the_day_of_a_change_is_not_that_of_publication(tmp_path: Path, shown: str) -> None:
    found = read(tmp_path, page(shown, p(*PARAGRAPHS)))
    assert found.article is not None
    assert found.article.published is None


def test_what_waits_for_a_click_is_counted(tmp_path: Path) -> None:
    more = f"<div class='more' style='display:none'>{p(FOURTH)}</div>"
    found = read(tmp_path, page(p(FIRST, SECOND, THIRD), more))
    assert FOURTH in whole(found) or "hidden 1" in found.notes[0]


def test_an_article_that_waits_for_a_script_to_show_it_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, page(f"<div style='display:none'>{p(*PARAGRAPHS)}</div>"))
    assert texts(found, "paragraph") == list(PARAGRAPHS)


@pytest.mark.parametrize(
    "body",
    [
        "<h1>News</h1><ul>"
        + "".join(f"<li><a href='/{n}'>Ferry number {n}</a></li>" for n in range(40))
        + "</ul>",
        "<form><label>Name</label><input><label>Password</label><input><button>Go</button></form>",
        "<h1>Barge sinks</h1><p>© 2021 The Courier. All rights reserved.</p>",
    ],
)
def test_a_page_without_an_article_is_refused(tmp_path: Path, body: str) -> None:
    found = read(tmp_path, f"<html><head><title>News</title></head><body>{body}</body></html>")
    assert found.article is None
    assert "no article was found in the page" in (found.error or "")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("<p>Share this article on Facebook</p>", None),
        ("<p>Share on Twitter</p>", None),
        ("<p>Follow us on <a href='/f'>Facebook</a> and <a href='/t'>Twitter</a></p>", None),
        ("<p><a href='/n'>Sign up for our newsletter</a> and never miss a story.</p>", None),
        ("<p>Subscribe to our daily newsletter.</p>", None),
        ("<p>Jede Woche unsere Geschichten: <a href='/n'>Newsletter</a> bestellen!</p>", None),
        ("<p>Get the Courier in your inbox: <a href='/n'>sign up here</a>.</p>", None),
        ("<p>Advertisement</p>", None),
        ("<p>12 comments</p>", None),
        ("<p>1.2K shares</p>", None),
        ("<p>1,204 shares</p>", None),
        ("<h2>Subscribe to continue reading</h2><p>Already a subscriber? <a>Log in</a></p>", None),
        ("<p>Register for free to read on and get <a href='/f'>full access</a>.</p>", None),
        ("<p>This article is for <a href='/s'>subscribers</a> only.</p>", None),
        ("<p>Leave a comment</p>", None),
        ("<p>Read more: <a href='/m'>The night the ferry burnt</a></p>", "related"),
        ("<p><a href='/m'>Read more: The night the ferry burnt</a></p>", "related"),
        ("<p>Also read: <a href='/m'>The night the ferry burnt</a></p>", "related"),
        ("<p>[Read also: <a href='/m'>The night the ferry burnt</a>]</p>", "related"),
        ("<p>(Watch: <a href='/m'>The night the ferry burnt</a>)</p>", "related"),
        ("<p>[<a href='/m'>Click here for more on the river war</a>]</p>", "related"),
    ],
)
def test_boilerplate_among_the_paragraphs_goes(tmp_path: Path, line: str, kind: str | None) -> None:
    found = read(tmp_path, page(p(FIRST, SECOND), line, p(THIRD, FOURTH)))
    assert texts(found, "paragraph") == list(PARAGRAPHS)
    rest = [own for own, words in zones(found) if own != "headline" and words not in PARAGRAPHS]
    assert rest in ([], [kind])


@pytest.mark.parametrize(
    "line",
    [
        "<p>© 2031 The Courier. All rights reserved.</p>",
        "<p>Copyright The Courier 2031</p>",
        (
            "<p>Ilva Torm is a reporter for the Courier, based in Ostrel. She covers the river"
            " war.</p>"
        ),
        (
            "<p><em>Dario Venn is the Courier’s correspondent in Tarn Ostra and a writer on"
            " shipping. Follow him at @darvenn.</em></p>"
        ),
        "<p>This material may not be published, broadcast or rewritten without permission.</p>",
    ],
)
def test_who_wrote_it_and_whose_it_is_are_credits(tmp_path: Path, line: str) -> None:
    found = read(tmp_path, page(p(*PARAGRAPHS), line))
    assert texts(found, "paragraph") == list(PARAGRAPHS)
    assert {kind for kind, _words in zones(found)} <= {"headline", "paragraph", "credit"}


def test_read_more_takes_its_headlines_with_it(tmp_path: Path) -> None:
    more = (
        "<h3>Read more</h3><ul><li><a href='/a'>Ferry turns back in heavy seas</a></li><li><a"
        " href='/b'>Mill burns in Tarn Ostra</a></li></ul>"
    )
    found = read(tmp_path, page(p(FIRST, SECOND), more, p(THIRD, FOURTH)))
    assert texts(found, "paragraph") == list(PARAGRAPHS)
    assert {kind for kind, words in zones(found) if "Ferry" in words or "Mill" in words} <= {
        "related"
    }


@pytest.mark.parametrize("brackets", ["[{}]", "({})"])
def test_a_promo_link_in_brackets_is_taken_out_of_its_paragraph(
    tmp_path: Path, brackets: str
) -> None:
    promo = brackets.format('<a href="/f">Read: The night the ferry burnt</a>')
    found = read(tmp_path, page(p(FIRST, f"{SECOND} {promo}", THIRD, FOURTH)))
    assert texts(found, "paragraph") == list(PARAGRAPHS)
    assert texts(found, "related") == [brackets.format("Read: The night the ferry burnt")]
    plain = f"{SECOND} (see the map of the mines on the next page)"
    assert plain in texts(read(tmp_path, page(p(FIRST, plain, THIRD, FOURTH))), "paragraph")


def test_links_beside_the_article_in_a_table_are_none_of_its_paragraphs(tmp_path: Path) -> None:
    cells = (
        "<td><a href='/'>Home</a><br><a"
        f" href='/w'>World</a></td><td><h1>{TITLE}</h1>{p(*PARAGRAPHS)}</td><td><a href='/f'>Ferry"
        " burns</a></td>"
    )
    raw = f"<html><head><title>{TITLE}</title></head><body><table><tr>{cells}</tr></table></body></html>"
    found = read(tmp_path, raw)
    assert texts(found, "paragraph") == list(PARAGRAPHS)
    assert "Home" not in whole(found)


@pytest.mark.parametrize(
    "line",
    [
        "<p>Follow the Courier on <a href='/f'>Facebook</a></p>",
        "<p>Support independent journalism: <a href='/d'>donate today</a>.</p>",
        "<p><a href='/a'>Download our app</a> for the latest from the river.</p>",
        (
            "<h3>Sign up for the Morning Brief</h3><p>By signing up you agree to our <a"
            " href='/t'>terms of use</a>.</p>"
        ),
    ],
)
def test_what_a_page_asks_of_its_readers_stays_out(tmp_path: Path, line: str) -> None:
    found = read(tmp_path, page(p(FIRST, SECOND), line, p(THIRD, FOURTH)))
    assert [words for kind, words in zones(found) if kind != "headline"] == list(PARAGRAPHS)


def test_readers_comments_stay_out(tmp_path: Path) -> None:
    comments = "".join(
        f'<li class="comment" id="comment-{n}"><p>I was there number {n} and saw nothing of the'
        " kind, whatever they say.</p></li>"
        for n in range(5)
    )
    found = read(
        tmp_path,
        page(p(*PARAGRAPHS), f'<div id="comments"><h3>5 comments</h3><ol>{comments}</ol></div>'),
    )
    assert "whatever they say" not in whole(found)


@pytest.mark.parametrize(
    "sentence",
    [
        (
            "He asked the crew to share this story with the families, and to print nothing before"
            " Monday."
        ),
        (
            "The relief office will sign up drivers for the far bank and register the boats that"
            " are left."
        ),
        (
            "Follow the river for a day and you meet no one, the pilot said; that is all that there"
            " is to say."
        ),
        "The Delta Front said in its newsletter that it would sign up men from Tarn.",
        "Boats must register with the <a href='/p'>river police</a> by Friday or stay in port.",
        "“You must all register with us,” the <a href='/o'>officer</a> told the crews.",
        "This story is for members of the crew, the pilot said, and for no one else.",
        "“Share this on Facebook,” the officer told the crowd.",
        "Not a member of the Front, he was let go here after two days.",
        "Subscribe to the truce, the envoy urged both armies, or lose the winter.",
        "They register here because nobody asks who they are, the harbour master said.",
        (
            "Copyright was the least of their worries, the editor of the river’s one paper said on"
            " the quay."
        ),
        (
            "Related losses were put at nine thousand crowns by the owner of the barge, who wept as"
            " he spoke."
        ),
        "“More on that tomorrow,” said the spokeswoman of the river police, and put on her cap.",
        (
            "Advertisements for the ferry still hang in the square, next to the names of those who"
            " are missing."
        ),
    ],
)
def test_a_sentence_that_has_a_word_of_them_is_none(tmp_path: Path, sentence: str) -> None:
    found = read(tmp_path, page(p(FIRST, SECOND, sentence, THIRD, FOURTH)))
    plain = re.sub("<[^>]+>", "", sentence)
    assert texts(found, "paragraph") == [FIRST, SECOND, plain, THIRD, FOURTH]


# The date.

MARKED = [
    '<meta property="article:published_time" content="2031-05-04T08:00:00Z">',
    '<meta name="pubdate" content="Sun, 04 May 2031 08:00:00 GMT">',
    '<meta itemprop="datePublished" content="2031-05-04">',
    (
        '<script type="application/ld+json">{"@graph": [{"@type": "WebSite"}, {"@type":'
        ' "NewsArticle", "datePublished": "2031-05-04"}]}</script>'
    ),
]


# Another date is there too, of something else.
MARKED += [
    '<meta name="date" content="2030-01-09"><meta name="article:published" content="2031-05-04">',
    (
        '<script type="application/ld+json">[{"@type": "WebPage", "datePublished": "2030-01-09"},'
        ' {"@type": "NewsArticle", "datePublished": "2031-05-04T23:50:00+02:00"}]</script>'
    ),
    (
        '<script type="application/ld+json">[{"@type": "NewsArticle", "headline": "Mill burns",'
        f' "datePublished": "2030-01-09"}}, {{"@type": "NewsArticle", "headline": "{TITLE}",'
        ' "datePublished": "2031-05-04"}]</script>'
    ),
]


def _past(markup: str) -> str:
    # htmldate takes no date that is still to come.
    return markup.replace("2031", "2021").replace("Sun, 04 May", "Tue, 04 May")


MARKED.append('<link rel="canonical" href="https://news.example/2031/05/04/barge-sinks">')


@pytest.mark.parametrize("head", MARKED)
def test_a_date_of_the_metadata_is_read(tmp_path: Path, head: str) -> None:
    found = read(tmp_path, page(p(*PARAGRAPHS), head=_past(head)))
    assert found.article is not None
    assert found.article.published == dt.date(2021, 5, 4)


@pytest.mark.parametrize(
    "shown",
    [
        '<time datetime="2021-05-04T10:00">4 May</time>',
        "<p class='byline-date'>4 May 2021</p>",
        '<span itemprop="datePublished" content="2021-05-04">Tuesday</span>',
        '<div class="published">May 4, 2021</div>',
        "<p>After the weekend <time>4 May 2021</time></p>",
        "<p>Posted <time>4 May 2021</time>. Updated: <time>6 May 2021</time></p>",
        '<div class="intro box"><meta itemprop="datePublished" content="2021-05-04"></div>',
    ],
)
def test_a_date_that_the_page_shows_under_its_headline_is_read(tmp_path: Path, shown: str) -> None:
    found = read(tmp_path, page(shown, p(*PARAGRAPHS)))
    assert found.article is not None
    assert found.article.published == dt.date(2021, 5, 4)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("", "<p>It was <a href='http://www.example.org/2021/05/04/lock'>shut last year</a>.</p>"),
        ("", "<p>The lock was built on 4 May 2021.</p>"),
        ("", "<p>The lock was built on <time datetime='2021-05-04'>4 May</time>.</p>"),
        (
            "",
            (
                "<aside><a href='/x'>Mill burns <time datetime='2021-05-04'>4 May"
                " 2021</time></a></aside>"
            ),
        ),
        (
            "",
            (
                "<div class='related'><div class='date'>4 May 2021</div><a href='/x'>Mill"
                " burns</a></div>"
            ),
        ),
        (
            "",
            "<div id='comments'><p>Me too. <time datetime='2021-05-04'>4 May 2021</time></p></div>",
        ),
        (
            "",
            (
                "<figure><img src='/2021/05/04/a.jpg'><figcaption>The lock on 4 May"
                " 2021</figcaption></figure>"
            ),
        ),
        ("", "<footer>© 4 May 2021</footer>"),
        ("", "<div class='comment'><meta itemprop='datePublished' content='2021-05-04'>Yes.</div>"),
        ('<meta property="og:image" content="https://img.example/2021/05/04/a.jpg">', ""),
        ('<meta property="article:modified_time" content="2021-05-04">', ""),
        ('<meta itemprop="copyrightYear" content="2021">', ""),
        ('<meta name="date" content="2021">', ""),
        ('<meta name="date" content="05/04/2021">', ""),
        ('<script>var built = "2021-05-04 10:00:00";</script>', ""),
        (
            (
                '<script type="application/ld+json">{"@type": "VideoObject", "datePublished":'
                ' "2021-05-04"}</script>'
            ),
            "",
        ),
        ("<!-- generated 2021-05-04 -->", ""),
        (
            (
                '<script type="application/ld+json">[{"@type": "NewsArticle", "headline": "Mill burns",'
                ' "datePublished": "2021-05-04"}, {"@type": "NewsArticle", "headline": "Hay burns",'
                ' "datePublished": "2021-05-05"}]</script>'
            ),
            "",
        ),
        (
            "",
            (
                "<div class='related'><meta itemprop='datePublished' content='2021-05-04'><a"
                " href='/x'>Mill burns</a></div>"
            ),
        ),
        ('<meta property="article:published_time" content="9999-12-31">', ""),
        ('<meta property="article:published_time" content="0001-01-01T00:00:00">', ""),
    ],
)
def test_a_date_of_anything_else_is_not_the_articles(tmp_path: Path, head: str, body: str) -> None:
    found = read(tmp_path, page(p(FIRST, SECOND), body, p(THIRD, FOURTH), head=head))
    assert found.article is not None
    assert found.article.published is None


# Letters.


@pytest.mark.parametrize(
    ("declaration", "encoding"),
    [
        ('<meta charset="windows-1252">', "cp1252"),
        ("<meta charset=iso-8859-1>", "cp1252"),  # as browsers read it
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=ISO-8859-15">',
            "iso-8859-15",
        ),
        ("<meta charset='utf-16'>", "utf-16"),
        ('<meta charset="utf-8">', "utf-8-sig"),
        ("", "utf-8"),
        ('<meta charset="windows-1252">', "utf-8"),  # and is UTF-8 all the same
    ],
)
def test_the_declared_charset_is_read(tmp_path: Path, declaration: str, encoding: str) -> None:
    body = page(
        p(FIRST, SECOND, "Café owners on the quay closed their doors, the mayor said.", THIRD)
    ).replace("’", "'")
    found = read(tmp_path, body.replace('<meta charset="utf-8">', declaration).encode(encoding))
    assert "Café owners on the quay" in whole(found)


def test_a_charset_that_nobody_knows_or_declares_is_refused(tmp_path: Path) -> None:
    body = page(p("Café owners."), p(*PARAGRAPHS)).replace("’", "'")
    undeclared = read(tmp_path, body.replace('<meta charset="utf-8">', "").encode("latin-1"))
    assert "not UTF-8: byte" in str(undeclared.error)
    unknown = read(tmp_path, body.replace("utf-8", "martian-7").encode("latin-1"))
    assert "charset 'martian-7' is unknown; convert the page to UTF-8 first" in str(unknown.error)


def test_a_stray_byte_is_replaced_and_counted(tmp_path: Path) -> None:
    found = read(tmp_path, page(p(*PARAGRAPHS)).encode().replace("’".encode(), b"\x92"))
    assert (found.changes or {})["byte that is none in utf-8 replaced"] == 1
    assert any("1 letters were lost before the text came here" in note for note in found.notes)


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("The pilotâ€™s cafÃ©", "The pilot’s café"),
        ("â€œNo,â€\x9d he said", "“No,” he said"),
        ("The pilot\x92s barge", "The pilot’s barge"),
        ("Â£5 a sack", "£5 a sack"),
        ("The pilot&#146;s barge", "The pilot’s barge"),
    ],
)
def test_mojibake_is_mended_before_it_is_normalised(
    tmp_path: Path, broken: str, mended: str
) -> None:
    line = " was all that they found of it, the river police said on Monday."
    found = read(tmp_path, page(p(FIRST, SECOND, broken + line, THIRD)))
    assert mended + line in whole(found)
    if "&#" not in broken:
        assert (found.changes or {}).get("word with mojibake mended", 0) >= 1


def test_a_control_character_is_removed_wherever_it_stands(tmp_path: Path) -> None:
    figure = (
        '<figure><img src="a.jpg" alt="A diver&#7; at the lock"><figcaption>By&#x1f;'
        " night</figcaption></figure>"
    )
    found = read(
        tmp_path,
        page(
            p(FIRST.replace("grain", "gr\x07ain")),
            figure,
            p(SECOND, THIRD),
            title="Barge&#0; sinks",
        ),
    )
    assert "A diver at the lock" in whole(found)
    assert FIRST in whole(found)
    assert (found.changes or {})["control character removed"] == 5  # the title's stands twice


# Live blogs.


@pytest.mark.parametrize("tag", ["article", "div", "li", "section"])
@pytest.mark.parametrize("is_declared", [True, False])
def test_a_live_blog_is_its_updates_in_order_each_with_its_hour(
    tmp_path: Path, tag: str, is_declared: bool
) -> None:
    hours = ("14:05", "13:40", "13:10", "12:55")
    posts = "".join(
        f"<{tag}><header><time"
        f' datetime="2021-05-04T{hour}:00Z">{hour}</time></header><p>{text}</p><a'
        f' href="/s">Share</a></{tag}>'
        for hour, text in zip(hours, PARAGRAPHS, strict=True)
    )
    declared = (
        '<script type="application/ld+json">{"@type": "LiveBlogPosting"}</script>'
        if is_declared
        else ""
    )
    found = read(tmp_path, page(f'<div class="feed">{posts}</div>', head=declared))
    assert [words for kind, words in zones(found) if kind != "headline"] == [
        part for pair in zip(hours, PARAGRAPHS, strict=True) for part in pair
    ]


def test_an_hour_that_is_told_from_now_is_told_by_the_clock(tmp_path: Path) -> None:
    posts = "".join(
        f'<div><time datetime="2021-05-04T1{n}:05:00Z">{n} minutes ago</time><p>{text}</p></div>'
        for n, text in enumerate(PARAGRAPHS)
    )
    found = read(tmp_path, page(f'<div class="live-feed">{posts}</div>'))
    assert [words for _kind, words in zones(found) if words[0] == "1"] == [
        "10:05",
        "11:05",
        "12:05",
        "13:05",
    ]


def test_teasers_with_their_dates_make_no_live_blog(tmp_path: Path) -> None:
    teasers = "".join(
        f'<li><a href="/{n}">Ferry number {n} turns back in heavy seas</a> <time'
        f' datetime="2021-05-04T1{n}:05:00Z">1{n}:05</time></li>'
        for n in range(6)
    )
    found = read(tmp_path, page(p(*PARAGRAPHS), f"<ul>{teasers}</ul>"))
    assert texts(found, "paragraph") == list(PARAGRAPHS)


# Whatever comes.


@settings(
    max_examples=150 * strategies.EFFORT,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_no_bytes_of_a_page_bring_it_down(tmp_path: Path, data: st.DataObject) -> None:
    posts = '<div><time datetime="2021-05-04T10:05">10:05</time><p>Short.</p></div>' * 2
    figure = '<figure><img alt="a&#7;"><figcaption>A lock</figcaption></figure>'
    raw = bytearray(
        page(
            p(FIRST),
            figure,
            f"<ul><li>x<br>y</li></ul>{posts}",
            p(SECOND, "Ã©"),
            head=_past(MARKED[3]),
        ).encode()
    )
    for _ in range(data.draw(st.integers(1, 12))):
        start = data.draw(st.integers(0, len(raw)))
        end = min(len(raw), start + data.draw(st.integers(0, 30)))
        raw[start:end] = data.draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from([b"<", b">", b"&#", b"</p>", b"<p", b"\xff\xfe", b"\x00"]),
            )
        )
    path = tmp_path / "mutated.html"
    path.write_bytes(bytes(raw))
    for found in reading.read(path, About("sample")):
        assert (found.article is None) != (found.error is None)
        assert "\n" not in (found.error or "")


@pytest.mark.parametrize("depth", [300, 5000])
def test_a_page_nested_deeply_is_read_or_refused(tmp_path: Path, depth: int) -> None:
    found = read(tmp_path, page("<div>" * depth, p(*PARAGRAPHS), "</div>" * depth))
    assert found.error is not None or FIRST in whole(found)
