"""Walks a corpus and writes its site: pages of stories, documents, labels and guidelines, and one search over all."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from annotate.corpus import store
from annotate.corpus.store import Corpus
from annotate.dataset import builder
from annotate.dataset.builder import BuildReport, BuiltArticle
from annotate.dataset.card import Figures
from annotate.measure.agreement import AgreementReport, Comparison
from annotate.model.issues import UsageError
from annotate.model.schema import Schema
from annotate.site import documents, front, labels, manual, pages, sayings, stories
from annotate.site.documents import Listed
from annotate.site.labels import Concordance
from annotate.site.search import Index
from annotate.site.stories import JoinedEvent, Story, Told

_MARKER = ".acre-site"
"""A file by which a folder is known as one that may be replaced."""
_MEASURES = ("F1", "F1 overlap", "same")
"""Of agreement, what the pages show."""


@dataclass
class SiteReport:
    """What was written, and what was not."""

    pages: int = 0
    documents: int = 0
    withheld: int = 0
    """Documents whose words are not shown."""
    unshippable: int = 0
    """Documents whose words are shown though they may not be redistributed: with `texts`."""
    built: BuildReport = field(default_factory=BuildReport)
    """With the issues of what is left out."""


class _Site:
    """Pages on their way to a folder, with the search over them."""

    def __init__(self, folder: Path, report: SiteReport) -> None:
        self._folder, self._report = folder, report
        self.index = Index()

    def page(self, address: str, html: str) -> None:
        """Write a page."""
        store.write(self._folder / address, html.encode())
        self._report.pages += 1

    def file(self, address: str, content: str) -> None:
        """Write what is no page."""
        store.write(self._folder / address, content.encode())


def write(
    corpus: Corpus,
    schema: Schema,
    guidelines: Path,
    folder: Path,
    texts: bool = False,
    on_document: Callable[[], None] = lambda: None,
) -> SiteReport:
    """Write the site into the folder, in place of the one that is there.

    Words of texts that may not be redistributed are left out, unless `texts` says that this copy is for those who may
    read them. UsageError where the folder has something else in it.
    """
    prepare(folder)
    report = SiteReport()
    site = _Site(folder, report)
    examples = manual.write(guidelines, schema, site.page, site.index)
    for address, path in manual.pictures(guidelines):
        site.file(f"guidelines/{address}", store.read_text(path))
    joins = _joins(corpus)
    several = _several(corpus)
    figures, concordance, comparison = Figures(), Concordance(), Comparison(schema)
    compared = 0
    lines: list[Listed] = []
    told: dict[str, dict[str, Told]] = {story: {} for story in sorted(set(several.values()))}
    for built in builder.documents(corpus, schema, report.built, texts):
        on_document()
        line = documents.listed(built, several.get(built.article))
        lines.append(line)
        of = documents.shown(built)
        said = sayings.sayings(of, schema)
        _document(built, line, said, joins, schema, site)
        report.unshippable += of.text is not None and not of.collection.ships_text
        figures.add(of, built.split, built.passes)
        concordance.add(of, line.name)
        if len(built.independent) > 1:
            compared += 1
            comparison.add(of.article, built.independent)
        if line.story is not None:
            told[line.story][line.id] = Told(line.name, line.outlet, line.published, said)
    report.documents, report.withheld = len(lines), sum(line.is_withheld for line in lines)
    agreement = comparison.report(only=_MEASURES) if compared else None
    of_stories = [
        stories.story(name, articles, stories.joined(corpus, name), schema)
        for name, articles in told.items()
        if articles
    ]
    _stories(of_stories, site)
    _labels(concordance, agreement, examples, schema, site)
    site.page("documents/index.html", documents.index(lines))
    site.page("index.html", front.page(corpus, figures, agreement, of_stories, schema))
    site.page("search.html", pages.render("search.html.jinja", ""))
    _assets(site, schema)
    return report


def write_guidelines(guidelines: Path, schema: Schema, folder: Path) -> None:
    """Write the guidelines as a site of their own, without anything of a corpus."""
    prepare(folder)
    site = _Site(folder, SiteReport())
    manual.write(guidelines, schema, site.page, site.index, "", ())
    for address, path in manual.pictures(guidelines):
        site.file(address, store.read_text(path))
    site.page("search.html", pages.render("search.html.jinja", "", rooms=()))
    _assets(site, schema)


def prepare(folder: Path) -> None:
    """Empty the folder of an earlier site; UsageError where it holds something else."""
    if folder.exists():
        if not folder.is_dir() or (any(folder.iterdir()) and not (folder / _MARKER).exists()):
            raise UsageError(f"{folder}: is there, and no site of acre; name another --output")
        shutil.rmtree(folder)
    try:
        store.write(folder / _MARKER, b"")
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}; give another --output") from None


def _assets(site: _Site, schema: Schema) -> None:
    site.file("style.css", pages.style_sheet(schema))
    for name in ("marks.js", "list.js", "search.js"):
        site.file(name, pages.asset(name))
    site.file("search-index.js", site.index.script())


def _several(corpus: Corpus) -> dict[str, str]:
    """By article, its story, of stories that several articles tell or whose events are joined."""
    splits = corpus.splits()
    counts = Counter(row.story for row in splits.values())
    joined = corpus.stories()
    return {
        article: row.story
        for article, row in splits.items()
        if row.story and (counts[row.story] > 1 or row.story in joined)
    }


def _joins(corpus: Corpus) -> dict[str, dict[str, str]]:
    """By document and event mention, where its story's page tells of the event."""
    addresses: dict[str, dict[str, str]] = {}
    for story in corpus.stories():
        for event in stories.joined(corpus, story):
            for document, mark in _marks(event):
                address = f"stories/{story}.html#event-{event.name}"
                addresses.setdefault(document, {})[mark] = address
    return addresses


def _marks(event: JoinedEvent) -> Iterator[tuple[str, str]]:
    for document, marks in event.marks.items():
        for mark in marks:
            yield document, mark


def _document(
    built: BuiltArticle,
    line: Listed,
    said: list[sayings.Saying],
    joins: Mapping[str, Mapping[str, str]],
    schema: Schema,
    site: _Site,
) -> None:
    site.page(
        f"documents/{line.id}.html",
        documents.page(built, line, said, joins.get(line.id, {}), schema),
    )
    if len(built.passes) > 1:
        site.page(f"documents/{line.id}.passes.html", documents.passes_page(built, line, schema))
    of = documents.shown(built)
    about = " · ".join(filter(None, (line.outlet, line.published, line.collection)))
    site.index.add(
        "document", line.name, f"documents/{line.id}.html", about, [of.text] if of.text else []
    )


def _stories(of_stories: list[Story], site: _Site) -> None:
    for each in of_stories:
        address = f"stories/{each.name}.html"
        site.page(
            address,
            pages.render("story.html.jinja", "../", "stories", story=each),
        )
        tells = [column.event.tells for column in each.matrix.columns]
        site.index.add("story", each.title, address, "; ".join(tells), [])
    site.page(
        "stories/index.html",
        pages.render("stories.html.jinja", "../", "stories", stories=of_stories),
    )


def _labels(
    concordance: Concordance,
    agreement: AgreementReport | None,
    examples: Mapping[str, list[manual.DrawnExample]],
    schema: Schema,
    site: _Site,
) -> None:
    for name, label in schema.labels.items():
        site.page(
            f"labels/{name}.html",
            labels.page(name, concordance, agreement, examples.get(name, []), schema),
        )
        site.index.add("label", pages.spaced(name), f"labels/{name}.html", label.definition, [name])
    site.page("labels/index.html", labels.index(concordance, agreement, schema))
