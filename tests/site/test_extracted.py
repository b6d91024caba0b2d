"""The page that `acre extract` writes: every claim with its sentence, beside the text that it is from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from lxml import html

from annotate.model.records import Annotation, Article

Page = Callable[..., Path]
Read = list[tuple[Article, Annotation]]


def _parsed(path: Path) -> html.HtmlElement:
    return html.fromstring(path.read_text(encoding="utf-8"))


def _claims(page: html.HtmlElement) -> list[html.HtmlElement]:
    return list(page.xpath("//li[contains(@class, 'claim ')]"))


def test_a_claim_has_its_whole_sentence_and_leads_to_its_mark_which_leads_back(
    extracted_page: Page,
) -> None:
    page = _parsed(extracted_page(slice(0, 1)))
    told = [
        (claim.xpath(".//b/bdi")[0].text, claim.find_class("words")[0].text_content())
        for claim in _claims(page)
    ]
    assert told == [
        ("They", "“They told us that the army had shelled Tak and the mill,” said a cook."),
        ("a cook", "“We left on Monday,” she added."),
        ("The army", "The rebels will leave Tak, The army promised."),
    ]
    for number, claim in enumerate(_claims(page), 1):
        mark = page.get_element_by_id(claim.find_class("words")[0].get("href").removeprefix("#"))
        assert "event" in mark.get("class")
        assert mark.text_content() == claim.xpath(".//a[@class='words']/b")[0].text
        (back,) = mark.find_class("reference")
        assert (back.get("href"), back.get("data-number")) == (f"#{claim.get('id')}", str(number))


def test_words_are_those_of_the_text(extracted_page: Page, read: Read) -> None:
    page = _parsed(extracted_page())
    for (article, _annotation), shown in zip(read, page.iter("article"), strict=True):
        zones = shown.xpath(".//p[contains(@class, 'zone ')]")
        assert len(zones) == len(article.zones)
        for zone, drawn in zip(article.zones, zones, strict=True):
            for kind in drawn.find_class("kind"):
                kind.drop_tree()
            assert drawn.text_content() == zone.slice(article.text or "")


def test_a_source_that_goes_by_another_name_is_shown_with_its_words(extracted_page: Page) -> None:
    page = _parsed(extracted_page(slice(0, 1)))
    tellers = [" ".join(teller.text_content().split()) for teller in page.find_class("teller")]
    assert tellers == ["1 They", "2 a cook (here “she”) person", "3 The army state force"]


def test_fields_are_told_in_words(extracted_page: Page) -> None:
    page = _parsed(extracted_page())
    (first, *_rest) = page.find_class("claim")
    roles = {term.text: term.getnext().text_content().strip() for term in first.iter("dt")}
    assert roles == {
        "who fired": "the army",
        "what or whom it was aimed at or hit": "Tak, the mill",
    }
    for script in list(page.xpath("//script | //style")):
        script.drop_tree()
    assert re.findall(r"\b\w+_\w+\b", page.text_content()) == []


def test_claims_are_filtered_by_source_event_stance_and_place(extracted_page: Page) -> None:
    page = _parsed(extracted_page())
    offered = {
        select.get("name"): {option.get("value"): option.text for option in select.iter("option")}
        for select in page.iter("select")
    }
    assert list(offered) == ["source", "event", "stance", "place"]
    # Written in two ways, and one.
    assert [words for words in offered["source"].values() if "ebels" in words] == ["Rebels"]
    assert list(offered["place"].values()) == ["all", "Tak", "&lt;Tak&gt; </script>", "the mill"]
    assert offered["stance"]["promises or threatens it"] == "promises or threatens it"
    for claim in _claims(page):
        for name, choices in offered.items():
            assert set(filter(None, claim.get(f"data-{name}").split("\n"))) <= set(choices)


def test_what_leaves_nothing_to_choose_is_no_filter(extracted_page: Page) -> None:
    page = _parsed(extracted_page(slice(3, 4)))
    assert len(_claims(page)) == 1
    assert not list(page.iter("form"))


def test_several_articles_have_contents_and_one_has_none(extracted_page: Page, read: Read) -> None:
    page = _parsed(extracted_page())
    contents = page.xpath("//nav[@class='contents']//a")
    assert [link.text for link in contents] == [article.title for article, _annotation in read]
    assert [link.get("href") for link in contents] == ["#a1", "#a2", "#a3", "#a4"]
    assert page.find("head/title").text == "Who says what in 4 articles"
    alone = _parsed(extracted_page(slice(0, 1)))
    assert not alone.xpath("//nav")
    assert [head.text for head in alone.iter("h1")] == ["Camp empties"]


def test_an_article_that_is_given_twice_stands_there_twice(
    extracted_page: Page, read: Read
) -> None:
    read.append(read[0])
    page = _parsed(extracted_page())
    ids = Counter(page.xpath("//@id"))
    assert [name for name, times in ids.items() if times > 1] == []
    assert {link.removeprefix("#") for link in page.xpath("//a/@href") if link[0] == "#"} <= set(
        ids
    )


def test_only_an_address_of_the_web_is_a_link(extracted_page: Page) -> None:
    page = _parsed(extracted_page())
    links = [link for link in page.xpath("//@href | //@src") if not link.startswith("#")]
    assert links == ["https://camp.invalid/1"]


def test_no_article_is_a_page_as_well(extracted_page: Page) -> None:
    page = _parsed(extracted_page(slice(0, 0)))
    assert page.find("head/title").text == "Who says what in 0 articles"
