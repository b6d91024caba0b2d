"""What the browser tests share."""

from __future__ import annotations

from typing import Any

import pytest

from annotate.labelstudio.server import Desk
from tests.browser.page import open_page


@pytest.fixture
def labelling(browser: Any, desk: Desk) -> Any:
    opened = open_page(browser, desk)
    yield opened
    opened.page.context.close()
