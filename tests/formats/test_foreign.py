"""Files that others made: what they tell is compared, moved or refused by name, and none becomes a shorter
pass in silence.
"""

from __future__ import annotations

import json
import unicodedata
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus.store import Corpus, read_annotation
from annotate.formats import FORMATS
from annotate.model.records import Annotation, Article, Provenance
from tests.conftest import Acre

# Two signs outside the basic plane, a combining letter, three paragraphs.
STORY = """Gunmen cross the Ister 🚤 at night

TARN — Boats of the Delta Brigade 🛶 landed near Old Tarn on Monday, a fisherman said.

“They took the café,” said the fisherman, Oto Brel, who hid there. “Then they left.”"""
Write = Callable[..., tuple[Article, Annotation]]


@pytest.fixture
def article(write: Write, declare: Callable[..., None], corpus: Corpus) -> Article:
    """An article of the corpus, nobody's pass over it, and an annotator `ben`."""
    found, annotation = write(f"{STORY}\n---\n")
    corpus.annotation_path(annotation.provenance.annotator, found.id).unlink()
    declare("ben")
    return found


Take = Callable[..., tuple[int, str, "list[tuple[str, str]]"]]


@pytest.fixture
def take(acre: Acre, article: Article, corpus: Corpus, tmp_path: Path) -> Take:
    """Gives files to `acre convert`: the exit code, what it said, and (label, words) of the marks that it wrote."""

    def take(
        name: str, files: dict[str, str | bytes], *options: str
    ) -> tuple[int, str, list[tuple[str, str]]]:
        folder = tmp_path / "given"
        folder.mkdir(exist_ok=True)
        for file, content in files.items():
            path = folder / file.replace("ID", article.id)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        done = acre("convert", folder, "--from", name, "--annotator", "ben", *options)
        path = corpus.annotation_path("ben", article.id)
        marks = (
            [(mark.label, mark.text or "") for mark in read_annotation(path).marks()]
            if path.exists()
            else []
        )
        return done.returncode, done.stdout + done.stderr, marks

    return take


def at(words: str, units: str = "letters", text: str = STORY) -> tuple[int, int]:
    """Where the words stand, counted in code points, UTF-16 units or bytes."""
    start = text.index(words)
    width = {
        "letters": len,
        "utf-16": lambda part: len(part.encode("utf-16-le")) // 2,
        "bytes": lambda part: len(part.encode()),
    }
    return width[units](text[:start]), width[units](text[:start] + words)


def bound(number: int, label: str, words: str, units: str = "letters", text: str = STORY) -> str:
    start, end = at(words, units, text)
    return f"T{number}\t{label} {start} {end}\t{words}\n"


# brat


SAID_OFTEN = [("armed_group", "the Delta Brigade"), ("place", "Old Tarn"), ("person", "Oto Brel")]


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("units", ["letters", "utf-16", "bytes"])
def test_brat_offsets_are_moved_where_three_marks_say_in_what_they_count(
    take: Take, units: str, count: int
) -> None:
    """brat defines them as code points: one or two marks may as well be wrong."""
    marks = SAID_OFTEN[:count]
    annotations = "".join(bound(n, *mark, units) for n, mark in enumerate(marks, 1))
    code, said, written = take("brat", {"ID.txt": STORY, "ID.ann": annotations})
    if units == "letters" or count == 3:
        assert (code, written) == (0, marks), said
        assert ("mark-text" in said) == (units != "letters")
        reason = {"letters": "", "utf-16": "count UTF-16 units", "bytes": "count bytes"}[units]
        assert reason in said
    else:
        assert (code, written) == (1, [])
        assert said.count("mark-text") == count
        assert "the file says 'the Delta Brigade'" in said


def test_brat_words_that_stand_nowhere_near_are_refused_with_both_readings(take: Take) -> None:
    start, end = at("Old Tarn")
    code, said, written = take(
        "brat", {"ID.txt": STORY, "ID.ann": f"T1\tplace {start - 5} {end - 5}\tOld Tarn\n"}
    )
    assert (code, written) == (1, [])
    assert (
        f"T1: mark-text: {start - 5}–{end - 5} reads 'near Old', the file says 'Old Tarn'" in said
    )


