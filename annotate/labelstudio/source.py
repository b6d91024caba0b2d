"""Where tasks with their annotations come from: a project of a server, or the file that one was exported to."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, Field, ValidationError

from annotate.corpus import store
from annotate.corpus.store import Corpus
from annotate.labelstudio.ahead import ahead
from annotate.labelstudio.client import AnswerError, Client
from annotate.labelstudio.export import SourceError as SourceError
from annotate.labelstudio.export import entries
from annotate.labelstudio.results import was_cancelled
from annotate.labelstudio.tasks import SET_ASIDE
from annotate.model.issues import AcreError, UsageError
from annotate.model.records import Moment

# A task updated in the second in which the pull began may be on either side of it.
_OVERLAP = dt.timedelta(seconds=2)
_ANNOTATION = (
    "id", "result", "completed_by", "was_cancelled", "created_at", "updated_at", "lead_time", "project", "updated_by",
    "parent_prediction",
)  # fmt: skip
"""Of an annotation, what a server is asked for, in the order in which it comes."""


class Source(Protocol):
    """A project's tasks, as a server sends them."""

    name: str
    """Of the project, for messages."""
    key: str
    """Of the project where it stands: what is set aside without an article carries it."""
    users: Mapping[int, str]
    """E-mail address of each account, by id, as far as it is known."""
    resumes: bool
    """Whether it notes how far it got: then all of a page must be on the disk before the next is asked for."""

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """The tasks with annotations and drafts, some at a time."""

    def prediction(self, number: int) -> dict[str, Any]:
        """A prediction of a task of the page; AnswerError where it can't be had."""

    def prediction_of(self, task: int) -> int | None:
        """The number of the newest prediction of that task of the page; None where none is known."""

    def address(self, task: int) -> str | None:
        """Where the task is opened in a browser; None where that is not known."""

    def note(self, task: dict[str, Any], reasons: list[dict[str, str]]) -> None:
        """Leave with the task why its newest annotation was set aside, each reason with its mark; or, of none, that it
        was not."""

    def has_pass(self, task: int, annotator: str, article: str) -> None:
        """Remember that the corpus has this pass of the task of the page."""

    def asked(self) -> dict[str, Any]:
        """Since when tasks were asked for, None for all, and how many there are; nothing where that is not known."""


# No Label Studio is older: a file that says otherwise is damaged, and what is reckoned from it leaves the calendar.
_Moment = Annotated[Moment, Field(ge=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))]


def in_words(asked: Mapping[str, Any]) -> str:
    """What a source `asked`: a pull that brings nothing says why."""
    since = asked["since"]
    of = f"those touched since {since} were" if since else "all were"
    return f"the project has {asked['tasks']} tasks; {of} asked for"


class _Seen(BaseModel):
    """What was seen of a task."""

    annotations: int
    """How many were submitted, cancelled ones left out."""
    passes: list[tuple[str, str]] = []
    """Annotator and article of what the corpus got of it."""


class _Progress(BaseModel):
    """How far a project has been pulled."""

    since: _Moment | None = None
    """Since when tasks are of interest; None: all are."""
    until: _Moment | None = None
    """What the next pull starts from, where this one was cut off."""
    after: int = 0
    """The id to go on after."""
    failed: list[int] = []
    """Tasks that the server failed to give: they are requested whenever they were touched last."""
    tasks: dict[int, _Seen] = {}
    """Those with annotations."""

    def is_ahead(self, clock: dt.datetime) -> bool:
        """Whether it is of a time that the server has not come to: its clock was set back, or the file is another's."""
        moments = [moment for moment in (self.since, self.until) if moment is not None]
        return any(moment - _OVERLAP > clock for moment in moments)

    def gone(self, passes: Mapping[str, Collection[str]]) -> set[int]:
        """The tasks of which the corpus had a pass that is not among `passes`, annotators by article, any more."""
        return {
            number
            for number, seen in self.tasks.items()
            if any(name not in passes.get(article, ()) for name, article in seen.passes)
        }


