"""Runs as a desk's Label Studio process: Label Studio's own server, with four middlewares more.

One lets the annotator's account label and do nothing else, one slows the guessing of its password down, one puts
the scripts of `page/` into each page, so that the editor works as documented, one serves the guidelines. They are
appended to the base settings before the server reads them: a settings module of our own can't be named, since Label
Studio's reads itself while it is imported.
"""

from __future__ import annotations

import fcntl
import hmac
import importlib
import json
import math
import os
import re
import socketserver
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

GUIDELINES = "/guidelines/"

# Off by default, and kept in the browser: only a page of the same origin can set them. What the annotator chose stays.
EDITOR_DEFAULTS = {
    "selectAfterCreate": True,  # a hotkey after marking answers a question of the new mark
    "continuousLabeling": False,  # one key, one mark: labels that stick get applied by accident
    "showLabels": True,
    "enableHotkeys": True,
    "enablePanelHotkeys": True,
    "enableLabelTooltips": True,
    "enableTooltips": True,
}
# Label Studio strips styles from the instructions.
_STYLE = f"""
table:has(a[href^="{GUIDELINES}"]) td {{ vertical-align: top; padding: 2px 12px 4px 0; }}
p:has(> a[href^="{GUIDELINES}"]) ~ ol {{ list-style: decimal; padding-left: 1.5em; }}
p:has(> a[href^="{GUIDELINES}"]) ~ h4 {{ margin: 12px 0 4px; }}
"""
_PAGE = Path(__file__).parent / "page"
_OPTIONS = json.dumps(
    {
        "settings": EDITOR_DEFAULTS,
        "guidelines": GUIDELINES,
        "desk": os.environ.get("ACRE_DESK", "desk"),
    }
)


def _head() -> bytes:
    """All of `page/` as one script, in a scope of its own, and one style sheet."""
    scripts = (path.read_text(encoding="utf-8") for path in sorted(_PAGE.glob("*.js")))
    script = "\n".join(scripts)
    style = _STYLE + (_PAGE / "page.css").read_text(encoding="utf-8")
    return f"<script>\n(() => {{\n{script}start({_OPTIONS});\n}})();\n</script><style>{style}</style>".encode()


_HEAD = _head()


# In Label Studio's open-source edition every account is an administrator. What labelling asks of the server is little,
# and all else is closed, however its address is written. The lists are of whole paths, without a slash at the end.
_READING = re.compile(
    r"|/user/login|/health|/favicon\.ico|/sw(-fallback)?\.js"
    r"|/(static|react-app)/(?!.*\.\.)[\w./@~+-]+"
    rf"|{GUIDELINES[:-1]}(/.*)?"
    r"|/projects(/\d+(/data)?)?"
    r"|/api/(version|users|ml|label_links)"
    r"|/api/current-user/(whoami|hotkeys|product-tour)"
    r"|/api/dm/(columns|project|actions|views(/\d+)?)"
    r"|/api/projects(/\d+(/label-stream-history)?)?"
    r"|/api/tasks(/\d+(/annotations|/drafts)?)?"
    r"|/api/(annotations|drafts|predictions)/\d+",
    re.ASCII,
)
_SUBMITTING = re.compile(
    r"POST /api/tasks/\d+/(annotations(/\d+/drafts)?|drafts)"
    r"|(PATCH|PUT) /api/(annotations|drafts)/\d+",
    re.ASCII,
)
_WORKING = re.compile(
    r"POST /user/login|POST /logout"
    r"|DELETE /api/drafts/\d+"
    r"|(POST|PATCH|PUT) /api/dm/views(/\d+|/reset|/order|/\d+/selected-items)?"
    r"|DELETE /api/dm/views/\d+/selected-items"
    r"|(POST|PATCH|PUT) /api/current-user/(hotkeys|product-tour)"
    r"|POST /__lsa",
    re.ASCII,
)
# What the page says of an annotation. Whose it is and of which article, the server knows, and nobody changes.
_SUBMITTED = {
    "result", "lead_time", "started_at", "draft_id", "parent_prediction", "parent_annotation", "unique_id",
    "was_cancelled", "was_postponed",
}  # fmt: skip