@pytest.mark.parametrize("text", [
    STORY.replace("\n", "\r\n") + "\r\n", f"\ufeff{STORY}\n", STORY.replace("é", "e\u0301"),
    f"\n\n{STORY}   \n", STORY.replace("\n\n", "  \n\n"), f"\ufeff{STORY}".replace("\n", "\r\n"),
], ids=["crlf", "bom", "decomposed", "blank-lines", "spaces", "bom-crlf"])  # fmt: skip
@pytest.mark.parametrize("counts", ["its text", "the article"])
def test_a_brat_text_that_adding_normalised_has_its_offsets_moved(
    take: Take, text: str, counts: str
) -> None:
    """The text is another's copy; its offsets may count it, or what an editor made of it later."""
    marks = "".join(bound(n, "place", words, "letters", text if counts == "its text" else STORY)
                    for n, words in enumerate(["Old Tarn", "the Ister"], 1))  # fmt: skip
    code, said, written = take("brat", {"ID.txt": text, "ID.ann": marks.replace("\n", "\r\n")})
    assert (code, written) == (0, [("place", "the Ister"), ("place", "Old Tarn")]), said


def test_brat_fragments_in_any_order_and_pieces_of_a_content_around_its_source(take: Take) -> None:
    first, second = at("“They took the café,”"), at("“Then they left.”")
    group = (at("Boats")[0], at("Boats")[1]), at("the Delta Brigade")
    code, said, written = take("brat", {"ID.txt": STORY, "ID.ann": (
        f"T1\tcontent {second[0]} {second[1]};{first[0]} {first[1]}\t“They took the café,” “Then they left.”\n"
        + bound(2, "source", "the fisherman, Oto Brel") + bound(3, "cue", "said the"[:4])
        .replace(*[f"{at('said')[0]} {at('said')[1]}", f"{STORY.rindex('said')} {STORY.rindex('said') + 4}"])
        + f"T4\tarmed_group {group[1][0]} {group[1][1]};{group[0][0]} {group[0][1]}\n"
        "R1\tsource Arg1:T1 Arg2:T2\nR2\tcue Arg1:T1 Arg2:T3\n"
        "A1\tstance T1 asserts\nA2\tstyle T1 direct\nA3\tsource_status T1 named\n"
    )})  # fmt: skip
    assert code == 0, said
    assert [mark for mark in written if mark[0] == "content"] == [
        ("content", "“They took the café,”"),
        ("content", "“Then they left.”"),
    ]
    assert ("armed_group", "Boats of the Delta Brigade") in written
    assert "not read: 1 contents in pieces, read as a content for each piece" in said
    assert "not read: 1 discontinuous spans, read as one" in said


def test_brat_references_to_nothing_are_counted(take: Take) -> None:
    code, said, written = take("brat", {"ID.txt": STORY, "ID.ann": (
        bound(1, "armed_group", "the Delta Brigade") + bound(2, "advance", "landed")
        + "E1\tadvance:T2 agent:T1 place:T8\nA1\trealis E1 actual\nA2\tdistanced T8\nR1\tsame_as Arg1:T1 Arg2:T8\n"
        "*\tEquiv T1 T7\n#1\tAnnotatorNotes T1\tlook again\nN1\tReference T1 Wikidata:Q1\tx\n"
    )})  # fmt: skip
    assert (code, len(written)) == (0, 2), said
    for told in (
        "3 links to marks that are not there",
        "1 answers of marks that are not there",
        "1 notes",
        "1 normalisations",
    ):
        assert f"not read: {told}" in said


@pytest.mark.parametrize(
    "value", ["two\nlines", "a\ttab", "back\\slash", "\\n", "end\r", "sep\u2028arated", " edged "]
)
def test_a_brat_note_holds_what_would_end_a_line(
    write: Write, made: Callable[..., Provenance], schema: Any, value: str
) -> None:
    article, annotation = write("[m1:quantity|Twelve] left.\n---\nm1 unit=people\n")
    (mark,) = annotation.mentions
    annotation = annotation.model_copy(
        update={"mentions": (mark.model_copy(update={"attributes": {"unit": value}}),)}
    )
    files = FORMATS["brat"].write(article, annotation, schema).files
    assert len(files[".ann"].decode().splitlines()) == 2
    (document,) = FORMATS["brat"].documents(files, "f")
    (back,) = FORMATS["brat"].read(document, article, schema, made()).annotation.mentions
    assert back.attributes == {"unit": value}


# CoNLL

TOKENS = STORY.replace(",", " ,").replace(".", " .").replace("“", "“ ").replace("”", " ”").split()
MARKED = {
    "the Delta Brigade": "armed_group",
    "Old Tarn": "place",
    "Monday": "time",
    "Oto Brel": "person",
}