class PullCursor:
    """The file that keeps how far a project has been pulled into this copy of the corpus."""

    def __init__(self, corpus: Corpus, url: str, project: int) -> None:
        self.key = hashlib.sha256(f"{url} {project}".encode()).hexdigest()[:12]
        """Of the project on its server."""
        self._path: Path = corpus.pull_path(self.key)

    def read(self) -> _Progress:
        """As it was written last; from the start where it was not, or can't be read."""
        try:
            return _Progress.model_validate_json(self._path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return _Progress()

    def write(self, progress: _Progress) -> None:
        """Keep it."""
        store.write(self._path, (progress.model_dump_json(exclude_defaults=True) + "\n").encode())


class Server:
    """A project of a server: by page, resumable, and only what was touched since the last pull, unless `everything`.

    What the server itself failed to give is asked for again by every later pull.
    """

    resumes = True

    def __init__(
        self,
        client: Client,
        title: str,
        corpus: Corpus,
        everything: bool = False,
        dry: bool = False,
        notes: bool = False,
    ) -> None:
        """With `notes`, a task whose annotation was set aside carries the reasons, and its page shows them."""
        project = client.project(title)
        if project is None:
            raise AcreError(
                f"{client.url}: no project {title!r}; name one with --project, or make it with: acre"
                " load"
            )
        self.name = f"project {title}"
        self.users: Mapping[int, str] = client.users()
        self._client, self._project, self._corpus = client, project["id"], corpus
        self._counts = {
            name: int(project.get(f"{name}_number") or 0) for name in ("task", "total_annotations")
        }
        self._cursor = PullCursor(corpus, client.url, project["id"])
        self.key = self._cursor.key
        self._everything, self._dry, self._notes = everything, dry, notes and not dry
        self._since: dt.datetime | None = None
        self._tasks: dict[int, _Seen] = {}

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """Those touched since, then those that the server failed to give before, since it may have been mended, and
        those of which a pass was in the corpus and is gone.

        Where the server has more annotations than were ever seen, because its clock was set or a file of another copy
        is here, all tasks follow.
        """
        clock = self._client.clock()
        progress = self._cursor.read()
        if self._everything or progress.is_ahead(clock):
            progress = _Progress(failed=progress.failed)
        self._since, self._tasks = progress.since, progress.tasks
        until, failed = progress.until or clock, set(progress.failed)
        not_seen = failed | progress.gone(self._corpus.passes())
        for page in self._touched(progress.after, progress.since):
            yield page
            self._see(page, failed)
            not_seen -= {task["id"] for task in page}
            self._remember(failed, since=progress.since, until=until, after=page[-1]["id"])
        if progress.since and self._annotations() < self._counts["total_annotations"]:
            self._since, not_seen = None, set(failed)
            for page in self._touched(0, None):
                yield page
                self._see(page, failed)
                not_seen -= {task["id"] for task in page}
        for number in sorted(not_seen):
            again = self._client.task(self._project, number)
            if again is None:
                failed.discard(number)
                self._tasks.pop(number, None)
            else:
                yield [again]
                self._see([again], failed)
        self._remember(failed, since=until - _OVERLAP)

    def _touched(self, after: int, since: dt.datetime | None) -> Iterator[list[dict[str, Any]]]:
        """A page is asked for while the one before it is worked on."""
        return ahead(
            self._client.tasks(self._project, after, since, annotations=True, salvage=True)
        )

    def _annotations(self) -> int:
        return sum(seen.annotations for seen in self._tasks.values())

    def _see(self, page: list[dict[str, Any]], failed: set[int]) -> None:
        """Note how much there is of each task, and which of them the server failed on."""
        for task in page:
            number, annotations = task["id"], task.get("annotations")
            if task.get("unreadable"):
                failed.add(number)
            else:
                failed.discard(number)
            submitted = sum(
                not was_cancelled(raw)
                for raw in (annotations if isinstance(annotations, list) else ())
            )
            if submitted:
                seen = self._tasks.setdefault(number, _Seen(annotations=0))
                self._tasks[number] = seen.model_copy(update={"annotations": submitted})
            else:
                self._tasks.pop(number, None)

    def has_pass(self, task: int, annotator: str, article: str) -> None:
        """In the file that keeps how far the project was pulled."""
        seen = self._tasks.setdefault(task, _Seen(annotations=0))
        if (annotator, article) not in seen.passes:
            passes = [*seen.passes, (annotator, article)]
            self._tasks[task] = seen.model_copy(update={"passes": passes})

    def asked(self) -> dict[str, Any]:
        """As of the pull that was made; all tasks where more had to be asked for."""
        since = self._since.isoformat() if self._since else None
        return {"since": since, "tasks": self._counts["task"]}

    def prediction(self, number: int) -> dict[str, Any]:
        """As the server has it now."""
        return self._client.prediction(number)

    def prediction_of(self, task: int) -> int | None:
        """As the server has it now."""
        return self._client.prediction_of(task)

    def address(self, task: int) -> str | None:
        """The labelling page."""
        return f"{self._client.url}/projects/{self._project}/data?task={task}"

    def note(self, task: dict[str, Any], reasons: list[dict[str, str]]) -> None:
        """In the task's data, where `load` leaves it alone; only a change is written."""
        if not self._notes:
            return
        before = task["data"].get(SET_ASIDE)
        if reasons == (before.get("faults", []) if isinstance(before, dict) else []):
            return
        data = {name: value for name, value in task["data"].items() if name != SET_ASIDE}
        if reasons:
            data[SET_ASIDE] = {"at": self._client.clock().isoformat(), "faults": reasons}
        self._client.update_task(task["id"], data)

    def _remember(self, failed: set[int], **progress: Any) -> None:
        if not self._dry:
            self._cursor.write(_Progress(failed=sorted(failed), tasks=self._tasks, **progress))


class File:
    """The file that Label Studio gives under Export as JSON, or as a snapshot; read as a stream, whatever its size.

    An export tells an account by its id alone, but for some that have the whole account there: of those the e-mail
    address is known once an annotation of theirs was read.
    """

    resumes = False

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.key = hashlib.sha256(str(path.resolve()).encode(errors="surrogateescape")).hexdigest()[
            :12
        ]
        self._emails: dict[int, str] = {}
        self.users: Mapping[int, str] = self._emails
        self._path, self._predictions = path, dict[int, dict[str, Any]]()

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """Task by task. SourceError, also after some, where the file is no export or breaks off."""
        count = 0
        try:
            for entry in entries(self._path):
                if not count:
                    _check(entry)
                count += 1
                yield [self._task(entry)]
        except OSError as error:
            raise UsageError(
                f"{self._path}: {error.strerror}; name the file that Label Studio exported"
            ) from None
        except SourceError as error:
            read = f" ({count} tasks before that were read)" if count else ""
            raise SourceError(f"{error}{read}") from None
        if not count:
            raise SourceError("no tasks in it; export those that are annotated")

    def prediction(self, number: int) -> dict[str, Any]:
        """As it was when the annotation was submitted: the file holds it whole."""
        if number not in self._predictions:
            raise AnswerError("the file does not hold it: pull from the server instead", 404)
        return self._predictions[number]

    def prediction_of(self, task: int) -> int | None:
        """Of those that the file holds of the task that was read last."""
        return max(self._predictions, default=None)

    def address(self, task: int) -> str | None:
        """None: an export does not tell its server's."""
        return None

    def note(self, task: dict[str, Any], reasons: list[dict[str, str]]) -> None:
        """Nothing: a file is read only."""

    def has_pass(self, task: int, annotator: str, article: str) -> None:
        """Nothing: a file is read whole each time."""

    def asked(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def _task(self, entry: Any) -> dict[str, Any]:
        """The task as a server sends it; what is not of that shape stays as it is."""
        if not isinstance(entry, dict):
            return {"entry": entry}
        task: dict[str, Any] = {"drafts": []} | entry
        annotations = task.get("annotations")
        offered = task.get("predictions")
        self._predictions = {}
        for raw in offered if isinstance(offered, list) else []:
            self._offer(raw)
        if isinstance(annotations, list):
            task["annotations"] = [self._annotation(raw) for raw in annotations]
        return task

    def _annotation(self, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        self._offer(raw.get("prediction"))
        annotation = {name: raw[name] for name in _ANNOTATION if name in raw}
        for name in ("completed_by", "updated_by"):
            account = annotation.get(name)
            if isinstance(account, dict) and type(account.get("id")) is int:
                annotation[name] = account["id"]
                if isinstance(account.get("email"), str):
                    self._emails[account["id"]] = account["email"]
        return annotation

    def _offer(self, prediction: Any) -> None:
        if isinstance(prediction, dict) and type(prediction.get("id")) is int:
            self._predictions[prediction["id"]] = prediction


def _check(entry: Any) -> None:
    """Whether the first entry is a task; SourceError says what the file may be instead."""
    if not isinstance(entry, dict) or not isinstance(entry.get("data"), dict):
        raise SourceError("its first entry is no task with `data`; export it as JSON, not JSON-MIN")
    if not isinstance(entry.get("annotations"), list):
        raise SourceError("its first task has no list `annotations`; export it as JSON")
    if type(entry.get("id")) is not int:
        raise SourceError(
            "its first task has no id, as in a file for import; read it with: acre convert --from"
            " labelstudio"
        )
