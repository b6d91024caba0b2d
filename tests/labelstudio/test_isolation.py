"""Blind desks: an annotator's account reads, changes and deletes nothing of another's, and makes no accounts."""

from __future__ import annotations

import http.client
import itertools
import json
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus.store import Corpus
from annotate.labelstudio import environment, load, server, tasks
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from tests.conftest import SENTENCE

pytestmark = pytest.mark.server


class Account:
    """Somebody with an e-mail address, a password, and all the time in the world."""

    def __init__(self) -> None:
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def log_in(self, url: str, email: str | None, password: str | None) -> str:
        """The address that logging in leads to."""
        page = self.opener.open(f"{url}/user/login/").read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        form = {
            "email": email or "",
            "password": password or "",
            "csrfmiddlewaretoken": token[1] if token else "",
        }
        return str(
            self.opener.open(f"{url}/user/login/", urllib.parse.urlencode(form).encode()).url
        )

    def ask(
        self, method: str, url: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Status and body of the answer."""
        data = (
            None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        )
        sent = {"Content-Type": "application/json"} | (headers or {})
        request = urllib.request.Request(url, data, sent, method=method)
        try:
            with self.opener.open(request) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def read(self, method: str, desk: Desk, path: str) -> tuple[int, str]:
        """Status, headers and body of the answer to exactly this spelling of a path; redirections are not followed."""
        connection = http.client.HTTPConnection(server.HOST, desk.port or 0, timeout=60)
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)
        try:
            connection.request(method, path, headers={"Cookie": cookies})
            answer = connection.getresponse()
            return answer.status, f"{answer.getheaders()} {answer.read().decode(errors='replace')}"
        finally:
            connection.close()


@pytest.fixture
def submitted(
    ben: Desk,
    corpus: Corpus,
    schema: Schema,
    write: Callable[..., tuple[Article, Annotation]],
    project: str,
) -> tuple[int, int, int]:
    """Project, task and annotation of Ben's."""
    article, annotation = write(SENTENCE, annotator="ben")
    client = Client(ben.url, ben.token)
    number = load.load(client, project, corpus.articles(), schema).project
    (task,) = itertools.chain.from_iterable(client.tasks(number))
    sent = client.annotate(task["id"], tasks.result(annotation, article, schema))
    return number, task["id"], sent


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
        (
            "POST",
            f"/api/dm/actions/?id=delete_tasks_annotations&project={project}",
            {"selectedItems": {"all": True}},
        ),
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


def test_at_the_own_desk_an_account_labels_and_does_nothing_else(
    ben: Desk, submitted: tuple[int, int, int]
) -> None:
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
    assert (
        account.ask("PATCH", f"{ben.url}/api/annotations/{annotation}/", {"result": []})[0] == 200
    )
    assert (
        account.ask("POST", f"{ben.url}/api/tasks/{task}/drafts", {"result": [], "lead_time": 1})[0]
        == 201
    )


def _routes(desk: Desk, state: Path) -> list[str]:
    """Every address that the desk's Label Studio knows, parameters as `<name>`."""
    home = server.folder(state, desk.name)
    program = [sys.executable, "-P", str(Path(__file__).with_name("routes.py"))]
    variables = environment.environment(desk, home)
    done = subprocess.run(
        program, cwd=home, env=variables, capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout.splitlines()[-1]))


WORDS = {"format": "json", "sub_path": "x", "path": "x", "filename": "x", "entity_name": "task"}


def _filled(route: str, number: int) -> str:
    """A route with its parameters filled in: with a number where no word is asked for."""
    return re.sub(r"<(\w+)>", lambda parameter: WORDS.get(parameter[1], str(number)), route)


def _spellings(path: str) -> Iterator[str]:
    """Other ways to write a path, of which a server or a guard may make something of its own."""
    bare = path.rstrip("/")
    yield from (
        f"{bare}/",
        f"{bare}//",
        f"{bare}%0A",
        f"{bare}%0Ay",
        f"{bare}/x%0Ay",
        f"{bare}%0D%0A/",
        f"{bare}%00",
    )
    yield from (
        f"{bare}.",
        f"{bare};x",
        f"{bare}/;x",
        f"{bare}%2F",
        f"{bare}%20",
        f"{bare}.json",
        f"{bare}?x=/projects",
    )
    yield from (
        f"/{path}",
        f"/.{path}",
        f"/projects/..{path}",
        f"/static/..{path}",
        f"/static/%2e%2e{path}",
    )
    yield from (
        f"/guidelines/..{path}",
        path.upper(),
        path.replace("/", "//"),
        f"/{path[1:].replace('/', '%2F')}",
    )


