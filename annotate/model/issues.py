"""What a check finds: where, what was found, what to do."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Severity(enum.StrEnum):
    """How bad an issue is: an error keeps a file out, a warning asks for a look, a note only tells."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


CODES = {
    # what Label Studio sent
    "annotator-unknown": "An account that stands for no annotator: give it a pseudonym.",
    "answer-stale": (
        "An answer to a question that the region's label, changed since, no longer asks; left out."
    ),
    "article-unknown": "A task or an annotation whose article the corpus does not have.",
    "label-missing": "A region without a label.",
    "label-several": "A region with several labels.",
    "link-unlabelled": "A relation without a label.",
    "pass-foreign": "An annotation last changed by another account than its annotator's.",
    "pass-shorter": (
        "A pass with fewer marks, links or answers than the one that it replaces or would replace, or"
        " of which nothing could be read."
    ),
    "suggestions-unknown": (
        "A pass began with suggestions, and an export of Label Studio does not tell whose; a server does."
    ),
    "pass-older": (
        "A second annotation of the same article by the same annotator; the newer one is kept."
    ),
    "region-note": "A note on a region, which stays in Label Studio.",
    "result-malformed": (
        "A part of a task, an annotation or its result that is not what Label Studio writes."
    ),
    "task-repeated": "An article that is in two tasks of a project.",
    "task-unreadable": "A task or an annotation that the server stores and fails to give.",
    "text-changed": "A task whose text is not the article's.",
    # marks
    "attribute-missing": "A required attribute that was not given.",
    "attribute-misplaced": "An attribute that the label does not have.",
    "attribute-unknown": "An attribute that the schema does not have.",
    "attribute-value": "A value that the attribute does not allow.",
    "count-bounds": "A quantity whose min is greater than its max.",
    "label-unknown": "A label that the schema does not have.",
    "mark-duplicate": "Two marks with the same label over the same words.",
    "mark-space": "A mark that starts or ends with white space.",
    "mark-word": "A mark that starts or ends within a word; where half a word is meant, it may stay.",
    "mark-text": "Words of a mark that are not the article's at its offsets.",
    "offset-range": "Offsets outside the article.",
    # what links them
    "cluster-overlap": "A mark in two clusters of the same thing.",
    "cluster-small": "A cluster of fewer than two marks.",
    "event-bare": "An event mention without arguments.",
    "id-duplicate": "An id that two marks share.",
    "link-dangling": "A link to a mark that is not there.",
    "link-misplaced": "A link that can't join marks of these layers.",
    "link-cycle": "Events that are arguments of one another in a circle.",
    "link-repeated": "A second source or cue of one content, or the same link twice.",
    "role-filler": "A mark that can't fill the role.",
    "role-unknown": "A role that the event type does not have.",
    "span-unlinked": "A source or a cue that no content is linked to.",
    "source-in-content": "An attribution whose source lies in its own content.",
    "time-future": "An event told as past whose time is after the date of publication.",
    # gold that a rule of the guidelines makes suspicious
    "count-noun": "A counted phrase in `count` whose noun, marked inside it, fills no role of the event.",
    "filler-nested": "Two fillers of one role of an event of which one lies in the other.",
    "mention-clause": "A mention or a source with a relative clause in it.",
    "source-status": "One source with two values of `source_status`.",
    "time-value": "A time that counts from the day of publication and has no value.",
    "trigger-determiner": "A trigger that is a determiner or a pronoun, or starts with one.",
    "trigger-function": "A trigger that is a preposition, an auxiliary or a negation, or starts with one.",
    "trigger-light": "A trigger that is a light verb, or starts with one.",
    "unit-persons": "A quantity of persons whose unit is another noun than *people*.",
    "words-unmarked": "A name or a trigger that the article has with a mark and without.",
    # zones
    "zone-crossed": "A mark that runs over the border of two zones; only a content may.",
    "zone-gap": "Words of the article that are in no zone.",
    "zone-overlap": "Zones that overlap or are out of order.",
    "zone-range": "A zone that ends after the article.",
    "zone-silent": "A mark in a zone that is read and not annotated.",
    "zone-space": "A zone that starts or ends with white space.",
    "zone-unknown": "A kind of zone that the schema does not have.",
    # gold
    "gold-pass": "Gold made from a pass that the corpus does not have.",
    "record-idle": "A record of where a unit of gold came from, and no such unit.",
    "record-missing": "A unit of gold without a record of where it came from.",
    "choice-open": (
        "A mark on a sheet that the passes differ in, and that is neither kept nor rejected yet."
    ),
    "lint-unknown": "An answer on a review sheet to a lint that there is not.",
    "review-gone": "A mark of gold that a review sheet no longer has, and that nobody rejected.",
    "review-reason": "A change on a review sheet without its reason.",
    "migration-look": "A mark that a migration could not settle: a person must look at it again.",
    "sheet-stale": "A filled sheet that comes after gold was changed in another way.",
    "sheet-unknown": (
        "A filled sheet whose passes, as they were when it was made, are not kept here."
    ),
    # the file
    "article-unusable": "An article whose language, length or metadata a later step could not use.",
    "article-repeated": "A text that the corpus has under another id already.",
    "assignment-unknown": "An assignment of an article that the corpus does not have.",
    "collection-unknown": "An article of a collection that is not declared.",
    "dataset-behind": "A row of the built dataset that is not what the corpus builds.",
    "file-misplaced": "A file whose name or folder is not what it says itself.",
    "file-unreadable": (
        "A file that is not what it should be: damaged, or with fields unknown or missing."
    ),
    "schema-version": "An annotation made under another version of the schema.",
    "text-damaged": "An article's text that does not match its length and hash.",
    "text-hash": "An annotation of another text than the corpus's.",
    "text-unnormalised": (
        "A text that is not in the corpus's form: NFC, newlines only, no control characters."
    ),
    "sentences-behind": "Sentences kept of a withheld text that are not the text's.",
    "split-leak": "What is in two splits: a story, a paragraph, or a text and its near copy.",
    "split-missing": "An article of the dataset that `splits.csv` does not place.",
    "split-unknown": "A row of `splits.csv` with an article or a split that there is not.",
    "story-mark": (
        "A joined event whose mark is no event mention of the article's gold, or is in two joined events."
    ),
    "story-unknown": "A joined event of a story, or of an article in it, that `splits.csv` does not have.",
    "words-withheld": "An annotation that holds words of a text that may not be redistributed.",
}
"""Every code, with what it means; the table in `docs/issues.md` is made from it."""


@dataclass(frozen=True, order=True)
class Issue:
    """One finding; `code` is one of `CODES`, and `message` says what was found and what to do."""

    where: str
    code: str
    message: str
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise KeyError(f"{self.code!r} is not among the issue codes; register it in CODES")

    def __str__(self) -> str:
        return f"{self.where}: {self.code}: {self.message}"


def errors(issues: Iterable[Issue]) -> list[Issue]:
    """The issues that keep a file out."""
    return [issue for issue in issues if issue.severity is Severity.ERROR]


class AcreError(Exception):
    """Bad input or a refused step, worded for the person who reads it; the command prints it without a traceback."""

    exit_code = 1


class UsageError(AcreError):
    """The command was asked for something it cannot mean."""

    exit_code = 2
