"""Runs the rules over a whole corpus, each file read once; one annotation; and the passes that are valid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from annotate.corpus import lints, rules, splits, stories
from annotate.corpus.entry import Check, Entry
from annotate.corpus.store import Corpus, StoreError, article_file, sentences_file
from annotate.model.issues import Issue, errors
from annotate.model.records import Annotation, Article, Gold
from annotate.model.schema import Schema
from annotate.model.text import sha256


def corpus(
    folder: Corpus,
    schema: Schema,
    on_file: Callable[[str], None] = lambda what: None,
    also: Sequence[Check] = (),
) -> Iterator[Issue]:
    """All issues in a corpus folder: articles, passes, gold, assignments, splits, stories, and those of `also`.

    Each file is read once, and one article is held at a time. `on_file` is given `articles` or `annotations` for each.
    An issue's `where` is the file's path in the corpus, and within an annotation the mark's id.
    """
    checks: list[Check] = [_Articles(folder, schema, on_file)]
    for make in (
        lambda: splits.SplitCheck(folder, schema, on_file),
        lambda: stories.StoryCheck(folder),
    ):
        try:
            checks.append(make())
        except StoreError as error:
            yield error.issue
    checks += also
    for entry in entries(folder, schema):
        if isinstance(entry, StoreError):
            yield entry.issue
            continue
        for each in checks:
            yield from each.article(entry)
    for each in checks:
        yield from each.rest()


def entries(
    folder: Corpus, schema: Schema, names: Sequence[tuple[str, str]] | None = None
) -> Iterator[Entry | StoreError]:
    """Each article, or those of the names, with what the rules find in its annotations; see `Corpus.walk`."""
    for step in folder.walk(names):
        if isinstance(step, StoreError):
            yield step
            continue
        article, annotations = step
        issues = {
            path: check(annotation, article, schema) for path, annotation in annotations.items()
        }
        yield Entry(folder, article, annotations, issues)


class _Articles:
    """Articles, their annotations and who is to annotate them."""

    def __init__(self, folder: Corpus, schema: Schema, on_file: Callable[[str], None]) -> None:
        self._folder, self._schema, self._on_file = folder, schema, on_file
        self._collections = folder.collections()
        # Of each text only eight bytes of its hash are kept: this is all that grows with the corpus.
        self._texts: set[int] = set()

    def article(self, entry: Entry) -> Iterator[Issue]:
        """The article's text, zones, collection and kept sentences, and its annotations."""
        self._on_file("articles")
        article, where = entry.article, article_file(entry.article)
        text = int(article.sha256[:16], 16)
        if text in self._texts:
            message = f"another article has its text, {article.sha256[:12]}; remove one"
            yield Issue(where, "article-repeated", message)
        self._texts.add(text)
        withheld = False
        try:
            withheld = not self._collections.of(article).ships_text
        except StoreError as error:
            yield error.issue
        for issue in rules.check_article(article, self._schema):
            yield replace(issue, where=where)
        if withheld:
            yield from self._sentences(entry)
        for path, annotation in entry.annotations.items():
            self._on_file("annotations")
            for issue in (*entry.issues[path], *self._surroundings(annotation, withheld)):
                yield replace(issue, where=f"{path}: {issue.where}")

    def _sentences(self, entry: Entry) -> Iterator[Issue]:
        """The sentences that are kept of a withheld text are the text's: the dataset is built from them without it."""
        article = entry.article
        try:
            sentences = entry.sentences or ()
        except StoreError as error:
            yield error.issue
            return
        for sentence in sentences:
            words = None if article.text is None else sentence.slice(article.text)
            is_another = words is not None and sha256(words)[:8] != sentence.digest
            if sentence.end > article.length or is_another:
                message = (
                    f"{sentence.start}–{sentence.end} is no sentence of the text; remove the file,"
                    " and run acre rehydrate"
                )
                yield Issue(sentences_file(article), "sentences-behind", message)
                return

    def _surroundings(self, annotation: Annotation, withheld: bool) -> Iterator[Issue]:
        """What only the corpus around an annotation can show."""
        if withheld and any(mark.text is not None for mark in annotation.marks()):
            message = (
                "the words of its marks are written out, and the text may not be redistributed;"
                " write the file again"
            )
            yield Issue(annotation.article, "words-withheld", message)
        for annotator in annotation.provenance.made_from:
            if not self._folder.annotation_path(annotator, annotation.article).exists():
                message = (
                    f"it was made from a pass of {annotator}, which is not there; restore that pass"
                )
                yield Issue(annotation.article, "gold-pass", message)

    def rest(self) -> Iterator[Issue]:
        """Assignments of articles that there are not."""
        try:
            assigned = self._folder.assignments()
        except StoreError as error:
            yield error.issue
            return
        known = self._folder.article_ids() if assigned else frozenset()
        for name in sorted(set(assigned) - known):
            message = f"there is no article {name}; add it, or remove the row"
            yield Issue("assignments.csv", "assignment-unknown", message)


def check(annotation: Annotation, article: Article, schema: Schema) -> list[Issue]:
    """All issues in an annotation, sorted; `where` is a mark's id, or the article's.

    Where the annotation is of another text or another schema, only that is reported: the rest would be noise.
    """
    issues = list(rules.check_frame(annotation, article, schema))
    if not issues:
        for rule in rules.RULES:
            issues += rule(annotation, article, schema)
        if not any(issue.code == "link-dangling" for issue in issues):
            issues += lints.check(annotation, article, schema)
    return sorted(issues)


def passes(
    folder: Corpus,
    schema: Schema,
    skip: Callable[[str], None],
    annotators: Sequence[str] = (),
    among: Sequence[str] = (),
    unaided: bool = False,
) -> Iterator[tuple[Article, list[Annotation]]]:
    """The articles with two valid passes or more, of the annotators or of all; one article is held at a time.

    Articles are those of the collections named in `among`; where none is named, those that go into the dataset. A
    second reader's corrected passes count only where that reader is named in `annotators`. With `unaided`, passes
    that began with suggestions are left out. `skip` is called with each pass that is not valid, and why; with what
    can't be read, too.
    """
    chosen = set(among) or {
        name for name, collection in folder.collections().items() if collection.in_dataset
    }
    for step in folder.walk():
        if isinstance(step, StoreError):
            skip(str(step))
            continue
        article, annotations = step
        if article.collection not in chosen:
            continue
        valid = []
        for where, annotation in annotations.items():
            if not _is_wanted(annotation, annotators, unaided):
                continue
            issues = errors(check(annotation, article, schema))
            if issues:
                more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
                skip(f"{where}: {issues[0]}{more}")
            else:
                valid.append(annotation)
        if len(valid) > 1:
            yield article, valid


def _is_wanted(annotation: Annotation, annotators: Sequence[str], unaided: bool) -> bool:
    """Whether it is a pass, of one of the annotators where any is named, and unaided where only those are wanted.

    A corrected pass is no independent one: it is compared only where its second reader is named.
    """
    if isinstance(annotation, Gold):
        return False
    made = annotation.provenance
    if made.made_from if not annotators else made.annotator not in annotators:
        return False
    return not unaided or annotation.provenance.started_from is None