def _column(scheme: str) -> list[str]:
    tags = ["O"] * len(TOKENS)
    for words, label in MARKED.items():
        parts = words.split()
        first = next(n for n in range(len(TOKENS)) if TOKENS[n : n + len(parts)] == parts)
        one, start, middle, end = {
            "IOB1": "IIII",
            "IOB2": "BBII",
            "IOBES": "SBIE",
            "BILOU": "UBIL",
        }[scheme]
        letters = [one] if len(parts) == 1 else [start, *middle * (len(parts) - 2), end]
        tags[first : first + len(parts)] = [f"{letter}-{label}" for letter in letters]
    return tags


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2", "IOBES", "BILOU"])
@pytest.mark.parametrize(
    "form",
    ["tabs", "spaces", "lower case", "windows", "conll-2003", "bom", "decomposed", "comments"],
)
def test_conll_tags_of_every_scheme_are_read(take: Take, scheme: str, form: str) -> None:
    gap = "\t" if form in ("tabs", "bom", "decomposed") else " "
    tags = [tag[0].lower() + tag[1:] if form == "lower case" else tag for tag in _column(scheme)]
    middle = f"{gap}NN{gap}B-NP" if form == "conll-2003" else ""
    rows = [f"{token}{middle}{gap}{tag}" for token, tag in zip(TOKENS, tags, strict=True)]
    head = ["-DOCSTART- -X- -X- O", ""] if form == "conll-2003" else []
    # As many words as the rows have columns.
    head += ["# document", "# place"] if form == "comments" else []
    content = "\n".join([*head, *rows, ""])
    content = (
        content.replace("\n", "\r\n")
        if form == "windows"
        else f"\ufeff{content}"
        if form == "bom"
        else content
    )
    content = unicodedata.normalize("NFD", content) if form == "decomposed" else content
    code, said, written = take("conll", {"ID.conll": content})
    assert code == 0, said
    assert sorted(written) == sorted((label, words) for words, label in MARKED.items())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows[:-9], "the article goes on with"),
        (lambda rows: [], "it ends after 0 tokens, the article goes on with 'Gunmen cross"),
        (
            lambda rows: [*rows[:3], "\tB-place", *rows[3:]],
            "ID.conll:4: file-unreadable: an empty token",
        ),
        (lambda rows: [*rows[:3], "wrong\tO", *rows[3:]], "token 4 is 'wrong'"),
        (
            lambda rows: [*rows[:3], f"{TOKENS[3]}\tplace", *rows[4:]],
            "ID.conll:4: file-unreadable: 'place' is no tag",
        ),
    ],
)
def test_conll_rows_that_are_not_the_articles_are_refused(
    take: Take, change: Any, told: str, article: Article
) -> None:
    rows = [f"{token}\t{tag}" for token, tag in zip(TOKENS, _column("IOB2"), strict=True)]
    code, said, written = take("conll", {"ID.conll": "\n".join(change(rows))})
    assert (code, written) == (1, [])
    assert told.replace("ID", article.id) in said


def test_a_conll_file_of_several_documents_is_taken_apart_by_their_tokens(
    take: Take, article: Article, write: Write, corpus: Corpus
) -> None:
    other, annotation = write("Rain fell on Tarn.\n---\n")
    corpus.annotation_path(annotation.provenance.annotator, other.id).unlink()
    rows = "".join(f"{token} {tag}\n" for token, tag in zip(TOKENS, _column("IOB2"), strict=True))
    lines = (
        f"-DOCSTART- O\n\n{rows}\n-DOCSTART- O\n\nRain O\nfell O\non O\nTarn B-place\n."
        " O\n\n-DOCSTART- O\n\nElsewhere O\n"
    )
    code, said, _written = take("conll", {"all.conll": lines})
    assert code == 1
    for number, found in ((1, article), (2, other)):
        assert f"all.conll: document {number}: is {found.id}, by its tokens" in said
        assert corpus.annotation_path("ben", found.id).exists()
    assert (
        "all.conll: document 3: article-unknown: no article has its name or its text; add it first"
        in said
    )


# DocBin


