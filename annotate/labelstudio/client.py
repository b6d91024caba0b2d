"""Label Studio over HTTP: the one place that knows its SDK. Takes and returns plain data."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from annotate.issues import AcreError

PAGE = 200
BATCH = 500
# After a time-out the server still finishes what it was asked: wait long rather than ask twice.
_TIMEOUT = 600
_TASK_FIELDS = ("id", "project", "data", "total_annotations", "cancelled_annotations", "draft_exists")
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


class ClientError(AcreError):
    """What the server refused, or an answer that does not match what was sent."""


class Client:
    """A connection to one Label Studio."""

    def __init__(self, url: str, token: str) -> None:
        from label_studio_sdk import LabelStudio  # takes seconds to import: only when a server is spoken to

        self.url = url
        self._sdk = LabelStudio(base_url=url, api_key=token, timeout=_TIMEOUT)
        # The SDK's typed answers cost more than the transfer, and know only what they know: raw JSON it is.
        self._http = self._sdk._client_wrapper.httpx_client

    def _call(self, method: str, path: str, **kwargs: Any) -> Any:
        return self._answer(method, path, **kwargs).json()

    def _answer(self, method: str, path: str, **kwargs: Any) -> Any:
        import httpx

        # A repeated POST is a second task: only reading may be tried again.
        options = {"max_retries": 3 if method == "GET" else 0}
        try:
            answer = self._http.request(path, method=method, request_options=options, **kwargs)
        except httpx.HTTPError as error:
            raise ClientError(
                f"{self.url}: {error or type(error).__name__}; is the server up? start it with: acre serve"
            ) from None
        if answer.status_code == 401:
            raise ClientError(f"{self.url}: the token is refused; give a valid one in ACRE_TOKEN or --token-file")
        if answer.status_code >= 400:
            raise ClientError(f"{self.url}: {method} {path}: HTTP {answer.status_code}: {_brief(answer.text)}")
        return answer

    def version(self) -> str:
        """The server's release, for example 1.23.2."""
        return str(self._call("GET", "api/version")["release"])

    def clock(self) -> dt.datetime:
        """The server's time, to the second: what `updated_at` is compared with."""
        return parsedate_to_datetime(self._answer("GET", "api/version").headers["date"])

    def users(self) -> dict[int, str]:
        """E-mail address of each account, by id."""
        return {user["id"]: user["email"] for user in self._call("GET", "api/users")}

    def me(self) -> dict[str, Any]:
        """The account that the token belongs to."""
        return dict(self._call("GET", "api/current-user/whoami"))

    def project(self, title: str) -> dict[str, Any] | None:
        """The project of exactly this title, or None; ClientError where there are two."""
        found = [project for project in self._projects(title) if project["title"] == title]
        if len(found) > 1:
            numbers = ", ".join(str(project["id"]) for project in found)
            raise ClientError(f"{self.url}: two projects are called {title!r} ({numbers}); rename one")
        return found[0] if found else None

    def _projects(self, title: str) -> Iterator[dict[str, Any]]:
        page, seen = 1, 0
        while True:
            answer = self._call("GET", "api/projects", params={"title": title, "page": page, "page_size": 100})
            yield from answer["results"]
            seen += len(answer["results"])
            if seen >= answer["count"] or not answer["results"]:
                return
            page += 1

    def create_project(self, fields: dict[str, Any]) -> dict[str, Any]:
        """A new project."""
        return dict(self._call("POST", "api/projects", json=fields))

    def update_project(self, project: int, fields: dict[str, Any]) -> None:
        """Change fields of a project."""
        self._call("PATCH", f"api/projects/{project}", json=fields)

    def tasks(
        self, project: int, after: int = 0, since: dt.datetime | None = None, annotations: bool = False
    ) -> Iterator[list[dict[str, Any]]]:
        """Pages of tasks, by rising id above `after`, of those updated after `since`; with annotations and drafts or bare.

        Each page is asked for by the last id of the one before: what is added or changed meanwhile shifts nothing.
        """
        while True:
            items: list[dict[str, Any]] = [
                {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": after}
            ]
            if since is not None:
                moment = since.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
                items.append(
                    {"filter": "filter:tasks:updated_at", "operator": "greater", "type": "Datetime", "value": moment}
                )
            query = json.dumps({"filters": {"conjunction": "and", "items": items}, "ordering": ["tasks:id"]})
            included = ",".join([*_TASK_FIELDS, *(_ANNOTATION_FIELDS if annotations else ())])
            params = {"project": project, "page_size": PAGE, "query": query, "include": included, "fields": "all"}
            found = self._call("GET", "api/tasks", params=params)["tasks"]
            if not found:
                return
            yield found
            after = found[-1]["id"]

    def import_tasks(self, project: int, tasks: list[dict[str, Any]]) -> list[int]:
        """Add tasks in one batch; returns their ids in order. The counts of the answer are compared with what was sent."""
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
                    f"{self.url}: sent {sent} and the server counts {answer[field]} ({field}); compare before you load again"
                )
        return list(answer["task_ids"])

    def update_task(self, task: int, data: dict[str, Any]) -> None:
        """Replace a task's data."""
        self._call("PATCH", f"api/tasks/{task}", json={"data": data})

    def annotate(self, task: int, result: list[dict[str, Any]], seconds: float | None = None) -> int:
        """Submit an annotation as the token's account; returns its id."""
        body = {"result": result, "lead_time": seconds}
        return int(self._call("POST", f"api/tasks/{task}/annotations", json=body)["id"])

    def draft(self, task: int, result: list[dict[str, Any]]) -> None:
        """Begin an annotation as the token's account: it opens in the browser and is submitted there, or never."""
        self._call("POST", f"api/tasks/{task}/drafts", json={"result": result, "lead_time": 0})

    def predictions(self, project: int) -> list[dict[str, Any]]:
        """All predictions of the project, with their results."""
        return list(self._call("GET", "api/predictions", params={"project": project}))

    def prediction(self, number: int) -> dict[str, Any]:
        """One prediction, with its result."""
        return dict(self._call("GET", f"api/predictions/{number}"))

    def predict(self, task: int, result: list[dict[str, Any]], score: float | None, version: str) -> None:
        """Add a prediction to a task: what is offered, and no annotation."""
        body = {"task": task, "result": result, "score": score, "model_version": version}
        self._call("POST", "api/predictions", json=body)

    def forget_prediction(self, number: int) -> None:
        """Take a prediction away; annotations that began with it stay."""
        self._answer("DELETE", f"api/predictions/{number}")

    def services(self, project: int) -> list[dict[str, Any]]:
        """The suggestion services that the project asks."""
        return list(self._call("GET", "api/ml", params={"project": project}))

    def add_service(self, project: int, url: str, title: str) -> None:
        """Have the project ask a service for suggestions as a task is opened; the server looks at once whether it is there.

        Label Studio 1.23.2 connects one on this machine, then fails on the webhook that it would send it, and answers 403.
        """
        try:
            self._call("POST", "api/ml", json={"project": project, "url": url, "title": title})
        except ClientError:
            if not any(known["url"] == url and known["state"] == "CO" for known in self.services(project)):
                raise


def _brief(answer: str) -> str:
    try:
        body = json.loads(answer)
        answer = body.get("detail") or body.get("validation_errors") or answer if isinstance(body, dict) else answer
    except ValueError:
        pass
    return " ".join(str(answer).split())[:300]
