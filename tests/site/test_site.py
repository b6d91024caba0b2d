"""The site of a small corpus: what is in it, what must not be, and that every link leads somewhere."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html

from annotate.corpus import store
from annotate.corpus.store import Corpus
from annotate.model import schema as schema_
from annotate.model.issues import UsageError
from annotate.model.schema import Schema
from annotate.site import manual, search, site
from tests.conftest import ROOT, Acre
from tests.site.conftest import Articles


def _pages(folder: Path) -> Iterator[tuple[Path, html.HtmlElement]]:
    for path in sorted(folder.rglob("*.html")):
        yield path, html.fromstring(path.read_text(encoding="utf-8"))


def _dead_links(folder: Path) -> list[str]:
    """Links and files that are not there, or have no such place in them."""
    pages = dict(_pages(folder))
    places = {path: set(page.xpath("//@id")) for path, page in pages.items()}
    dead = []
    for path, page in pages.items():
        for address in page.xpath("//@href | //@src | //form/@action"):
            name, _hash, anchor = urllib.parse.unquote(address).partition("#")
            target = (path.parent / name.partition("?")[0]).resolve() if name else path
            if not target.is_file() or (anchor and anchor not in places[target]):
                dead.append(f"{path.relative_to(folder)}: {address}")
    return dead


def test_every_link_leads_somewhere(built: Path) -> None:
    assert _dead_links(built) == []
    assert len(list(_pages(built))) > 50


def test_a_cell_leads_to_its_words_and_the_document_back_to_the_story(
    built: Path, articles: Articles
) -> None:
    story = html.fromstring((built / "stories" / "tak.html").read_text(encoding="utf-8"))
    links = [link.get("href") for link in story.xpath("//td//a[@class='words']")]
    assert links == [
        f"../documents/{articles.army.id}.html#e1",
        *[f"../documents/{articles.minister.id}.html#e1"] * 2,
    ]
    page = html.fromstring(
        (built / "documents" / f"{articles.army.id}.html").read_text(encoding="utf-8")
    )
    assert page.get_element_by_id("e1").text_content() == "bombed"
    assert "../stories/tak.html#event-strike" in page.xpath("//td/a/@href")


def test_hostile_words_and_metadata_stay_text(built: Path, articles: Articles) -> None:
    own = {"marks.js", "list.js", "search.js", "search-index.js"}
    for path, page in _pages(built):
        for script in page.iter("script"):
            source = script.get("src", "").rpartition("/")[2]
            assert source in own or script.get("type") == "application/json", path
        assert not page.xpath("//*[@onerror] | //img[@src='x'] | //b[text()='Out']"), path
        assert not [link for link in page.xpath("//@href") if link.startswith("javascript:")], path
    page = html.fromstring(
        (built / "documents" / f"{articles.hostile.id}.html").read_text(encoding="utf-8")
    )
    assert page.get_element_by_id("m1").text_content() == "<img src=x onerror=alert(1)>"
    assert page.get_element_by_id("m2").text_content() == "&lt;Tak&gt; </script>"
    assert page.xpath("//h1")[0].text_content() == articles.hostile.title
    marks = json.loads(page.get_element_by_id("marks").text)
    assert marks["m2"]["words"] == "&lt;Tak&gt; </script>"


SECRETS = ("Secretword headline", "Maskedstaff", "Hiddenforce", "overran", "Veiledtown")


def test_of_a_withheld_text_no_word_is_in_any_file(
    built: Path, corpus: Corpus, articles: Articles, schema: Schema, tmp_path: Path
) -> None:
    for path in filter(Path.is_file, built.rglob("*")):
        written = path.read_text(encoding="utf-8").lower()
        assert not [word for word in SECRETS if word.lower() in written], path
    page = html.fromstring(
        (built / "documents" / f"{articles.secret.id}.html").read_text(encoding="utf-8")
    )
    assert page.get_element_by_id("m1").text_content() == "·" * len("Hiddenforce")
    report = site.write(corpus, schema, tmp_path / "guidelines", tmp_path / "all", texts=True)
    assert (report.withheld, report.unshippable) == (0, 1)
    written = (tmp_path / "all" / "documents" / f"{articles.secret.id}.html").read_text(
        encoding="utf-8"
    )
    assert all(word in written for word in SECRETS)


def test_the_passes_stand_side_by_side_with_what_differs(
    corpus: Corpus, write: object, articles: Articles, schema: Schema, tmp_path: Path
) -> None:
    path = corpus.annotation_path("ana", articles.army.id)
    other = store.read_annotation(path)
    first, *rest = other.mentions
    changed = other.model_copy(
        update={
            "mentions": (first.model_copy(update={"label": "state_force"}), *rest),
            "provenance": other.provenance.model_copy(update={"annotator": "bob"}),
        }
    )
    store.write(corpus.annotation_path("bob", articles.army.id), store.dump(changed))
    site.write(corpus, schema, tmp_path / "guidelines", tmp_path / "site")
    page = html.fromstring(
        (tmp_path / "site" / "documents" / f"{articles.army.id}.passes.html").read_text(
            encoding="utf-8"
        )
    )
    loud = [mark.get("data-mark") for mark in page.xpath("//mark[contains(@class, ' loud')]")]
    assert loud == ["ana-m1", "bob-m1"]
    rows = [
        [cell.text_content().strip() for cell in row.iter("td")]
        for row in page.get_element_by_id("units").iter("tr")
    ]
    assert [row[:4] for row in rows if row] == [
        ["mention armed group", "Rebels", "✓yes", "no"],
        ["mention state force", "Rebels", "no", "✓yes"],
    ]
    assert _dead_links(tmp_path / "site") == []


def test_a_folder_that_is_no_site_is_left_alone(
    built: Path, corpus: Corpus, schema: Schema
) -> None:
    folder = built.parent / "mine"
    store.write(folder / "thesis.txt", b"years of work")
    with pytest.raises(
        UsageError, match="mine: is there, and no site of acre; name another --output"
    ):
        site.prepare(folder)
    assert (folder / "thesis.txt").read_bytes() == b"years of work"
    store.write(built / "stale.html", b"gone")
    site.prepare(built)
    assert [path.name for path in built.iterdir()] == [".acre-site"]


def test_the_command_tells_what_is_not_in_it(
    acre: Acre, articles: Articles, tmp_path: Path
) -> None:
    done = acre("site", "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "of 4 documents" in done.stdout
    assert "the words of 1 are not in it: their texts may not be redistributed" in done.stdout
    done = acre("site", "--output", tmp_path / "out", "--with-texts")
    assert (
        "the words of 1 texts that may not be redistributed are in it: do not publish it"
        in done.stderr
    )
    done = acre("site", "--output", tmp_path)
    assert done.returncode == 2
    assert "name another --output" in done.stderr


def test_the_guidelines_are_a_site_of_their_own_as_well(tmp_path: Path) -> None:
    folder = ROOT / "guidelines"
    schema = schema_.load(folder / "schema.yaml")
    site.write_guidelines(folder, schema, tmp_path / "manual")
    assert _dead_links(tmp_path / "manual") == []
    page = html.fromstring(
        (tmp_path / "manual" / "labels" / "air_strike.html").read_text(encoding="utf-8")
    )
    drawn = page.find_class("example")
    assert "bombed" in drawn[0].text_content()
    assert "near" in drawn[3].get("class")
    assert not page.xpath("//nav[@aria-label='Site']/a")


def test_a_guideline_that_leads_nowhere_is_refused(schema: Schema, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Guidelines\n\nSee [this](topics/none.md).\n")
    with pytest.raises(
        manual.ManualError, match=r"README.md: the link topics/none.md leads to no file"
    ):
        site.write_guidelines(tmp_path, schema, tmp_path / "out")


def test_the_index_finds_words_without_case_or_accents() -> None:
    index = search.Index()
    index.add("document", "Célestin’s </script>", "a.html", "Wire · 2024", ["Der Fluß"])
    script = index.script()
    assert "</script>" not in script
    (data,) = re.findall(r"window.acreIndex = (.*);", script)
    found = json.loads(data)
    assert set(found["words"]) == {"celestin", "s", "script", "wire", "2024", "der", "fluss"}
    assert found["pages"][0][:3] == ["document", "Célestin’s </script>", "a.html"]