def test_docbin_entities_alone_and_any_span_group_are_read(take: Take) -> None:
    import spacy
    from spacy.tokens import DocBin

    doc = spacy.blank("en").make_doc(STORY)
    doc.set_ents([doc.char_span(*at("Old Tarn"), label="place")])
    other = spacy.blank("en").make_doc("Another text.")
    code, said, written = take("docbin", {"ID.spacy": DocBin(docs=[doc, other]).to_bytes()})
    assert (code, written) == (1, [("place", "Old Tarn")]), said
    assert "document 2: article-unknown" in said
    doc.spans["sc"] = [
        doc.char_span(*at("Oto Brel"), label="person"),
        doc.char_span(*at("Old Tarn"), label="place"),
    ]
    doc.cats["war"] = 1.0
    code, said, written = take("docbin", {"ID.spacy": DocBin(docs=[doc]).to_bytes()})
    assert (code, written) == (0, [("place", "Old Tarn"), ("person", "Oto Brel")]), said
    assert "not read: 1 categories of the document" in said


def test_a_docbin_whose_parts_do_not_fit_is_refused(take: Take) -> None:
    """spaCy finds out only where a label is asked for."""
    import spacy
    import srsly
    from spacy.tokens import DocBin

    doc = spacy.blank("en").make_doc(STORY)
    doc.spans["sc"] = [doc.char_span(*at("Old Tarn"), label="a label")]
    fields = srsly.msgpack_loads(zlib.decompress(DocBin(docs=[doc]).to_bytes()))
    without = [name for name in fields["strings"] if name != "a label"]
    for damaged, error in (({"strings": without}, "KeyError"), ({"cats": [7]}, "TypeError")):
        content = zlib.compress(srsly.msgpack_dumps(fields | damaged))
        code, said, written = take("docbin", {"ID.spacy": content})
        assert (code, written) == (1, []), said
        assert f"no DocBin that spaCy reads ({error}); write it again" in said


# OneIE


def test_a_docbin_made_of_words_alone_is_placed_by_its_tokens(take: Take, article: Article) -> None:
    from spacy.tokens import Doc, DocBin, Span
    from spacy.vocab import Vocab

    words = [*TOKENS[:7], "\n\n", *TOKENS[7:]]
    doc = Doc(Vocab(), words=words)  # as of CoNLL: a blank after each word
    assert doc.text != STORY
    first = words.index("Oto")
    doc.set_ents([Span(doc, first, first + 2, label="person")])
    code, said, written = take("docbin", {"all.spacy": DocBin(docs=[doc]).to_bytes()})
    assert (code, written) == (0, [("person", "Oto Brel")]), said
    assert f"is {article.id}, by its tokens" in said

    other = Doc(Vocab(), words=TOKENS[:-1])
    code, said, _written = take("docbin", {"all.spacy": DocBin(docs=[other]).to_bytes()})
    assert code == 1
    assert "no article has its name or its text" in said


def _sentence(**marks: Any) -> str:
    return json.dumps({"doc_id": "d", "sent_id": "d-0", "tokens": TOKENS, **marks})


def _graph() -> dict[str, Any]:
    first, landed = TOKENS.index("Delta") - 1, TOKENS.index("landed")
    return {
        "entities": [[first, first + 3, "armed_group", "NAM", 0.9]], "triggers": [[landed, landed + 1, "advance", 0.8]],
        "roles": [[0, 0, "agent", 0.7], [4, 0, "agent", 0.7]], "relations": [[0, 0, "near", 0.1]],
    }  # fmt: skip


@pytest.mark.parametrize("under", ["graph", "pred", "gold"])
def test_oneies_own_output_is_read(
    take: Take, corpus: Corpus, article: Article, under: str
) -> None:
    code, said, written = take(
        "oneie", {"ID.jsonl": _sentence(**{under: _graph()})}, "--default", "realis=actual"
    )
    assert (code, written) == (
        0,
        [("armed_group", "the Delta Brigade"), ("advance", "landed")],
    ), said
    (event,) = read_annotation(corpus.annotation_path("ben", article.id)).event_mentions
    assert [argument.role for argument in event.arguments] == ["agent"]
    assert event.attributes == {"realis": "actual"}
    assert "by default: 1 realis=actual" in said
    assert "not read: 1 relations" in said
    assert "not read: 1 roles of triggers that are not there" in said


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        ({}, "neither entity_mentions and event_mentions nor graph, pred, gold"),
        (
            {
                "entity_mentions": [
                    {"id": "m", "entity_type": "place", "start": 0, "end": 1, "text": "Tarn"}
                ]
            },
            "m: mark-text: 0–6 reads 'Gunmen', the file says 'Tarn'",
        ),
        (
            {"entity_mentions": [{"id": "m", "entity_type": "place", "start": -2, "end": -1}]},
            "are no tokens of the sentence",
        ),
        ({"graph": {"entities": [["a", 1, "place"]]}}, "graph.entities.0"),
    ],
)
def test_what_is_not_oneies_is_refused(take: Take, marks: dict[str, Any], told: str) -> None:
    code, said, written = take("oneie", {"ID.jsonl": _sentence(**marks)})
    assert (code, written) == (1, [])
    assert told in said


