"""Runs as a desk's Label Studio process: Label Studio's own server, with three middlewares more.

One lets the annotator's account label and do nothing else, one puts the scripts of `page/` into each page, so that
the editor works as documented, one serves the guidelines. They are appended to the base settings before the server
reads them: a settings module of our own can't be named, since Label Studio's reads itself while it is imported.
"""

from __future__ import annotations

import hmac
import importlib
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
_OPTIONS = json.dumps({"settings": EDITOR_DEFAULTS, "guidelines": GUIDELINES})


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
        given = request.headers.get("Authorization", "").removeprefix("Token ")
        if token and hmac.compare_digest(given.encode(), token.encode()):
            return get_response(request)
        if _SUBMITTING.fullmatch(_asked(request)):
            submitted = _submitted(request)
            if submitted is not None:
                # Django has no public way to replace a body; what parses it later reads it from here.
                request._body = submitted
                return get_response(request)
        elif _may(request):
            return get_response(request)
        http = importlib.import_module("django.http")
        found = (
            "This account labels; what changes the desk itself is the maintainers' to do, with"
            " acre."
        )
        return http.JsonResponse({"detail": found}, status=403)

    return answer


def _asked(request: Any) -> str:
    return f"{request.method} {request.path_info.removesuffix('/')}"


def _may(request: Any) -> bool:
    method, _, path = _asked(request).partition(" ")
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


def main() -> None:
    """Start Label Studio with the arguments of this process."""
    server = importlib.import_module("label_studio.server")
    sys.path.insert(0, server.LS_PATH)
    base = importlib.import_module("core.settings.base")
    base.MIDDLEWARE.append("django.middleware.clickjacking.XFrameOptionsMiddleware")
    base.MIDDLEWARE.append("annotate.labelstudio.server_app.guard")
    base.MIDDLEWARE.append("annotate.labelstudio.server_app.editor_defaults")
    base.MIDDLEWARE.append("annotate.labelstudio.server_app.guidelines")
    # Browsers keep cookies by host, not by port: two desks on one machine must not log each other out.
    for cookie in ("SESSION", "CSRF"):
        setattr(
            base,
            f"{cookie}_COOKIE_NAME",
            f"acre-{os.environ.get('ACRE_DESK', 'desk')}-{cookie.lower()}",
        )
    server.main()


if __name__ == "__main__":
    main()
