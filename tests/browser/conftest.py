"""What the browser tests share."""

from __future__ import annotations

from typing import Any

import pytest

from annotate.labelstudio.server import Desk
from tests.browser.page import LabellingPage


@pytest.fixture
def labelling(browser: Any, desk: Desk) -> Any:
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.set_default_timeout(20_000)
    opened = LabellingPage(page, desk)
    opened.log_in()
    yield opened
    page.close()