@pytest.mark.parametrize("count", [1, 2])
def test_a_mark_without_an_id_is_read_and_a_second_one_is_named(take: Take, count: int) -> None:
    marks = [{"id": "", "entity_type": "place", "start": n, "end": n + 1} for n in range(count)]
    code, said, written = take("oneie", {"ID.jsonl": _sentence(entity_mentions=marks)})
    assert "Traceback" not in said
    assert (code, len(written)) == ((0, 1) if count == 1 else (1, 0)), said
    assert ("(no id): id-duplicate" in said) == (count == 2)


# Web Annotation


def _web(words: str, label: str, name: str, units: str = "letters", **more: Any) -> dict[str, Any]:
    start, end = at(words, units)
    selectors = [
        {"type": "TextPositionSelector", "start": start, "end": end},
        {"type": "TextQuoteSelector", "exact": words},
    ]
    body = {"type": "TextualBody", "purpose": "tagging", "value": label}
    return {"id": name, "type": "Annotation", "motivation": "tagging", "body": body,
            "target": {"source": "https://paper.example/1", "selector": selectors}} | more  # fmt: skip


@pytest.mark.parametrize("form", ["single", "list", "page", "collection"])
def test_web_annotations_are_read_in_every_frame_with_ids_of_any_kind(
    take: Take, acre: Acre, corpus: Corpus, article: Article, form: str
) -> None:
    items = [
        _web("Old Tarn", "place", "https://a.example/x#1", "utf-16"),
        _web("Oto Brel", "person", "https://b.example/x#1", "utf-16"),
    ]
    page: Any = {"type": "AnnotationPage", "items": items}
    content = {
        "single": items[0],
        "list": items,
        "page": page,
        "collection": {"type": "AnnotationCollection", "first": page},
    }
    code, said, written = take("webannotation", {"ID.jsonld": "\ufeff" + json.dumps(content[form])})
    assert (code, written) == (
        0,
        [("place", "Old Tarn"), ("person", "Oto Brel")][: 1 if form == "single" else 2],
    ), said
    assert "count UTF-16 units" in said
    again = acre("convert", article.id, "--annotator", "ben", "-o", ".")
    assert again.returncode == 0
    assert acre("convert", f"{article.id}.acre", "--annotator", "ben").returncode in (0, 1)
    names = {mark.id for mark in read_annotation(corpus.annotation_path("ben", article.id)).marks()}
    assert names <= {"x1", "x2"}


def test_a_web_annotation_is_placed_by_its_quote_where_it_has_no_position(take: Take) -> None:
    items = [
        _web("Old Tarn", "place", "a"),
        _web("fisherman", "person", "b"),
        _web("Monday", "time", "c"),
    ]
    for item in items:
        item["target"]["selector"] = item["target"]["selector"][1]
    items[2] |= {"motivation": "commenting", "body": "why?"}
    code, said, written = take("webannotation", {"ID.jsonld": json.dumps(items)})
    assert (code, written) == (0, [("place", "Old Tarn")]), said
    for told in (
        "1 annotations without a position, whose quote stands in no place or in several",
        "1 bodies for commenting",
    ):
        assert f"not read: {told}" in said


def test_a_web_annotation_whose_quote_is_elsewhere_is_refused(take: Take) -> None:
    item = _web("Old Tarn", "place", "a")
    item["target"]["selector"][0] = {"type": "TextPositionSelector", "start": 0, "end": 6}
    code, said, written = take("webannotation", {"ID.jsonld": json.dumps(item)})
    assert (code, written) == (1, [])
    assert "0–6 reads 'Gunmen', the file says 'Old Tarn'" in said


# Label Studio


def _task(
    number: int, text: str, marks: list[tuple[str, str]], units: str = "letters", **annotation: Any
) -> dict[str, Any]:
    result = []
    for place, (words, label) in enumerate(marks):
        start, end = at(words, units)
        value = {"start": start, "end": end, "text": words, "labels": [label]}
        result.append(
            {
                "id": f"r{place}",
                "from_name": "label",
                "to_name": "text",
                "type": "labels",
                "value": value,
            }
        )
    return {
        "id": number,
        "data": {"text": text},
        "annotations": [{"id": 1, "was_cancelled": False, "result": result} | annotation],
    }


