"""What the browser tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from annotate.corpus.articles import reading
from annotate.labelstudio import load
from annotate.labelstudio.client import Client
from annotate.labelstudio.server import Desk
from annotate.model.schema import Schema
from tests.browser.page import LabellingPage, open_page


@pytest.fixture
def labelling(browser: Any, desk: Desk) -> Any:
    opened = open_page(browser, desk)
    yield opened
    opened.page.close()


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
