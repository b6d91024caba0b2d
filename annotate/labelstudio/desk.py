"""Runs as a desk's Label Studio process: Label Studio's own server, with two middlewares more.

One gives a new annotator an editor whose keyboard works, the other serves the guidelines. They are appended to the base settings before the
server reads them: a settings module of our own can't be named, since Label Studio's reads itself while it is imported.
"""

from __future__ import annotations

import importlib
import json
import os
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
    base.MIDDLEWARE.append("annotate.labelstudio.desk.editor_defaults")
    base.MIDDLEWARE.append("annotate.labelstudio.desk.guidelines")
    server.main()


if __name__ == "__main__":
    main()