def test_label_studios_export_of_a_project_is_read_task_by_task(
    take: Take, article: Article
) -> None:
    tasks = [
        _task(1, STORY, [("Old Tarn", "place")]) | {"predictions": [{"result": []}], "drafts": []},
        _task(2, "Another text.", []) | {"annotations": []},
        _task(3, "A third text.", [("Oto Brel", "person")]),
    ]
    code, said, written = take("labelstudio", {"project-7-at-2026-01-02.json": json.dumps(tasks)})
    assert (code, written) == (1, [("place", "Old Tarn")]), said
    assert f"task 1: is {article.id}, by its text" in said
    assert "task 2: no annotation in it; nothing to read" in said
    assert "task 3: article-unknown: no article has its name or its text" in said
    assert "not read: 1 predictions" in said


def test_a_cancelled_annotation_is_no_pass(take: Take) -> None:
    code, said, written = take(
        "labelstudio",
        {"ID.json": json.dumps([_task(1, STORY, [("Old Tarn", "place")], was_cancelled=True)])},
    )
    assert (code, written) == (1, [])
    assert "its annotation was cancelled; nothing to read" in said


def test_label_studio_offsets_in_utf16_units_are_moved_and_named(take: Take) -> None:
    marks = [("the Ister", "place"), ("Old Tarn", "place"), ("Oto Brel", "person")]
    code, said, written = take(
        "labelstudio", {"ID.json": json.dumps([_task(1, STORY, marks, "utf-16")])}
    )
    assert (code, written) == (
        0,
        [("place", "the Ister"), ("place", "Old Tarn"), ("person", "Oto Brel")],
    ), said
    assert "r1, r2: mark-text: the offsets count UTF-16 units" in said


def test_a_default_fills_what_a_task_leaves_open(take: Take) -> None:
    tasks = json.dumps([_task(1, STORY, [("landed", "advance")])])
    code, said, _written = take("labelstudio", {"ID.json": tasks})
    assert (code, "attribute-missing" in said) == (1, True)
    code, said, written = take("labelstudio", {"ID.json": tasks}, "--default", "realis=actual")
    assert (code, written) == (0, [("advance", "landed")]), said
    assert "by default: 1 realis=actual" in said


def test_two_annotators_of_one_task_are_not_taken_for_one(take: Take) -> None:
    task = _task(1, STORY, [("Old Tarn", "place")], completed_by=3)
    task["annotations"] *= 2
    code, said, written = take("labelstudio", {"ID.json": json.dumps(task)})
    assert (code, written) == (1, [])
    assert "2 annotations of one article (by account 3); leave one of them in the file" in said


# A corpus of others


MAP = """labels:
  Source: source
  Cue: cue
  Content: content
  Attribution: null
  Hearer: null
attributes:
  Certainty: null
"""


def _polnear(folder: Path) -> None:
    """Three annotators' standoff over two texts, in folders and under names of its own, as PolNeAR's is laid out."""
    texts = {
        "gunmen-2026-01-05": STORY,
        "levy-2026-01-06": (
            "A levy on salt is planned, the guild warned on Friday; “Nobody asked us.”"
        ),
    }
    (folder / "text").mkdir(parents=True)
    (folder / "attributions").mkdir()
    for name, text in texts.items():
        (folder / "text" / f"{name}.txt").write_bytes(
            f"\n{text}  \n".replace("\n", "\r\n").encode()
        )
        copy = f"\n{text}  \n".replace("\n", "\r\n")
        for annotator in ("4b22", "4e07", "5fec"):
            longer = annotator == "5fec"
            if name.startswith("gunmen"):
                spans = {
                    "Source": ["the fisherman, Oto Brel"],
                    "Content": ["“They took the café,”", "“Then they left.”"],
                }
                cue = copy.index("said the")
            else:
                spans = {
                    "Source": ["the guild"],
                    "Content": [
                        "A levy on salt is planned" + ("," if longer else ""),
                        "“Nobody asked us.”",
                    ],
                }
                cue = copy.index("warned")
            pieces = {
                label: [(copy.index(words), copy.index(words) + len(words)) for words in found]
                for label, found in spans.items()
            }
            pieces["Cue"] = [(cue, cue + (4 if name.startswith("gunmen") else 6))]
            pieces["Attribution"] = pieces["Cue"]
            lines = []
            for number, (label, edges) in enumerate(pieces.items(), 1):
                told = " ".join(copy[start:end] for start, end in edges)
                lines.append(
                    f"T{number}\t{label}"
                    f" {';'.join(f'{start} {end}' for start, end in edges)}\t{told}"
                )
            lines += ["E1\tAttribution:T4 Content:T2 Cue:T3 Source:T1", "A1\tCertainty T2 Sure"]
            (folder / "attributions" / f"{name}_{annotator}.ann").write_text(
                "".join(f"{line}\n" for line in lines)
            )


