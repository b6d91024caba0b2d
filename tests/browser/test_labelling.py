"""An annotator at work: by mouse and keyboard in Chromium, and exactly these rows in the dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset

from annotate.corpus.articles import reading
from annotate.corpus.store import Corpus
from annotate.dataset import build
from annotate.labelstudio import load, pull, server
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.model.records import MARK_FIELDS, Article
from annotate.model.schema import Schema
from tests.browser.page import LabellingPage
from tests.conftest import ROOT, Prepare

pytestmark = [pytest.mark.server, pytest.mark.browser]

# Astral characters, a ZWJ family, combining marks that stay apart under NFC, right-to-left words, entities, a no-break
# space, typographic quotes, angle brackets, tabs: all of it before and inside what is marked.
HARD = (
    "Rëports 🪖👨‍👩‍👧 from q̃x̂ <b>Tak</b> &amp; الرقة\n\nالجيش السوري said “🚀 rockets”"
    " hit\u00a0the 𝔐arket & the <i>clinic</i> at\t5 pm.\n\n\U0001f469\U0001f3fd\u200d\u2695\ufe0f A"
    " medic, Žofia Nováková, said 12\u202fpeople died — “all civilians”."
)


def _rows(
    corpus: Corpus, schema: Schema, client: Client, desk: Desk, project: str, cache: Path
) -> Any:
    """Pull, build and load, as the commands do."""
    told: list[Any] = []
    counts = pull.pull(
        client, project, corpus, schema, {desk.email or "": "ana"}, notify=told.append
    )
    assert [issue for issue in told if not isinstance(issue, str)] == []
    assert counts["new"] == 1
    build.build(corpus, schema)
    return load_dataset(str(corpus.root), "documents", split="train", cache_dir=str(cache))


def _add(corpus: Corpus, letters: str, **about: Any) -> Article:
    article = reading.article("test", letters, reading.About("sample", **about)).article
    assert article is not None
    corpus.write_article(article)
    return article


def _named(features: Any, layer: str, column: str) -> Any:
    return features[layer].feature[column].int2str


def test_every_layer_on_a_text_full_of_hard_characters(
    labelling: LabellingPage,
    corpus: Corpus,
    schema: Schema,
    client: Client,
    desk: Desk,
    project: str,
    tmp_path: Path,
) -> None:
    article = _add(corpus, HARD)
    number = load.load(client, project, corpus.articles(), schema).project
    labelling.open_next(number)
    labelling.mark("s", "الجيش السوري")
    labelling.mark("shift+s", "hit")
    labelling.press("1")
    labelling.mark("f", "the 𝔐arket")
    labelling.mark("w", "🚀 rockets")
    labelling.press("shift+q")
    labelling.mark("q", "12\u202fpeople")
    labelling.fill("min", "12")
    labelling.fill("unit", "people")
    labelling.mark("shift+d", "died")
    labelling.press("1")
    labelling.mark("h", "A medic, Žofia Nováková")
    labelling.mark("y", "said", nth=1)
    labelling.mark("n", "12\u202fpeople died — “all civilians”")
    for key in ("e", "7", "8"):
        labelling.press(key)
    labelling.link("hit", "target", "the 𝔐arket")
    labelling.link("hit", "agent", "الجيش السوري")
    labelling.link("died", "count", "12\u202fpeople")
    labelling.link("— “all", "source", "A medic")
    labelling.link("— “all", "cue", "said", head_nth=1)
    labelling.submit()

    rows = _rows(corpus, schema, client, desk, project, tmp_path / "cache")
    (row,), features = list(rows), rows.features
    text = row["text"]
    assert text == article.text
    label = _named(features, "mentions", "label")
    assert [
        (label(m["label"]), m["text"], m["distanced"], m["min"], m["max"], m["unit"])
        for m in row["mentions"]
    ] == [
        ("state_force", "الجيش السوري", False, None, None, None),
        ("weapon", "🚀 rockets", True, None, None, None),
        ("facility", "the 𝔐arket", False, None, None, None),
        ("quantity", "12\u202fpeople", False, 12, None, "people"),
    ]
    words = {mark["id"]: mark["text"] for mark in (*row["mentions"], *row["sources"], *row["cues"])}
    event_label, role = (
        _named(features, "event_mentions", "label"),
        features["event_mentions"].feature["arguments"].feature["role"].int2str,
    )
    realis = _named(features, "event_mentions", "realis")
    events = [
        (
            event_label(e["label"]),
            e["text"],
            realis(e["realis"]),
            [(role(a["role"]), words[a["target"]]) for a in e["arguments"]],
        )
        for e in row["event_mentions"]
    ]
    assert events == [
        ("shelling", "hit", "actual", [("agent", "الجيش السوري"), ("target", "the 𝔐arket")]),
        ("death", "died", "actual", [("count", "12\u202fpeople")]),
    ]
    (said,) = row["attributions"]
    assert (said["text"], words[said["source"]], words[said["cue"]]) == (
        "12\u202fpeople died — “all civilians”", "A medic, Žofia Nováková", "said",
    )  # fmt: skip
    answers = tuple(
        _named(features, "attributions", name)(said[name])
        for name in ("stance", "style", "source_status")
    )
    assert answers == ("asserts", "mixed", "named")
    for layer in MARK_FIELDS:
        for mark in row[layer]:
            assert text[mark["start"] : mark["end"]] == mark["text"]
    # The second "said" was marked, not the first: offsets, not words, tell them apart.
    assert row["cues"][0]["start"] == text.index("said", text.index("said") + 1)


def test_a_sample_article_by_mouse_and_keyboard(
    labelling: LabellingPage,
    corpus: Corpus,
    schema: Schema,
    client: Client,
    desk: Desk,
    project: str,
    tmp_path: Path,
) -> None:
    (article,) = (
        found
        for found in Corpus(ROOT / "corpus").articles()
        if found.id.startswith("blast-on-lake-orum")
    )
    corpus.write_article(article)
    labelling.open_next(load.load(client, project, corpus.articles(), schema).project)
    labelling.mark("t", "Tuesday morning")
    labelling.fill("value", "2024-04-09")
    labelling.mark("f", "a ferry")
    labelling.mark("shift+x", "explosion")
    labelling.press("1")
    labelling.mark("h", "Orsenia’s navy")
    labelling.mark("y", "said", nth=1)
    labelling.mark("n", "its divers had not entered the lake since the armistice")
    for key in ("d", "6", "8", "shift+u"):
        labelling.press(key)
    labelling.link("explosion", "target", "a ferry")
    labelling.link("explosion", "time", "Tuesday morning")
    labelling.link("its divers", "source", "Orsenia’s navy")
    labelling.link("its divers", "cue", "said", head_nth=1)
    labelling.submit()

    rows = _rows(corpus, schema, client, desk, project, tmp_path / "cache")
    row, features = rows[0], rows.features
    label = _named(features, "mentions", "label")
    assert [(label(m["label"]), m["text"], m["value"]) for m in row["mentions"]] == [
        ("facility", "a ferry", None),
        ("time", "Tuesday morning", "2024-04-09"),
    ]
    (event,) = row["event_mentions"]
    role = features["event_mentions"].feature["arguments"].feature["role"].int2str
    assert event["text"] == "explosion"
    assert [role(argument["role"]) for argument in event["arguments"]] == ["target", "time"]
    (said,) = row["attributions"]
    assert said["text"] == "its divers had not entered the lake since the armistice"
    assert [source["text"] for source in row["sources"]] == ["Orsenia’s navy"]
    assert said["source"] == row["sources"][0]["id"]
    assert _named(features, "attributions", "stance")(said["stance"]) == "denies"
    assert said["unverified"] is True


def test_two_roles_on_one_relation_an_empty_annotation_a_draft_and_a_skipped_task(
    labelling: LabellingPage,
    corpus: Corpus,
    schema: Schema,
    client: Client,
    desk: Desk,
    project: str,
) -> None:
    for town in ("Tak", "Brel", "Lisk", "Osmere"):
        _add(corpus, f"Rebels left {town}. The rest of the line makes no difference.")
    number = load.load(client, project, corpus.articles(), schema).project
    labelling.open_next(number)
    skipped = labelling.page.locator(".acre-text .lsf-richtext__line").first.inner_text()
    labelling.page.get_by_role("button", name="Skip").click()
    labelling.page.wait_for_timeout(2000)
    listed = [task for page in client.tasks(number) for task in page]
    linked, empty, drafted = (task["id"] for task in listed if task["data"]["text"] != skipped)
    labelling.open_task(number, linked)
    labelling.mark("a", "Rebels")
    labelling.mark("shift+w", "left")
    labelling.press("1")
    labelling.link("left", "agent object", "Rebels")
    labelling.submit()
    labelling.open_task(number, empty)
    labelling.submit()
    labelling.open_task(number, drafted)
    labelling.mark("a", "Rebels")
    labelling.page.wait_for_timeout(8000)  # drafts are saved about five seconds after the last edit

    counts = pull.pull(client, project, corpus, schema, {desk.email or "": "ana"})
    assert counts["new"] == 2
    assert counts["of these, empty"] == 1
    assert counts["drafts, not exported"] == 1
    assert counts["cancelled, not exported"] == 1
    (event,) = [
        event for _, annotation, _ in corpus.annotated() for event in annotation.event_mentions
    ]
    assert [argument.role for argument in event.arguments] == ["agent", "object"]


def test_a_label_key_begins_a_new_mark_and_a_click_on_a_label_changes_the_selected_one(
    labelling: LabellingPage, corpus: Corpus, schema: Schema, client: Client, project: str
) -> None:
    _add(corpus, "Troops shelled Tak at noon. Rebels said 12 people died.")
    labelling.open_next(load.load(client, project, corpus.articles(), schema).project)
    labelling.mark("s", "Troops")
    labelling.mark("shift+s", "shelled")
    labelling.press("1")  # the mark just made is still selected, and asked
    labelling.mark("l", "Tak")
    labelling.mark("l", "noon")
    labelling.mark("a", "Rebels")
    labelling.mark("q", "12 people")
    marks = [
        ("armed_group", "Rebels"), ("place", "Tak"), ("place", "noon"), ("quantity", "12 people"),
        ("shelling", "shelled"), ("state_force", "Troops"),
    ]  # fmt: skip
    assert labelling.marks() == marks

    # Letters that are typed into an answer are no keys.
    unit = labelling.page.locator(".acre-side input[name=unit]")
    unit.press_sequentially("spas")
    assert (unit.input_value(), labelling.selected()) == ("spas", ["12 people"])
    unit.press("Enter")
    labelling.select("shelled")
    labelling.press("2")
    assert labelling.selected() == ["shelled"]
    answers = labelling.page.evaluate("window.Htx.annotationStore.selected.serializeAnnotation()")
    assert [found["value"]["choices"] for found in answers if found["from_name"] == "realis"] == [
        ["negated"]
    ]
    # A key with Alt, or Ctrl, is Label Studio's own: Alt+R links, though r alone and Shift+R are keys here too.
    labelling.page.keyboard.press("Alt+r")
    assert labelling.selected() == ["shelled"]
    labelling.page.keyboard.press("Escape")
    labelling.select("noon")
    labelling.relabel("time")
    assert labelling.marks() == sorted({*marks, ("time", "noon")} - {("place", "noon")})


def test_the_menu_logs_out(labelling: LabellingPage, desk: Desk) -> None:
    page = labelling.page
    page.goto(f"{desk.url}/projects/")
    page.locator("[class*=userpic]").first.click()
    page.get_by_text("Log Out").first.click()
    page.wait_for_url("**/user/login/**")
    assert page.request.get(f"{desk.url}/api/current-user/whoami").status == 401


def test_the_editor_is_set_up_for_a_new_annotator(
    labelling: LabellingPage, corpus: Corpus, schema: Schema, client: Client, project: str
) -> None:
    _add(
        corpus,
        "A headline of no weight\n\nA paragraph that tells of nothing much at all, and at some"
        " length.",
    )
    labelling.open_next(load.load(client, project, corpus.articles(), schema).project)
    kept = labelling.page.evaluate("JSON.parse(localStorage.getItem('labelStudio:settings'))")
    assert kept["selectAfterCreate"] is True
    assert kept["showLabels"] is True
    margin = (
        "getComputedStyle(document.querySelectorAll('.acre-text .lsf-richtext__line')[{}],"
        " '::before').content"
    )
    assert labelling.page.evaluate(margin.format(0)) == '"headline"'
    assert labelling.page.evaluate(margin.format(2)) == '"paragraph"'
    errors = labelling.page.locator(".lsf-errors").count()
    assert errors == 0


def test_the_labels_leave_the_text_in_view(
    labelling: LabellingPage, corpus: Corpus, schema: Schema, client: Client, project: str
) -> None:
    _add(
        corpus,
        "\n\n".join(
            f"Paragraph {n} says something that is a little longer than a line on the screen."
            for n in range(60)
        ),
    )
    labelling.open_next(load.load(client, project, corpus.articles(), schema).project)
    labelling.box("Paragraph 55 says")  # scrolls far down
    bar = labelling.page.locator(".acre-labels").bounding_box()
    line = labelling.page.locator(
        ".acre-text .lsf-richtext__line", has_text="Paragraph 55 says"
    ).bounding_box()
    last = labelling.page.locator(".acre-labels .lsf-label").last.bounding_box()
    assert bar is not None
    assert line is not None
    assert last is not None
    assert 0 <= bar["y"] < 200, "the labels scrolled away with the text"
    assert bar["x"] + bar["width"] <= line["x"], "the labels cover the text"
    assert last["y"] + last["height"] < 720, "not all labels are in view at 1366×768"
    assert line["width"] > 400


def test_the_manual_opens_beside_the_work(
    browser: Any, corpus: Corpus, schema: Schema, project: str, tmp_path: Path, prepare: Prepare
) -> None:
    (tmp_path / "site" / "labels").mkdir(parents=True)
    (tmp_path / "site" / "labels" / "state_force.html").write_text(
        "<title>state_force</title><h1>the page of the label</h1>"
    )
    _add(
        corpus,
        "A headline of no weight\n\nA paragraph that tells of nothing much at all, and at some"
        " length.",
    )
    state = prepare(tmp_path / "state", "eva")
    desk = server.start(state, "eva", guidelines=tmp_path / "site")
    try:
        number = load.load(Client(desk.url, desk.token), project, corpus.articles(), schema).project
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        labelling = LabellingPage(context.new_page(), desk)
        labelling.log_in()
        labelling.open_next(number)
        labelling.page.get_by_text("Instructions").first.click()
        with context.expect_page() as opened:
            labelling.page.locator("a[href='/guidelines/labels/state_force.html']").click()
        opened.value.wait_for_load_state()
        assert opened.value.title() == "state_force"
        assert "/projects/" in labelling.page.url  # the work stays where it was
        context.close()
    finally:
        server.stop(desk)
