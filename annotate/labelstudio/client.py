"""Label Studio over HTTP: the one place that knows its SDK. Takes and returns plain data."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from email.utils import parsedate_to_datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from annotate.corpus import store
from annotate.labelstudio import server
from annotate.model.issues import AcreError, UsageError

P = ParamSpec("P")
T = TypeVar("T")
PAGE = 100
BATCH = 500
# After a time-out the server still finishes what it was asked: wait long rather than ask twice.
_TIMEOUT = 600
_TASK_FIELDS = (
    "id",
    "project",
    "data",
    "total_annotations",
    "cancelled_annotations",
    "draft_exists",
)
# One list names the fields of the task and of what hangs on it.
_ANNOTATION_FIELDS = (
    "annotations",
    "drafts",
    "result",
    "created_at",
    "updated_at",
    "lead_time",
    "completed_by",
    "updated_by",
    "was_cancelled",
    "parent_prediction",
)
_WITHOUT_DRAFTS = tuple(name for name in _ANNOTATION_FIELDS if name != "drafts")
_DRAFT_FIELDS = ("id", *(name for name in _ANNOTATION_FIELDS if name != "annotations"))


class ClientError(AcreError):
    """What the server refused, or an answer that does not match what was sent."""


class AnswerError(ClientError):
    """An answer that says that the request failed, or that is not Label Studio's."""

    def __init__(self, message: str, status: int) -> None:
        self.status = status
        """Of HTTP."""
        super().__init__(message)