def test_a_corpus_of_attributions_comes_in_by_the_documented_commands(
    acre: Acre, corpus: Corpus, declare: Callable[..., None], tmp_path: Path
) -> None:
    folder = tmp_path / "polnear"
    _polnear(folder)
    (tmp_path / "map.yaml").write_text(MAP)
    names = ("4b22", "4e07", "5fec")
    declare(*(f"a{name}" for name in names))
    texts = sorted((folder / "text").iterdir())
    assert acre("add", *texts, "--collection", "sample").returncode == 0
    for name in names:
        marks = sorted((folder / "attributions").glob(f"*_{name}.ann"))
        done = acre(
            "convert",
            *marks,
            *texts,
            "--from",
            "brat",
            "--annotator",
            f"a{name}",
            "--labels",
            "map.yaml",
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "by its text" in done.stdout
        assert "not read: 2 marks Attribution, which the map drops" in done.stdout
        assert "not read: 2 answers to Certainty, which the map drops" in done.stdout
        assert "not read: 2 contents in pieces, read as a content for each piece" in done.stdout
        assert "not read: " not in done.stdout.replace("not read: 2", "")
    passes = [annotation for _article, annotation, _where in corpus.annotated()]
    assert len(passes) == 6
    for found in passes:
        # Each piece is a content of its own, which does not take in what stands between.
        assert len(found.attributions) == 2
        assert len({(content.source, content.cue) for content in found.attributions}) == 1
        assert not any(
            content.start <= source.start < content.end
            for content in found.attributions
            for source in found.sources
        )
        assert set(found.provenance.unasked) == {"realis", "stance", "style", "source_status"}
    measured = acre("agreement", "--json")
    assert measured.returncode == 0, measured.stderr
    report = json.loads(measured.stdout)
    assert (report["documents"], sorted(report["annotators"])) == (2, ["a4b22", "a4e07", "a5fec"])
    printed = acre("agreement").stdout
    assert "κ" in printed
    assert "α" in printed


def test_two_annotators_files_of_one_article_are_not_taken_for_one_pass(
    acre: Acre, declare: Callable[..., None], tmp_path: Path
) -> None:
    folder = tmp_path / "polnear"
    _polnear(folder)
    (tmp_path / "map.yaml").write_text(MAP)
    declare("ben")
    acre("add", *sorted((folder / "text").iterdir()), "--collection", "sample")
    done = acre(
        "convert",
        folder / "attributions",
        folder / "text",
        "--from",
        "brat",
        "--annotator",
        "ben",
        "--labels",
        "map.yaml",
    )
    assert done.returncode == 1
    assert done.stderr.count("task-repeated") == 4
    assert "give one annotator's files at a time" in done.stderr


def test_a_label_that_nobody_mapped_is_told_once_for_all_its_marks(take: Take) -> None:
    marks = (
        bound(1, "Group", "the Delta Brigade")
        + bound(2, "Town", "Old Tarn")
        + bound(3, "Town", "TARN")
    )
    code, said, written = take("brat", {"ID.txt": STORY, "ID.ann": marks})
    assert (code, written) == (1, [])
    assert "T2, T3: label-unknown: 'Town' is no label of schema" in said
    assert said.count("label-unknown") == 2


def test_a_label_is_known_however_it_is_written(take: Take) -> None:
    tags = "".join(
        f"{token} {tag.replace('armed_group', 'Armed-Group').replace('place', 'PLACE')}\n"
        for token, tag in zip(TOKENS, _column("IOB2"), strict=True)
    )
    code, said, written = take("conll", {"ID.conll": tags})
    assert code == 0, said
    assert sorted(written) == sorted((label, words) for words, label in MARKED.items())


def test_a_map_takes_labels_links_and_answers_and_counts_what_it_drops(
    take: Take, corpus: Corpus, article: Article, tmp_path: Path
) -> None:
    (tmp_path / "m.yaml").write_text(
        "labels: {Group: armed_group, Town: place, Landing: advance, Boat: null}\n"
        "links: {Who: agent, Where: place, Why: null}\n"
        "attributes:\n  Mood: {to: realis, values: {Sure: actual, Unsure: null}}\n"
    )
    marks = (
        bound(1, "Group", "the Delta Brigade")
        + bound(2, "Town", "Old Tarn")
        + bound(3, "Landing", "landed")
        + bound(4, "Boat", "Boats")
        + "E1\tLanding:T3 Who:T1 Who2:T2 Where:T2 Why:T1 Who3:T4\nA1\tMood E1 Sure\nA2\tColour T1 red\n"
    )
    code, said, written = take(
        "brat", {"ID.txt": STORY, "ID.ann": marks}, "--labels", str(tmp_path / "m.yaml")
    )
    assert (code, len(written)) == (0, 3), said
    (event,) = read_annotation(corpus.annotation_path("ben", article.id)).event_mentions
    assert ([(a.role, a.target) for a in event.arguments], event.attributes) == (
        [("agent", "T1"), ("place", "T2")],
        {"realis": "actual"},
    )
    for told in (
        "1 marks Boat, which the map drops",
        "1 links Why, which the map drops",
        "1 links of marks that the map drops",
        "1 arguments agent of advance that are place",
        "1 answers to Colour, which the schema does not have",
    ):
        assert f"not read: {told}" in said


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("labels: {A: castle}", "labels.A is 'castle'"),
        ("links: {A: castle}", "links.A is 'castle'"),
        ("attributes: {A: castle}", "attributes.A is 'castle'"),
        ("attributes: {A: {to: realis, values: {B: so}}}", "attributes.A.values.B is 'so'"),
        ("labels: [A]", "labels: Input should be a valid dictionary"),
        ("labels: {A: person", "not YAML"),
        ("colours: {A: red}", "colours: Extra inputs are not permitted"),
    ],
)
def test_a_map_that_names_what_is_not_there_is_wrong_usage(
    take: Take, tmp_path: Path, content: str, told: str
) -> None:
    (tmp_path / "m.yaml").write_text(content)
    code, said, _written = take(
        "brat", {"ID.txt": STORY, "ID.ann": ""}, "--labels", str(tmp_path / "m.yaml")
    )
    assert (code, told in said) == (2, True), said


