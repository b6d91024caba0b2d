"""Blind desks: an annotator's account reads, changes and deletes nothing of another's, and makes no accounts."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from annotate import load
from annotate.labelstudio import server, tasks
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.model import Annotation, Article
from annotate.schema import Schema
from annotate.store import Corpus
from tests.conftest import SENTENCE

pytestmark = pytest.mark.server


class Account:
    """Somebody with an e-mail address, a password, and all the time in the world."""

    def __init__(self) -> None:
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def log_in(self, url: str, email: str | None, password: str | None) -> str:
        """The address that logging in leads to."""
        page = self.opener.open(f"{url}/user/login/").read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        form = {"email": email or "", "password": password or "", "csrfmiddlewaretoken": token[1] if token else ""}
        return str(self.opener.open(f"{url}/user/login/", urllib.parse.urlencode(form).encode()).url)

    def ask(self, method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and body of the answer."""
        data = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} | (headers or {})
        request = urllib.request.Request(url, data, sent, method=method)
        try:
            with self.opener.open(request) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture
def submitted(
    ben: Desk, corpus: Corpus, schema: Schema, write: Callable[..., tuple[Article, Annotation]], project: str
) -> tuple[int, int, int]:
    """Project, task and annotation of Ben's."""
    article, annotation = write(SENTENCE, annotator="ben")
    client = Client(ben.url, ben.token)
    number = load.load(client, project, corpus.articles(), schema).project
    (task,) = (task["id"] for page in client.tasks(number) for task in page)
    return number, task, client.annotate(task, tasks.result(annotation, article, schema))


def _attempts(project: int, task: int, annotation: int) -> list[tuple[str, str, Any]]:
    return [
        ("DELETE", f"/api/annotations/{annotation}/", None),
        ("DELETE", f"/api/tasks/{task}/", None),
        ("DELETE", f"/api/projects/{project}/", None),
        ("PATCH", f"/api/projects/{project}/", {"title": "mine"}),
        ("PATCH", f"/api/tasks/{task}/", {"data": {"text": "another"}}),
        ("POST", f"/api/projects/{project}/import", [{"data": {"text": "more"}}]),
        (
            "POST",
            f"/api/dm/actions?id=delete_tasks&project={project}",
            {"selectedItems": {"all": True, "excluded": []}},
        ),
        ("POST", f"/api/dm/actions/?id=delete_tasks_annotations&project={project}", {"selectedItems": {"all": True}}),
        ("POST", "/api/users/", {"email": "eve@acre.invalid", "username": "eve"}),
        ("POST", "/api/users", {"email": "eve@acre.invalid", "username": "eve"}),
        ("POST", "/api/invite/reset-token", {}),
        ("POST", "/api/token/", {}),
        ("POST", "/user/signup/", {}),
        ("POST", "/admin/users/user/add/", {}),
        ("GET", "/api/invite", None),
        ("GET", "/api/current-user/token", None),
        ("GET", "/user/account", None),
        ("GET", "/user/account/personal-access-token", None),
        ("GET", "/admin/", None),
        ("GET", "/api/token/", None),
    ]


def test_anothers_desk_is_closed(desk: Desk, ben: Desk, submitted: tuple[int, int, int]) -> None:
    project, task, annotation = submitted
    ana = Account()
    assert "/user/login" not in ana.log_in(desk.url, desk.email, desk.password)
    assert ana.ask("GET", f"{desk.url}/api/current-user/whoami")[0] == 200
    # Her account is none at Ben's desk, though both are on one machine and she can guess the address.
    assert "/user/login" in ana.log_in(ben.url, desk.email, desk.password)
    reading = [
        ("GET", f"/api/annotations/{annotation}/", None),
        ("GET", f"/api/tasks/{task}/", None),
        ("GET", f"/api/tasks?project={project}&fields=all", None),
        ("GET", f"/api/projects/{project}/export?exportType=JSON", None),
        ("GET", "/api/users/", None),
        ("PATCH", f"/api/annotations/{annotation}/", {"result": []}),
        ("POST", f"/api/tasks/{task}/annotations/", {"result": []}),
    ]
    for headers in ({}, {"Authorization": f"Token {desk.token}"}):
        for method, path, body in [*reading, *_attempts(project, task, annotation)]:
            status, said = ana.ask(method, ben.url + path, body, headers)
            assert status in (401, 403, 404), f"{method} {path} answered {status}: {said[:200]}"
    _untouched(ben, submitted)
    # Desks share a host name, and with it a browser's cookies: being at Ben's door has not logged her out at hers.
    assert ana.ask("GET", f"{desk.url}/api/current-user/whoami")[0] == 200


def test_at_the_own_desk_an_account_labels_and_does_nothing_else(ben: Desk, submitted: tuple[int, int, int]) -> None:
    account = Account()
    assert "/user/login" not in account.log_in(ben.url, ben.email, ben.password)
    for method, path, body in _attempts(*submitted):
        status, said = account.ask(method, ben.url + path, body)
        assert status == 403, f"{method} {path} answered {status}: {said[:200]}"
        assert ben.token not in said
    _untouched(ben, submitted)
    # Reading and changing the own work is what a desk is for.
    _project, task, annotation = submitted
    status, said = account.ask("GET", f"{ben.url}/api/annotations/{annotation}/")
    assert (status, len(json.loads(said)["result"]) > 0) == (200, True)
    assert account.ask("PATCH", f"{ben.url}/api/annotations/{annotation}/", {"result": []})[0] == 200
    assert account.ask("POST", f"{ben.url}/api/tasks/{task}/drafts", {"result": [], "lead_time": 1})[0] == 201


def test_no_account_reads_anothers_files(ben: Desk, state: Path) -> None:
    home = server.folder(state, "ben")
    seen = [(path, mode) for path in (home, *home.rglob("*")) if (mode := _mode(path)) is not None]
    assert [path for path, mode in seen if mode & 0o077] == []
    assert any(path.suffix == ".sqlite3" for path, _mode in seen)


def _mode(path: Path) -> int | None:
    """Who may do what with a file; none where it is gone: the desk is at work, and SQLite's side files come and go."""
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return None


def _untouched(ben: Desk, submitted: tuple[int, int, int]) -> None:
    project, task, annotation = submitted
    client = Client(ben.url, ben.token)
    (page,) = client.tasks(project, annotations=True)
    assert [(found["id"], [raw["id"] for raw in found["annotations"]]) for found in page] == [(task, [annotation])]
    assert page[0]["annotations"][0]["result"]
    assert set(client.users().values()) == {ben.email}
