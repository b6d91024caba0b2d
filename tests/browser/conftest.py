"""What the browser tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from annotate.corpus.articles import reading
from annotate.labelstudio import load
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.model.schema import Schema
from tests.browser.page import LabellingPage, open_page


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    """A page that asks nothing of a network, runs nothing of a text, and complains of nothing."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(10_000)
    opened = context.new_page()
    requests: list[str] = []
    wrongs: list[str] = []
    opened.on("request", lambda request: requests.append(request.url))
    opened.on("console", lambda message: wrongs.append(message.text))
    opened.on("pageerror", lambda error: wrongs.append(str(error)))
    opened.on("dialog", lambda dialog: wrongs.append(dialog.message) or dialog.dismiss())
    yield opened
    assert [url for url in requests if not url.startswith("file:")] == []
    assert wrongs == []
    context.close()


@pytest.fixture
def labelling(browser: Any, desk: Desk) -> Any:
    opened = open_page(browser, desk)
    yield opened
    opened.page.context.close()


@pytest.fixture
def open_text(
    labelling: LabellingPage, client: Client, schema: Schema, project: str
) -> Callable[..., LabellingPage]:
    """Opens a text in a project of its own."""

    def opening(text: str, schema: Schema = schema) -> LabellingPage:
        article = reading.article("test", text, reading.About("sample")).article
        assert article is not None
        labelling.open_next(load.load(client, project, [article], schema).project)
        return labelling

    return opening