def guard(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Django middleware: whoever has the desk's token may do all; the annotator's session may read and label.

    So an annotator can't make accounts, delete, import or change a project, and submitted work stays.
    """
    token = os.environ.get("LABEL_STUDIO_USER_TOKEN", "")

    def answer(request: Any) -> Any:
        credential = request.headers.get("Authorization", "").removeprefix("Token ")
        if token and hmac.compare_digest(credential.encode(), token.encode()):
            return get_response(request)
        if _SUBMITTING.fullmatch(_request_line(request)):
            submitted = _submitted(request)
            if submitted is not None:
                # Django has no public way to replace a body; what parses it later reads it from here.
                request._body = submitted
                return get_response(request)
        elif _is_allowed(request):
            return get_response(request)
        http = importlib.import_module("django.http")
        detail = (
            "This account labels; what changes the desk itself is the maintainers' to do, with"
            " acre."
        )
        return http.JsonResponse({"detail": detail}, status=403)

    return answer


def _request_line(request: Any) -> str:
    """Method and path, as the lists above have them."""
    return f"{request.method} {request.path_info.removesuffix('/')}"


def _is_allowed(request: Any) -> bool:
    """Whether the annotator's session may send it: to read, or to work with the labelling page."""
    method, _, path = _request_line(request).partition(" ")
    if not path.isprintable():
        return False
    if method in ("GET", "HEAD", "OPTIONS"):
        return _READING.fullmatch(path) is not None
    if path == "/api/dm/actions":
        return bool(method == "POST" and request.GET.get("id") == "next_task")
    return _WORKING.fullmatch(f"{method} {path}") is not None


def _submitted(request: Any) -> bytes | None:
    """The body with no more than what the page says of an annotation; None where it is no JSON object in UTF-8.

    The page sends its project along, which Label Studio would write: so what is too much is dropped, and not refused.
    """
    if request.headers.get("Content-Type", "").lower() not in (
        "application/json",
        "application/json; charset=utf-8",
    ):
        return None
    try:
        body = json.loads(request.body.decode())
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    return json.dumps({name: value for name, value in body.items() if name in _SUBMITTED}).encode()


def editor_defaults(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Django middleware: puts the desk's script, with the defaults, first into the head of each HTML page."""

    def answer(request: Any) -> Any:
        response = get_response(request)
        is_page = (
            response.get("Content-Type", "").startswith("text/html") and not response.streaming
        )
        if is_page and b"<head>" in response.content:
            response.content = response.content.replace(b"<head>", b"<head>" + _HEAD, 1)
            if response.has_header("Content-Length"):
                response["Content-Length"] = str(len(response.content))
        return response

    return answer


def guidelines(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Django middleware: serves the built guidelines under `/guidelines/`, so that they are at hand beside the work."""
    root = os.environ.get("ACRE_GUIDELINES", "")

    def answer(request: Any) -> Any:
        if not request.path.startswith(GUIDELINES):
            return get_response(request)
        http, static = (
            importlib.import_module("django.http"),
            importlib.import_module("django.views.static"),
        )
        path = request.path.removeprefix(GUIDELINES) or "index.html"
        try:
            return static.serve(request, path, document_root=root)
        except http.Http404:
            return http.HttpResponseNotFound(
                "The guidelines are not built here: run make guidelines, and acre serve again."
            )

    return answer


def slow_logins(
    get_response: Callable[[Any], Any], clock: Callable[[], float] = time.monotonic
) -> Callable[[Any], Any]:
    """Django middleware: after ten wrong passwords in five minutes, no more are tried until the first is that old.

    It counts for the desk, which has one account, and not by address: all come from this machine. A session that has
    begun goes on.
    """
    failures: deque[float] = deque(maxlen=_FAILURES)
    lock = Lock()

    def answer(request: Any) -> Any:
        if _request_line(request) != "POST /user/login":
            return get_response(request)
        with lock:  # one at a time: many at once count as many
            rest = failures[0] + _FAILURE_SECONDS - clock() if len(failures) == _FAILURES else 0
            if rest > 0:
                return _wait(math.ceil(rest))
            response = get_response(request)
            if response.status_code in (301, 302):
                failures.clear()
            else:
                failures.append(clock())
            return response

    return answer


_FAILURES, _FAILURE_SECONDS = 10, 300


def _wait(seconds: int) -> Any:
    http = importlib.import_module("django.http")
    return http.HttpResponse(
        f"Too many wrong passwords; try again in {seconds} seconds.",
        status=429,
        headers={"Retry-After": str(seconds)},
        content_type="text/plain",
    )


def only_server(path: Path, seconds: float = 5) -> TextIO:
    """Hold the lock of the desk's data, with this process's pid in its file, as long as the result is kept.

    SystemExit where another server has it: two on one database damage it.
    """
    deadline = time.monotonic() + seconds
    handle = path.open("a")
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            # Who asks whether a server is there holds the lock for a moment.
            if time.monotonic() > deadline:
                sys.exit(f"{path}: another server has this desk's data; stop it first")
            time.sleep(0.1)
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def with_its_secrets(create_user: Callable[..., Any]) -> Callable[..., Any]:
    """Label Studio's making of the desk's account, which then has the password and the token that the desk knows.

    By itself it sets them once, when the account is made: a desk whose file was lost, or whose data came back from a
    backup, would be locked out.
    """

    def create(*arguments: Any) -> Any:
        user = create_user(*arguments)
        password = os.environ["LABEL_STUDIO_PASSWORD"]
        if not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
        tokens = importlib.import_module("rest_framework.authtoken.models").Token.objects
        token = os.environ["LABEL_STUDIO_USER_TOKEN"]
        if not tokens.filter(user=user).exclude(key=token).update(key=token):
            tokens.get_or_create(user=user, defaults={"key": token})
        return user

    return create


def main() -> None:
    """Start Label Studio with the arguments of this process, where no other has the desk's data."""
    lock = only_server(Path(os.environ["ACRE_LOCK"]))
    server: Any = importlib.import_module("label_studio.server")
    sys.path.insert(0, server.LS_PATH)
    base = importlib.import_module("core.settings.base")
    base.MIDDLEWARE.append("django.middleware.clickjacking.XFrameOptionsMiddleware")
    base.MIDDLEWARE.append("annotate.labelstudio.server_app.guard")
    base.MIDDLEWARE.append("annotate.labelstudio.server_app.slow_logins")
    base.MIDDLEWARE.append("annotate.labelstudio.server_app.editor_defaults")
    base.MIDDLEWARE.append("annotate.labelstudio.server_app.guidelines")
    # Browsers keep cookies by host, not by port: two desks on one machine must not log each other out.
    for cookie in ("SESSION", "CSRF"):
        setattr(
            base,
            f"{cookie}_COOKIE_NAME",
            f"acre-{os.environ.get('ACRE_DESK', 'desk')}-{cookie.lower()}",
        )
    # Head and body of an answer are sent apart: the body would wait 40 ms for the other side to confirm the head.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    server._create_user = with_its_secrets(server._create_user)
    with lock:
        server.main()


if __name__ == "__main__":
    main()