def test_no_route_of_the_server_shows_an_annotator_a_token(
    ben: Desk, state: Path, submitted: tuple[int, int, int]
) -> None:
    account = Account()
    account.log_in(ben.url, ben.email, ben.password)
    invited = json.loads(
        Account().ask(
            "GET", f"{ben.url}/api/invite", headers={"Authorization": f"Token {ben.token}"}
        )[1]
    )
    tokens = {"the desk's": ben.token, "the invite link's": invited["token"]}
    assert all(len(token) >= 16 for token in tokens.values())
    routes = _routes(ben, state)
    assert {
        "/user/account/<sub_path>",
        "/api/organizations/<pk>",
        "/api/invite",
        "/logout/",
        "/",
    } <= set(routes)
    numbers = itertools.product(routes, (1, *submitted))
    reads = [("GET", path) for path in sorted({_filled(*number) for number in numbers})]
    for route in routes:
        reads += [(method, _filled(route, 1)) for method in ("HEAD", "OPTIONS")]
        reads += [("GET", spelling) for spelling in _spellings(_filled(route, 1))]
    shown = []
    for method, path in reads:
        _status, answer = account.read(method, ben, path)
        shown += [
            f"{method} {path} shows {whose} token"
            for whose, token in tokens.items()
            if token in answer
        ]
    assert shown == []
    # All of it was asked by a session that lasted: no address that was only read has ended it.
    assert account.ask("GET", f"{ben.url}/api/current-user/whoami")[0] == 200


CLOSED_TO_READING = [
    "/logout", "/heidi-tips/", "/api/projects/{project}/export?exportType=JSON", "/api/projects/{project}/exports/",
    "/api/organizations/1", "/metrics/", "/docs/api/", "/projects/{project}/settings", "/user/account/x%0Ay",
]  # fmt: skip


def test_what_labelling_does_not_need_is_closed_to_reading(
    ben: Desk, state: Path, submitted: tuple[int, int, int]
) -> None:
    account = Account()
    account.log_in(ben.url, ben.email, ben.password)
    before = sorted((server.folder(state, "ben") / "data" / "export").glob("*"))
    answered = {
        path: account.read("GET", ben, path.format(project=submitted[0]))[0]
        for path in CLOSED_TO_READING
    }
    assert answered == dict.fromkeys(CLOSED_TO_READING, 403)
    assert sorted((server.folder(state, "ben") / "data" / "export").glob("*")) == before
    # Logging out is done, not read.
    assert account.ask("POST", f"{ben.url}/logout")[0] == 200
    assert account.ask("GET", f"{ben.url}/api/current-user/whoami")[0] == 401


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_a_submission_says_what_was_marked_and_not_whose_it_is(
    ben: Desk, submitted: tuple[int, int, int], kind: str
) -> None:
    project, task, annotation = submitted
    client, maintainer = Client(ben.url, ben.token), {"Authorization": f"Token {ben.token}"}
    elsewhere = int(client.create_project({"title": "elsewhere", "label_config": "<View/>"})["id"])
    (other,) = client.import_tasks(elsewhere, [{"data": {"text": "Another."}}])
    eve = json.loads(
        Account().ask("POST", f"{ben.url}/api/users/", {"email": "eve@acre.invalid"}, maintainer)[1]
    )["id"]
    account = Account()
    account.log_in(ben.url, ben.email, ben.password)

    def of(number: int) -> dict[str, Any]:
        return dict(json.loads(account.ask("GET", f"{ben.url}/api/annotations/{number}/")[1]))

    def say(method: str, path: str, fields: dict[str, Any]) -> int:
        body = fields if kind == "application/json" else urllib.parse.urlencode(fields)
        return account.ask(method, ben.url + path, body, {"Content-Type": kind})[0]

    before, moved = (
        of(annotation),
        {"task": other, "project": elsewhere, "completed_by": eve, "ground_truth": True},
    )
    try:
        for field, value in moved.items():
            say("PATCH", f"/api/annotations/{annotation}/", {field: value})
            say("PUT", f"/api/annotations/{annotation}/", {"result": [], field: value})
            say("POST", f"/api/tasks/{task}/annotations", {"result": [], field: value})
            say(
                "POST",
                f"/api/tasks/{task}/drafts",
                {"result": [], "lead_time": 1, "user": eve, field: value},
            )
        unmoved = {field: before[field] for field in moved}
        assert {field: of(annotation)[field] for field in moved} == unmoved
        for raw in json.loads(account.ask("GET", f"{ben.url}/api/tasks/{task}/annotations")[1]):
            assert {field: raw[field] for field in moved} == unmoved
        (stored,) = itertools.chain.from_iterable(client.tasks(elsewhere, annotations=True))
        assert (stored["annotations"], stored["drafts"]) == ([], [])
        # What the page itself sends is taken.
        sent = {
            "result": [],
            "lead_time": 2.5,
            "draft_id": 0,
            "parent_prediction": None,
            "project": str(project),
        }
        assert (
            account.ask("PATCH", f"{ben.url}/api/annotations/{annotation}?project={project}", sent)[
                0
            ]
            == 200
        )
        assert of(annotation)["lead_time"] == 2.5
    finally:
        Account().ask("DELETE", f"{ben.url}/api/users/{eve}/", headers=maintainer)


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
    assert [(task["id"], [raw["id"] for raw in task["annotations"]]) for task in page] == [
        (task, [annotation])
    ]
    assert page[0]["annotations"][0]["result"]
    assert set(client.users().values()) == {ben.email}