def _as_expected(method: Callable[P, T]) -> Callable[P, T]:
    """The method of a client, with AnswerError where the answer has not what Label Studio's has: it is another's."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            message = (
                f"{args[0]}: the answer is not what a Label Studio says; is it the address of one?"
            )
            raise AnswerError(message, 200) from None

    return call


class Client:
    """A connection to one Label Studio."""

    def __init__(self, url: str, token: str) -> None:
        import httpx
        from label_studio_sdk.core.client_wrapper import SyncClientWrapper

        self.url = url
        # Of the SDK that which signs in and tries again. Its typed answers cost more than the transfer, and know only
        # what they know: raw JSON it is. All of the SDK takes two seconds to import, this a fifth of one.
        transport = httpx.Client(timeout=_TIMEOUT, follow_redirects=True)
        self._http = SyncClientWrapper(
            base_url=url, api_key=token, timeout=_TIMEOUT, httpx_client=transport
        ).httpx_client

    def __str__(self) -> str:
        return self.url

    def _call(self, method: str, path: str, **kwargs: Any) -> Any:
        answer = self._answer(method, path, **kwargs)
        try:
            return answer.json()
        except (ValueError, RecursionError):
            message = (
                f"{self.url}: {method} {path}: the answer is no JSON; is it the address of a Label"
                " Studio?"
            )
            raise AnswerError(message, answer.status_code) from None

    def _answer(self, method: str, path: str, retries: int = 3, **kwargs: Any) -> Any:
        import httpx

        # A repeated POST is a second task: only reading may be tried again.
        options = {"max_retries": retries if method == "GET" else 0}
        try:
            answer = self._http.request(path, method=method, request_options=options, **kwargs)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ClientError(
                f"{self.url}: {error or type(error).__name__}; is the server up? start it with:"
                " acre serve"
            ) from None
        if answer.status_code == 401:
            raise ClientError(
                f"{self.url}: the token is refused; give a valid one in ACRE_TOKEN or --token-file"
            )
        if answer.status_code >= 400:
            status = answer.status_code
            raise AnswerError(
                f"{self.url}: {method} {path}: HTTP {status}: {_brief(answer.text)}", status
            )
        return answer

    @_as_expected
    def version(self) -> str:
        """The server's release, for example 1.23.2."""
        return str(self._call("GET", "api/version")["release"])

    @_as_expected
    def clock(self) -> dt.datetime:
        """The server's time, to the second: what `updated_at` is compared with."""
        return parsedate_to_datetime(self._answer("GET", "api/version").headers["date"])

    @_as_expected
    def users(self) -> dict[int, str]:
        """E-mail address of each account, by id."""
        return {user["id"]: user["email"] for user in self._call("GET", "api/users")}

    @_as_expected
    def me(self) -> dict[str, Any]:
        """The account that the token belongs to."""
        return dict(self._call("GET", "api/current-user/whoami"))

    @_as_expected
    def project(self, title: str) -> dict[str, Any] | None:
        """The project of exactly this title, or None; ClientError where there are two that have tasks.

        What a killed load asked for, a slow server may make at any later time: a project that nobody ever used.
        """
        projects = self.namesakes(title)
        used = [project for project in projects if project["task_number"]]
        if len(used) > 1:
            numbers = ", ".join(str(project["id"]) for project in used)
            raise ClientError(
                f"{self.url}: two projects are called {title!r} ({numbers}); rename one"
            )
        return next(iter(used or projects), None)

    def namesakes(self, title: str) -> list[dict[str, Any]]:
        """Every project of exactly this title, the oldest first."""
        projects = [project for project in self._projects(title) if project["title"] == title]
        return sorted(projects, key=lambda project: int(project["id"]))

    def _projects(self, title: str) -> Iterator[dict[str, Any]]:
        page, seen = 1, 0
        while True:
            answer = self._call(
                "GET", "api/projects", params={"title": title, "page": page, "page_size": 100}
            )
            yield from answer["results"]
            seen += len(answer["results"])
            if seen >= answer["count"] or not answer["results"]:
                return
            page += 1

    @_as_expected
    def create_project(self, fields: dict[str, Any]) -> dict[str, Any]:
        """A new project."""
        return dict(self._call("POST", "api/projects", json=fields))

    def delete_project(self, project: int) -> None:
        """With all that is in it."""
        self._answer("DELETE", f"api/projects/{project}")

    def create_view(self, project: int, title: str, hidden: Mapping[str, Collection[str]]) -> None:
        """A view of the project's list of tasks without these columns: `explore` of the list, `labeling`
        beside a text.
        """
        columns = {place: [f"tasks:{name}" for name in names] for place, names in hidden.items()}
        view = {"project": project, "data": {"title": title, "hiddenColumns": columns}}
        self._call("POST", "api/dm/views", params={"project": project}, json=view)

    def update_project(self, project: int, fields: dict[str, Any]) -> None:
        """Change fields of a project."""
        self._call("PATCH", f"api/projects/{project}", json=fields)

    def tasks(
        self,
        project: int,
        after: int = 0,
        since: dt.datetime | None = None,
        annotations: bool = False,
        salvage: bool = False,
    ) -> Iterator[list[dict[str, Any]]]:
        """Pages of the tasks with an id above `after`, by rising id, that were updated after `since`.

        With `annotations`, each task has its annotations and drafts. Each page is requested by the last id of the one
        before: what is added or changed meanwhile shifts nothing. Label Studio stores what it then fails to give, and
        fails with it on the whole page. Such a task ends in ClientError, or, with `salvage`, comes with as much of it
        as the server gives: see `task`.
        """
        fields = _TASK_FIELDS + (_WITHOUT_DRAFTS if annotations else ())
        while True:
            try:
                page = self._page(project, fields, after, since=since)
            except AnswerError as error:
                numbers = [task["id"] for task in self._page(project, ("id",), after, since=since)]
                if error.status < 500 or not numbers:
                    raise
                page = self._halves(project, numbers, fields, since, salvage)
            if not page:
                return
            if annotations:
                self._add_drafts(page, project, since, salvage)
            yield page
            after = page[-1]["id"]

    def task(self, project: int, number: int) -> dict[str, Any] | None:
        """One task with its annotations and drafts, as far as the server gives them; None where there is none.

        Where the server fails, `unreadable`, in the task and in an annotation, lists what it does not give.
        """
        tasks = self._halves(
            project, [number], _TASK_FIELDS + _ANNOTATION_FIELDS, None, salvage=True
        )
        return tasks[0] if tasks else None

    def _add_drafts(
        self,
        page: list[dict[str, Any]],
        project: int,
        since: dt.datetime | None,
        salvage: bool,
    ) -> None:
        """The drafts of those tasks of which there are any; those of each task of a page take a seventh of its time."""
        begun = [task["id"] for task in page if task.get("draft_exists") and "drafts" not in task]
        found = self._halves(project, begun, _DRAFT_FIELDS, since, salvage) if begun else []
        drafts = {task["id"]: task.get("drafts", []) for task in found}
        for task in page:
            task.setdefault("drafts", drafts.get(task["id"], []))

    @_as_expected
    def _page(
        self,
        project: int,
        fields: tuple[str, ...],
        after: int,
        before: int | None = None,
        since: dt.datetime | None = None,
        retries: int = 3,
    ) -> list[dict[str, Any]]:
        conditions: list[tuple[str, str, str, int | str]] = [("id", "greater", "Number", after)]
        if before is not None:
            conditions.append(("id", "less", "Number", before))
        if since is not None:
            moment = since.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            conditions.append(("updated_at", "greater", "Datetime", moment))
        items = [
            {"filter": f"filter:tasks:{name}", "operator": operator, "type": kind, "value": value}
            for name, operator, kind, value in conditions
        ]
        query = json.dumps(
            {"filters": {"conjunction": "and", "items": items}, "ordering": ["tasks:id"]}
        )
        params = {
            "project": project, "page_size": PAGE, "query": query, "include": ",".join(fields), "fields": "all",
        }  # fmt: skip
        tasks = self._call("GET", "api/tasks", params=params, retries=retries)["tasks"]
        if not all(type(task["id"]) is int for task in tasks):
            raise TypeError("a task without a number")
        return list(tasks)

    def _halves(
        self,
        project: int,
        numbers: list[int],
        fields: tuple[str, ...],
        since: dt.datetime | None,
        salvage: bool,
    ) -> list[dict[str, Any]]:
        """The tasks of these ids, where a page of them failed: requested by halves, down to the one that fails."""
        try:
            return self._page(project, fields, numbers[0] - 1, numbers[-1] + 1, since, retries=0)
        except AnswerError as error:
            if error.status < 500:
                raise
            if len(numbers) == 1 and salvage:
                return [self._salvage(project, numbers[0])]
            if len(numbers) == 1:
                raise ClientError(
                    f"{self.url}: the server fails to give task {numbers[0]} (HTTP {error.status});"
                    " mend or delete it in Label Studio"
                ) from None
        middle = len(numbers) // 2
        first = self._halves(project, numbers[:middle], fields, since, salvage)
        return first + self._halves(project, numbers[middle:], fields, since, salvage)

    def _salvage(self, project: int, number: int) -> dict[str, Any]:
        """As much of the task as the server gives, part by part; `unreadable` lists the other parts."""
        task: dict[str, Any] = {"id": number}
        unreadable = []
        without_results = tuple(
            name for name in _ANNOTATION_FIELDS if name not in ("result", "drafts")
        )
        parts = {"data": _TASK_FIELDS, "annotations": without_results, "drafts": ("drafts",)}
        for part, fields in parts.items():
            try:
                page = self._page(project, ("id", *fields), number - 1, number + 1, retries=0)
            except AnswerError:
                unreadable.append(part)
                continue
            for fields_of_task in page:
                task |= fields_of_task
        if "drafts" in unreadable:
            # Nobody reads them: what matters is that there is one.
            unreadable.remove("drafts")
            task["drafts"] = [None]
        for raw in task.get("annotations", ()):
            try:
                raw["result"] = self._call("GET", f"api/annotations/{raw['id']}", retries=0)[
                    "result"
                ]
            except AnswerError:
                raw["unreadable"] = ["result"]
                unreadable.append(f"annotation {raw['id']}")
        return task | ({"unreadable": unreadable} if unreadable else {})

    @_as_expected
    def import_tasks(self, project: int, tasks: list[dict[str, Any]]) -> list[int]:
        """Add tasks in one batch; returns their ids in order.

        ClientError where the server counts other tasks, annotations or predictions than were sent.
        """
        params = {"return_task_ids": "true"}
        answer = self._call("POST", f"api/projects/{project}/import", params=params, json=tasks)
        for field, key in (
            ("task_count", None),
            ("annotation_count", "annotations"),
            ("prediction_count", "predictions"),
        ):
            sent = len(tasks) if key is None else sum(len(task.get(key, ())) for task in tasks)
            if answer[field] != sent:
                # On SQLite an import that meets a lock answers 201 and drops all annotations and predictions.
                raise ClientError(
                    f"{self.url}: sent {sent} and the server counts {answer[field]} ({field});"
                    " compare before you load again"
                )
        return list(answer["task_ids"])

    def update_task(self, task: int, data: dict[str, Any]) -> None:
        """Replace a task's data."""
        self._call("PATCH", f"api/tasks/{task}", json={"data": data})

    @_as_expected
    def annotate(
        self, task: int, result: list[dict[str, Any]], seconds: float | None = None
    ) -> int:
        """Submit an annotation as the token's account; returns its id."""
        body = {"result": result, "lead_time": seconds}
        return int(self._call("POST", f"api/tasks/{task}/annotations", json=body)["id"])

    def draft(self, task: int, result: list[dict[str, Any]]) -> None:
        """Begin an annotation as the token's account: it opens in the browser and is submitted there, or never."""
        self._call("POST", f"api/tasks/{task}/drafts", json={"result": result, "lead_time": 0})

    @_as_expected
    def predictions(self, project: int) -> list[dict[str, Any]]:
        """All predictions of the project, with their results."""
        return list(self._call("GET", "api/predictions", params={"project": project}))

    @_as_expected
    def prediction_of(self, task: int) -> int | None:
        """The id of the task's prediction, the newest where there are several; None where there is none."""
        predictions = self._call("GET", "api/predictions", params={"task": task})
        return max((int(prediction["id"]) for prediction in predictions), default=None)

    @_as_expected
    def prediction(self, number: int) -> dict[str, Any]:
        """One prediction, with its result."""
        return dict(self._call("GET", f"api/predictions/{number}"))

    def predict(
        self, task: int, result: list[dict[str, Any]], score: float | None, version: str
    ) -> None:
        """Add a prediction to a task: what is offered, and no annotation."""
        body = {"task": task, "result": result, "score": score, "model_version": version}
        self._call("POST", "api/predictions", json=body)

    def forget_prediction(self, number: int) -> None:
        """Take a prediction away; annotations that began with it stay."""
        self._answer("DELETE", f"api/predictions/{number}")

    @_as_expected
    def services(self, project: int) -> list[dict[str, Any]]:
        """The suggestion services that the project asks."""
        return list(self._call("GET", "api/ml", params={"project": project}))

    @_as_expected
    def add_service(self, project: int, url: str, title: str) -> None:
        """Have the project ask a service for suggestions as a task is opened; the server tries the service at once.

        Label Studio 1.23.2 connects one on this machine, then fails on the webhook that it would send, and answers
        403: where it lists the service as connected, this is no failure.
        """
        try:
            self._call("POST", "api/ml", json={"project": project, "url": url, "title": title})
        except ClientError:
            services = self.services(project)
            connected = {service["url"] for service in services if service["state"] == "CO"}
            if url not in connected:
                raise


