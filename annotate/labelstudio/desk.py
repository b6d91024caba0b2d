"""Runs as a desk's Label Studio process: Label Studio's own server, with three middlewares more.

One lets the annotator's account label and do nothing else, one gives a new annotator an editor whose keyboard works, one
serves the guidelines. They are appended to the base settings before the
server reads them: a settings module of our own can't be named, since Label Studio's reads itself while it is imported.
"""

from __future__ import annotations

import hmac
import importlib
import json
import os
import re
import sys
from collections.abc import Callable
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
# Label Studio strips styles and targets from the instructions: the manual opens beside the work all the same.
_HEAD = f"""<script>
try {{
  const key = 'labelStudio:settings';
  if (!localStorage.getItem(key)) localStorage.setItem(key, {json.dumps(json.dumps(EDITOR_DEFAULTS))});
}} catch (error) {{}}
window.addEventListener('click', (event) => {{
  const link = event.target.closest && event.target.closest('a[href^="{GUIDELINES}"]');
  if (link) {{ event.preventDefault(); event.stopImmediatePropagation(); window.open(link.href, '_blank', 'noopener'); }}
}}, true);
</script><style>
table:has(a[href^="{GUIDELINES}"]) td {{ vertical-align: top; padding: 2px 12px 4px 0; }}
p:has(> a[href^="{GUIDELINES}"]) ~ ol {{ list-style: decimal; padding-left: 1.5em; }}
p:has(> a[href^="{GUIDELINES}"]) ~ h4 {{ margin: 12px 0 4px; }}
</style>""".encode()


# In Label Studio's open-source edition every account is an administrator. What labelling asks of the server is little:
_LABELLING = re.compile(
    r"POST /user/login|POST /logout"
    r"|POST /api/tasks/\d+/(annotations(/\d+/drafts)?|drafts)"
    r"|(PATCH|PUT) /api/annotations/\d+"
    r"|(PATCH|PUT|DELETE) /api/drafts/\d+"
    r"|(POST|PATCH|PUT) /api/dm/views(/\d+|/reset|/order|/\d+/selected-items)?"
    r"|(DELETE) /api/dm/views/\d+/selected-items"
    r"|(POST|PATCH|PUT) /api/current-user/(hotkeys|product-tour)"
    r"|POST /__lsa"
)
# Reading these gives away the token, the link by which accounts are made, or the administration.
_CLOSED = re.compile(
    r"/(api/(invite|token|current-user/(token|reset-token))|user/account|user/signup|admin|django-rq|people)\b.*"
)


def guard(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Django middleware: whoever has the desk's token may do all; the annotator's session may read and label.

    So an annotator can't make accounts, delete, import or change a project, and submitted work stays.
    """
    token = os.environ.get("LABEL_STUDIO_USER_TOKEN", "")

    def answer(request: Any) -> Any:
        given = request.headers.get("Authorization", "").removeprefix("Token ")
        if (token and hmac.compare_digest(given.encode(), token.encode())) or _may(request):
            return get_response(request)
        http = importlib.import_module("django.http")
        found = "This account labels; what changes the desk itself is the maintainers' to do, with acre."
        return http.JsonResponse({"detail": found}, status=403)

    return answer


def _may(request: Any) -> bool:
    path = request.path.rstrip("/")
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return _CLOSED.fullmatch(path) is None
    if path == "/api/dm/actions":
        return bool(request.method == "POST" and request.GET.get("id") == "next_task")
    return bool(_LABELLING.fullmatch(f"{request.method} {path}"))


def editor_defaults(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Django middleware: puts the defaults first into the head of each HTML page."""

    def answer(request: Any) -> Any:
        response = get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html") and not response.streaming
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
        http, static = importlib.import_module("django.http"), importlib.import_module("django.views.static")
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
    base.MIDDLEWARE.append("annotate.labelstudio.desk.guard")
    base.MIDDLEWARE.append("annotate.labelstudio.desk.editor_defaults")
    base.MIDDLEWARE.append("annotate.labelstudio.desk.guidelines")
    # Browsers keep cookies by host, not by port: two desks on one machine must not log each other out.
    for cookie in ("SESSION", "CSRF"):
        setattr(base, f"{cookie}_COOKIE_NAME", f"acre-{os.environ.get('ACRE_DESK', 'desk')}-{cookie.lower()}")
    server.main()


if __name__ == "__main__":
    main()