# A pass that would shrink


def test_a_shorter_pass_is_set_aside_and_taken_by_force_alone(
    take: Take, corpus: Corpus, article: Article
) -> None:
    both = bound(1, "armed_group", "the Delta Brigade") + bound(2, "place", "Old Tarn")
    assert take("brat", {"ID.txt": STORY, "ID.ann": both})[2] == [
        ("armed_group", "the Delta Brigade"),
        ("place", "Old Tarn"),
    ]
    code, said, written = take("brat", {"ID.ann": bound(1, "place", "Old Tarn")})
    assert (code, len(written)) == (1, 2)
    assert "pass-shorter: it has 1 marks in place of 2 than the pass that it would replace" in said
    aside = read_annotation_aside(corpus, article)
    assert [mark["text"] for mark in aside["mentions"]] == ["Old Tarn"]
    assert take("brat", {"ID.ann": bound(1, "place", "Old Tarn")}, "--force")[::2] == (
        0,
        [("place", "Old Tarn")],
    )
    code, said, written = take("brat", {"ID.ann": ""})
    assert (code, len(written)) == (1, 1)


def read_annotation_aside(corpus: Corpus, article: Article) -> Any:
    return json.loads(corpus.aside_path("ben", article.id, "shorter").read_bytes())


def test_an_empty_pass_is_told(take: Take, corpus: Corpus, article: Article) -> None:
    code, said, _written = take("brat", {"ID.txt": STORY, "ID.ann": ""})
    assert code == 0
    assert "there is no mark in it: the pass is empty" in said
    assert corpus.annotation_path("ben", article.id).exists()


def test_a_file_of_which_nothing_is_understood_is_no_empty_pass(take: Take) -> None:
    code, said, _written = take(
        "brat",
        {"ID.txt": STORY, "ID.ann": "N1\tReference T1 Wikidata:Q1\tx\n#1\tAnnotatorNotes T1\ty\n"},
    )
    assert code == 1
    assert "pass-shorter: nothing of it could be read (1 normalisations, 1 notes)" in said
