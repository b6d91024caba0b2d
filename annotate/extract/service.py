"""Suggestions for the page that is just opened: Label Studio's machine-learning backend protocol, over an extractor.

GET /health; POST /setup, /predict, /webhook, as of label-studio-ml 2 and Label Studio 1.23. It listens on 127.0.0.1.
Where it has no answer it sends no suggestion, so that the page opens all the same.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from annotate.corpus.store import Corpus
from annotate.extract.extractors import Extractor
from annotate.labelstudio import suggest
from annotate.model.issues import AcreError, UsageError
from annotate.model.schema import Schema

_LARGEST = 50_000_000
"""Bytes of a request: one task with its annotations and drafts is far smaller."""


class Service:
    """Answers Label Studio's requests, from the articles of a corpus; `tell` logs why there was no suggestion."""

    def __init__(
        self, extractor: Extractor, corpus: Corpus, schema: Schema, notify: Callable[[str], None]
    ) -> None:
        self._extractor, self._corpus, self._schema, self._notify = (
            extractor,
            corpus,
            schema,
            notify,
        )

    def answer(self, path: str, request: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to a request, as plain data; None where there is nothing at the path."""
        version = self._extractor.title
        match path.rstrip("/"):
            case "" | "/health":
                return {"status": "UP", "model_class": version}
            case "/setup":
                return {"model_version": version}
            case "/predict":
                tasks = request.get("tasks")
                tasks = tasks if isinstance(tasks, list) else []
                predictions = [self._prediction(task) for task in tasks]
                return {"results": predictions, "model_version": version}
            case "/webhook":
                return {"result": "ok"}
        return None

    def _prediction(self, task: Any) -> dict[str, Any]:
        nothing: dict[str, Any] = {
            "result": [],
            "score": None,
            "model_version": self._extractor.title,
        }
        data = task.get("data") if isinstance(task, dict) else None
        name, collection = (str((data or {}).get(key)) for key in ("article", "collection"))
        try:
            article = self._corpus.article(collection, name)
            if article is None or article.text is None or article.text != (data or {}).get("text"):
                self._notify(
                    f"{name}: not suggested: the corpus has no such article with this text"
                )
                return nothing
            offer = suggest.offered(article, self._extractor.predict, self._schema)
        except AcreError as error:
            self._notify(f"{name}: not suggested: {error}")
            return nothing
        if offer.issues:
            counts = ", ".join(f"{what}: {count}" for what, count in offer.left_out.items())
            fate = (
                f"left out ({counts}), the rest is suggested" if offer.result else "not suggested"
            )
            self._notify(f"{name}: {fate}: " + "; ".join(str(issue) for issue in offer.issues))
        return nothing | {"result": offer.result or [], "score": offer.score}


@contextmanager
def running(service: Service, port: int) -> Iterator[tuple[str, threading.Thread]]:
    """The service's address on this machine, and the thread that answers there until the block ends.

    Port 0 takes a free one. UsageError where the port can't be had.
    """
    try:
        server = listen(service, port)
    except (OSError, OverflowError) as error:
        problem = getattr(error, "strerror", None) or error
        raise UsageError(f"port {port}: {problem}; name another with --port") from None
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", thread
    finally:
        server.shutdown()
        server.server_close()


def listen(service: Service, port: int) -> ThreadingHTTPServer:
    """A server on 127.0.0.1; port 0 takes a free one. Its `serve_forever` runs until `shutdown`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length") or "0"
            if not length.isdigit() or int(length) > _LARGEST:
                self._send(413, {"detail": "too long"})
                return
            try:
                request = json.loads(self.rfile.read(int(length)) or b"{}")
            except ValueError:
                self._send(400, {"detail": "not JSON"})
                return
            self._answer(request if isinstance(request, dict) else {})

        def _answer(self, request: dict[str, Any]) -> None:
            answer = service.answer(self.path.partition("?")[0], request)
            self._send(404 if answer is None else 200, answer or {"detail": "nothing is here"})

        def _send(self, status: int, fields: dict[str, Any]) -> None:
            body = json.dumps(fields, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: requests carry texts and tokens."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
