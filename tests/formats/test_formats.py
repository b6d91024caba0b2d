"""What a format can hold comes back as it was; what it can't is counted; each format's own reader reads it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.corpus.store import Corpus
from annotate.formats import FORMATS, FormatError, Import, conll, re3d
from annotate.formats.document import outermost
from annotate.labelstudio import config
from annotate.labelstudio.client import Client
from annotate.measure import align
from annotate.model import graph, text
from annotate.model.records import Annotation, Article, Mark, Provenance, Zone
from annotate.model.schema import MARK_LAYERS, SPAN_LAYERS, Layer, Schema
from annotate.model.tokens import pipeline, sentence_of, sentences, token_range
from tests.conftest import ROOT, SENTENCE, SHARED, Acre
from tests.corpus.real import COLLECTIONS, COUNTED
from tests.strategies import annotated

SCHEMA = __import__("annotate.model.schema", fromlist=["load"]).load(
    ROOT / "guidelines" / "schema.yaml"
)
WHOLE = ("brat", "webannotation", "labelstudio", "docbin")
REAL = [each for each in COUNTED if COLLECTIONS[each[0].collection].ships_text]
RE3D = SHARED / "re3d"


def _article(letters: str) -> Article:
    start = len(letters) - len(letters.lstrip())
    zones = (Zone(kind="paragraph", start=start, end=len(letters.rstrip())),)
    digest = text.sha256(letters)
    return Article(
        id="a",
        collection="c",
        title="t",
        length=len(letters),
        sha256=digest,
        zones=zones,
        text=letters,
    )


def _written(
    name: str, article: Article, annotation: Annotation
) -> tuple[Annotation, Counter[str]]:
    """The annotation after a way there and back, and what was lost on it."""
    written = FORMATS[name].write(article, annotation, SCHEMA)
    assert set(written.files) == set(FORMATS[name].SUFFIXES)
    found = read(name, written.files, article, annotation.provenance)
    assert found.issues == []
    assert not found.dropped
    # Once written, nothing more is lost.
    again = FORMATS[name].write(article, found.annotation, SCHEMA)
    assert again.files == written.files or name in ("docbin", "brat")  # whose order is not fixed
    return found.annotation, written.dropped


def read(
    name: str, files: dict[str, bytes], article: Article, made: Provenance, where: str = "file"
) -> Import:
    """The only document of the files."""
    (document,) = FORMATS[name].documents(files, where)
    return FORMATS[name].read(document, article, SCHEMA, made)


def _renamed(annotation: Annotation, like: Annotation) -> Annotation:
    """The annotation with the ids of another that has the same marks in the same order."""
    marks, links = graph.disassemble(annotation)
    others, _links = graph.disassemble(like)
    order = {
        mark.id: number
        for number, mark in enumerate(
            sorted(marks, key=lambda mark: int(mark.id[1:]) + 1000 * (mark.id[0] == "E"))
        )
    }
    bare = [mark for mark in others if mark.label not in SCHEMA.events] + [
        mark for mark in others if mark.label in SCHEMA.events
    ]
    names = {name: bare[number].id for name, number in order.items()}
    moved = [mark.model_copy(update={"id": names[mark.id]}) for mark in marks]
    joined = [graph.Link(names[link.tail], link.label, names[link.head]) for link in links]
    return graph.assemble(
        moved, joined, SCHEMA, annotation.article, annotation.sha256, annotation.provenance
    )[0]


def _without(annotation: Annotation, gone: set[str]) -> Annotation:
    marks, links = graph.disassemble(annotation)
    kept = [link for link in links if link.tail not in gone and link.head not in gone]
    return graph.assemble(
        [mark for mark in marks if mark.id not in gone],
        kept,
        SCHEMA,
        annotation.article,
        annotation.sha256,
        annotation.provenance,
    )[0]


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_brat_holds_all_but_marks_with_newlines_at_their_edges(data: st.DataObject) -> None:
    letters, annotation = data.draw(annotated(SCHEMA))
    back, lost = _written("brat", _article(letters), annotation)
    edged = {
        mark.id
        for mark in annotation.marks()
        if mark.slice(letters).strip("\n") != mark.slice(letters)
    }
    assert lost.total() == len(edged)
    expected = _without(annotation, edged)
    assert _in_clusters_of_links(_renamed(back, expected)) == _in_clusters_of_links(expected)


def _in_clusters_of_links(annotation: Annotation) -> Any:
    """Layers, with what says the same in one form: a link told twice is one."""
    marks, links = graph.disassemble(annotation)
    return [mark.model_dump() for mark in marks], sorted(set(links))


@pytest.mark.parametrize("name", ["webannotation", "labelstudio"])
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_these_hold_everything(name: str, data: st.DataObject) -> None:
    letters, annotation = data.draw(annotated(SCHEMA))
    back, lost = _written(name, _article(letters), annotation)
    assert not lost
    assert back.layers() == annotation.layers()


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_docbin_holds_all_marks_of_whole_tokens(data: st.DataObject) -> None:
    letters, annotation = data.draw(annotated(SCHEMA))
    back, lost = _written("docbin", _article(letters), annotation)
    doc = pipeline("en").make_doc(letters)
    starts, ends = {token.idx for token in doc}, {token.idx + len(token) for token in doc}
    cut = {
        mark.id for mark in annotation.marks() if mark.start not in starts or mark.end not in ends
    }
    assert lost.total() == len(cut)
    assert back.layers() == _without(annotation, cut).layers()


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_conll_holds_the_outermost_marks_of_each_layer_in_a_sentence(data: st.DataObject) -> None:
    letters, annotation = data.draw(annotated(SCHEMA))
    article = _article(letters)
    back, lost = _written("conll", article, annotation)
    cut = sentences(article)
    inside: list[tuple[int, Layer, tuple[int, int, Mark]]] = []
    for mark in annotation.marks():
        number, layer = sentence_of(mark, cut), SCHEMA.layer(mark.label)
        place = None if number is None else token_range(mark.start, mark.end, cut[number].tokens)
        if number is not None and place is not None and layer is not None:
            inside.append((number, layer, (*place, mark)))
    expected = {
        (kept.label, kept.start, kept.end)
        for number in range(len(cut))
        for layer in SPAN_LAYERS
        for _s, _e, kept in outermost(span for n, of, span in inside if (n, of) == (number, layer))
    }
    assert {(mark.label, mark.start, mark.end) for mark in back.marks()} == expected
    marks_lost = sum(count for name, count in lost.items() if name.startswith("marks"))
    assert len(list(annotation.marks())) == len(expected) + marks_lost
    assert lost["links"] == len(graph.disassemble(annotation)[1])


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_oneie_holds_mentions_triggers_and_arguments_of_a_sentence(data: st.DataObject) -> None:
    letters, annotation = data.draw(annotated(SCHEMA))
    article = _article(letters)
    back, lost = _written("oneie", article, annotation)
    cut = sentences(article)
    held = {
        mark.id: number
        for mark in (*annotation.mentions, *annotation.event_mentions)
        if (number := sentence_of(mark, cut)) is not None
        and token_range(mark.start, mark.end, cut[number].tokens) is not None
    }
    assert {mark.id for mark in back.marks()} == set(held)
    mentions = {mention.id for mention in annotation.mentions}
    told = {
        (event.id, argument.role, argument.target)
        for event in annotation.event_mentions
        for argument in event.arguments
        if argument.target in mentions
        and event.id in held
        and held.get(argument.target) == held[event.id]
    }
    assert {(e.id, a.role, a.target) for e in back.event_mentions for a in e.arguments} == told
    assert lost["marks over several sentences"] + lost["marks not of whole tokens"] == len(
        mentions
    ) + len(annotation.event_mentions) - len(held)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "document", REAL, ids=lambda document: f"{document[1].provenance.annotator}-{document[0].id}"
)
def test_every_real_file_goes_there_and_back(
    name: str, document: tuple[Article, Annotation]
) -> None:
    article, annotation = document
    back, lost = _written(name, article, annotation)
    if name in WHOLE:
        assert not lost
        assert set(align.units(back)) == set(align.units(annotation))
        assert len(back.entities) == len(annotation.entities)
    else:
        marks = {unit for unit in align.units(annotation) if unit.layer in MARK_LAYERS}
        read = {unit for unit in align.units(back) if unit.layer in MARK_LAYERS}
        assert read <= marks
        assert len(marks - read) == sum(
            n for told, n in lost.items() if told.startswith(("marks", "sources"))
        )


def test_brat_files_are_read_by_a_brat_reader(tmp_path: Path) -> None:
    """pybrat, which takes no two marks on the same words, as brat itself does: it is given one of them."""
    from pybrat.parser import BratParser

    real = []
    for article, annotation in REAL:
        first = {(mark.start, mark.end): mark.id for mark in reversed(list(annotation.marks()))}
        real.append(
            (
                article,
                _without(
                    annotation, {mark.id for mark in annotation.marks()} - set(first.values())
                ),
            )
        )
    for article, annotation in real:
        # An article has several passes, and gold.
        name = f"{article.id}-{annotation.provenance.annotator}"
        for suffix, content in FORMATS["brat"].write(article, annotation, SCHEMA).files.items():
            (tmp_path / f"{name}{suffix}").write_bytes(content)
    read = {example.id: example for example in BratParser(error="raise").parse(str(tmp_path))}
    for article, annotation in real:
        example = read[f"{article.id}-{annotation.provenance.annotator}"]
        assert example.text == article.text
        events = {(e.type, e.trigger.start, e.trigger.end): e for e in example.events}
        assert set(events) == {(e.label, e.start, e.end) for e in annotation.event_mentions}
        marks = {mark.id: mark for mark in annotation.marks()}
        for event in annotation.event_mentions:
            # It keeps what fills an event, not the roles.
            told = events[event.label, event.start, event.end].arguments
            assert Counter(filler.type for filler in told) == Counter(
                marks[a.target].label for a in event.arguments
            )
        spans = Counter((e.type, e.spans[0].start, e.spans[-1].end) for e in example.entities)
        assert spans == Counter((mark.label, mark.start, mark.end) for mark in marks.values())
        linked = [
            name for a in annotation.attributions for name in (a.source, a.cue) if name is not None
        ]
        assert sum(relation.type != "Equiv" for relation in example.relations) == len(linked)


def test_conll_tags_are_read_by_seqeval_and_nervaluate() -> None:
    from nervaluate import Evaluator
    from seqeval.metrics.sequence_labeling import get_entities
    from seqeval.scheme import IOB2, Entities

    for article, annotation in REAL:
        content = FORMATS["conll"].write(article, annotation, SCHEMA).files[".conll"].decode()
        blocks = [
            [line.split("\t") for line in block.split("\n")]
            for block in content.split("\n\n")
            if block.strip()
        ]
        blocks[0] = blocks[0][1:]  # the heading
        tags = [[row[1] for row in block] for block in blocks]
        ours = [
            (label, first, after)
            for block in tags
            for label, first, after in conll.spans(block, set())
        ]
        theirs = [
            (label, first, last + 1) for block in tags for label, first, last in get_entities(block)
        ]
        assert ours == theirs
        strict = [entity for block in Entities(tags, IOB2).entities for entity in block]
        assert len(strict) == len(ours)
        result = Evaluator(tags, tags, tags=list(SCHEMA.mentions), loader="list").evaluate()
        assert result["overall"]["strict"].correct == len(ours)


def test_spacy_loads_its_file_and_trains_on_it(tmp_path: Path) -> None:
    import spacy
    from spacy.tokens import DocBin
    from spacy.training import Corpus as Docs

    article, annotation = REAL[0]
    path = tmp_path / "one.spacy"
    path.write_bytes(FORMATS["docbin"].write(article, annotation, SCHEMA).files[".spacy"])
    (doc,) = DocBin().from_disk(path).get_docs(pipeline("en").vocab)
    assert doc.text == article.text
    assert len(doc.spans["mentions"]) == len(annotation.mentions)
    assert {ent.label_ for ent in doc.ents} <= set(SCHEMA.mentions)
    assert next(sent.start_char for sent in doc.sents) == 0
    nlp = spacy.blank("en")
    nlp.add_pipe("spancat", config={"spans_key": "mentions"})
    examples = list(Docs(tmp_path)(nlp))
    nlp.initialize(lambda: examples)
    assert nlp.update(examples)["spancat"] > 0


def test_w3c_selectors_point_at_the_words() -> None:
    for article, annotation in REAL:
        page = json.loads(
            FORMATS["webannotation"].write(article, annotation, SCHEMA).files[".jsonld"]
        )
        assert (page["@context"], page["type"]) == (
            "http://www.w3.org/ns/anno.jsonld",
            "AnnotationPage",
        )
        names = {item["id"] for item in page["items"]}
        assert len(names) == len(page["items"])
        for item in page["items"]:
            if item["motivation"] == "linking":
                assert {item["target"], item["body"][1]["source"]} <= names
                continue
            position, quote = item["target"]["selector"]
            assert article.text is not None
            assert article.text[position["start"] : position["end"]] == quote["exact"]
            assert article.text[: position["start"]].endswith(quote["prefix"])
            assert article.text[position["end"] :].startswith(quote["suffix"])


@pytest.mark.parametrize(
    ("name", "suffix", "change", "message"),
    [
        ("brat", ".ann", ("T1\t", "?1\t"), "a.ann:1: '?1"),
        ("brat", ".ann", ("T2\t", "T1\t"), "T1 stands in a line before"),
        ("brat", ".ann", ("E1\tcapture:T2", "E1\tcapture:T22"), "the event E1 has no trigger T22"),
        (
            "conll",
            ".conll",
            ("Troops\t", "Armies\t"),
            "a: token 1 is 'Armies', the article goes on with 'Troops seized Tak; a'",
        ),
        ("conll", ".conll", ("Tak\tB-place", "Tak"), "a:4: 5 columns, not 6; tabs part them"),
        ("conll", ".conll", ("Tak\tB-place", "Tak\tplace"), "a:4: 'place' is no tag"),
        ("conll", ".conll", ("Tak\t", "\t"), "a:4: an empty token"),
        ("oneie", ".jsonl", ('"tokens"', '"words"'), "a:1: tokens: Field required"),
        (
            "oneie",
            ".jsonl",
            ('"trigger"', '"verb"'),
            "a:1: event_mentions.0.trigger: Field required; give OneIE's fields",
        ),
        (
            "oneie",
            ".jsonl",
            ('"end": 1', '"end": 100'),
            "a:1: 0–100 are no tokens of the sentence's",
        ),
        ("webannotation", ".jsonld", ('"items"', '"rows"'), "a: no annotation page with `items`"),
        (
            "labelstudio",
            ".json",
            ('"data"', '"date"'),
            "a: no list of tasks with `data` and `annotations`",
        ),
    ],
)
def test_a_damaged_file_is_told_in_a_line(
    name: str,
    suffix: str,
    change: tuple[str, str],
    message: str,
    made: Callable[..., Provenance],
    schema: Schema,
) -> None:
    from annotate.model import notation

    letters, annotation = notation.parse(SENTENCE, schema, "a", "0" * 64, made())
    article = _article(letters)
    files = FORMATS[name].write(article, annotation, schema).files
    content = files[suffix].decode()
    assert change[0] in content
    with pytest.raises(FormatError, match=r".") as caught:
        read(name, files | {suffix: content.replace(*change, 1).encode()}, article, made(), "a")
    assert message in str(caught.value)


def test_a_damaged_docbin_is_told(made: Callable[..., Provenance]) -> None:
    for content in (b"", b"not a DocBin", b"\x93NUMPY"):
        with pytest.raises(FormatError, match=r"a\.spacy: no"):
            read("docbin", {".spacy": content}, _article("Tak fell."), made(), "a.spacy")


def test_the_command_writes_and_reads_every_format(
    acre: Acre, corpus: Corpus, write: Any, declare: Any
) -> None:
    article, annotation = write(SENTENCE)
    declare(*(f"from-{name}" for name in FORMATS))
    for name in FORMATS:
        done = acre("convert", "--to", name, "--output", name)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"1 documents written to {name} as {name}\n")
        back = acre("convert", name, "--from", name, "--annotator", f"from-{name}")
        assert back.returncode == 0, back.stderr
        assert f"wrote annotations/from-{name}/{article.id}.json" in back.stdout
        (copy,) = (found for _, found, where in corpus.annotated() if f"from-{name}/" in where)
        assert copy.provenance.tool == f"{name} file"
        if name in WHOLE:
            assert set(align.units(copy)) == set(align.units(annotation))
        else:
            assert set(copy.provenance.unasked) == {"realis", "stance", "style", "source_status"}
            assert "2 marks have no realis, which the file does not tell" in back.stderr
        corpus.annotation_path(f"from-{name}", article.id).unlink()
    assert (
        "conll can't hold: 7 attributes"
        in acre("convert", article.id, "--to", "conll", "--output", "x").stdout
    )
    for arguments, told in (
        (("--to", "bart", "--output", "x"), "no format 'bart'; give one of brat, conll"),
        (("--to", "brat"), "name the folder that the files go to, with --output"),
        (
            ("nowhere", "--from", "brat", "--annotator", "from-brat"),
            "nowhere: no such file or folder",
        ),
        (
            ("brat", "--from", "brat", "--annotator", "anna"),
            "annotators.yaml: no annotator 'anna' (from-brat, from-conll",
        ),
        (
            ("brat", "--from", "brat", "--annotator", "from-brat", "--default", "realis"),
            "--default 'realis': give it as NAME=ANSWER",
        ),
        (
            ("brat", "--from", "brat", "--annotator", "from-brat", "--default", "realis=so"),
            "the default realis=so",
        ),
        (("--to", "brat", "--output", "guidelines/schema.yaml"), "is a file; name the folder"),
        (("brat", "--from", "brat"), "say whose pass it becomes, with --annotator"),
        ((), "name one article, or one file <id>.acre"),
    ):
        wrong = acre("convert", *arguments)
        assert (wrong.returncode, told in wrong.stderr) == (2, True), wrong.stderr


@pytest.mark.skipif(
    not RE3D.exists(), reason="the reference article is not at ../shared, nor is re3d"
)
def test_re3d_is_read_with_its_offsets_moved(
    acre: Acre, corpus: Corpus, made: Callable[..., Provenance], declare: Any
) -> None:
    folder = RE3D / "CENTCOM"
    assert acre("add", folder / "documents.json", "--collection", "local").returncode == 0
    files = {name: (folder / name).read_bytes() for name in re3d.SUFFIXES}
    raw = {
        row["_id"]: row["text"]
        for row in map(json.loads, files["documents.json"].decode().splitlines())
    }
    by_text = {
        text.normalise(document.text or "")[0]: document
        for document in re3d.documents(files, "CENTCOM")
    }
    values = Counter()
    kept = lost = moved = 0
    for article in corpus.articles():
        document = by_text[article.text]
        found = re3d.read(document, article, SCHEMA, made())
        assert [issue for issue in found.issues if issue.severity != "warning"] == []
        moved += article.text not in raw.values()
        kept += len(found.annotation.mentions)
        lost += found.dropped.total() - found.dropped["white space at the edges of a mark"]
        values.update(mention.text.strip() for mention in found.annotation.mentions if mention.text)
    entities = [json.loads(line) for line in files["entities.json"].decode().splitlines()]
    relations = len(files["relations.json"].decode().splitlines())
    assert kept + lost == len(entities) + relations
    assert moved > 0, "some text was normalised, so that offsets had to be moved"
    # What is marked are the words that re3d says, in the number of times that it says them, but for what it says twice.
    theirs = Counter(e["value"].strip() for e in entities if e["type"] in re3d.LABELS)
    # Of quotation marks re3d's values have others than its texts.
    assert {value for value in values - theirs if not re.search(r"[“”\"]", value)} == set()
    assert kept > 300
    declare("dstl")
    done = acre("convert", folder, "--from", "re3d", "--annotator", "dstl")
    assert len(list((corpus.root / "annotations" / "dstl").iterdir())) > 0
    assert "not read: " in done.stdout


@pytest.mark.server
def test_label_studio_imports_its_file_and_exports_it_again(client: Client, project: str) -> None:
    number = client.create_project({"title": project, "label_config": config.build(SCHEMA)})["id"]
    for article, annotation in REAL:
        content = FORMATS["labelstudio"].write(article, annotation, SCHEMA).files[".json"]
        client.import_tasks(number, json.loads(content))
    (page,) = client.tasks(number, annotations=True)
    assert len(page) == len(REAL)
    for task, (article, annotation) in zip(
        sorted(page, key=lambda task: task["id"]), REAL, strict=True
    ):
        exported = json.dumps([task]).encode()
        found = read("labelstudio", {".json": exported}, article, annotation.provenance)
        assert found.annotation.layers() == annotation.layers()