def connect(state: Path, name: str, url: str | None = None, token: Path | None = None) -> Client:
    """A client of the address, with the token of that file or of ACRE_TOKEN; without an address, of the desk."""
    if url:
        return Client(url.rstrip("/"), read_token(token))
    desk = server.read(state, name)
    return Client(desk.url, desk.token)


def read_token(path: Path | None) -> str:
    """The access token, from the file or from ACRE_TOKEN; UsageError where there is none."""
    # Never an argument: the process list shows those to everyone on the machine.
    token = store.read_text(path).strip() if path else os.environ.get("ACRE_TOKEN", "")
    if not token:
        raise UsageError(
            "--url needs an access token; give it in the variable ACRE_TOKEN or in a file with"
            " --token-file"
        )
    return token


def task_pages(
    state: Path, project: str, desks: Collection[str], articles: Collection[str]
) -> dict[tuple[str, str], str]:
    """By desk and article, the address of the article's task in the project; only of desks that are up."""
    addresses: dict[tuple[str, str], str] = {}
    for name in desks if articles else ():
        try:
            desk = server.read(state, name)
            if desk.pid is None or server.is_ours(desk):
                addresses |= _task_pages(desk, project, articles)
        except AcreError:  # no such desk, or it is down: a file of the corpus is named instead
            continue
    return addresses


def _task_pages(
    desk: server.Desk, title: str, articles: Collection[str]
) -> dict[tuple[str, str], str]:
    client = Client(desk.url, desk.token)
    project = client.project(title)
    addresses = {}
    for page in client.tasks(project["id"]) if project else ():
        for task in page:
            article = task["data"].get("article")
            if article in articles:
                address = f"{desk.url}/projects/{task['project']}/data?task={task['id']}"
                addresses[desk.name, article] = address
    return addresses


def _brief(answer: str) -> str:
    try:
        body = json.loads(answer)
        answer = (
            body.get("detail") or body.get("validation_errors") or answer
            if isinstance(body, dict)
            else answer
        )
    except ValueError:
        pass
    return " ".join(str(answer).split())[:300]
