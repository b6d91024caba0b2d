"""Prints every address that Label Studio's own configuration of URLs knows, as JSON; runs in a desk's environment.

A parameter stands as `<name>`. Its converter and what a regular expression asks of it are left out.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any


def addresses(resolver: Any, prefix: str = "") -> Iterator[str]:
    """The addresses below a resolver, included ones too."""
    simplify = importlib.import_module("django.contrib.admindocs.views").simplify_regex
    for pattern in resolver.url_patterns:
        address = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from addresses(pattern, address)
        else:
            yield re.sub(r"<\w+:(\w+)>", r"<\1>", simplify(address)).replace("\\", "")


if __name__ == "__main__":
    server = importlib.import_module("label_studio.server")
    sys.path.insert(0, server.LS_PATH)
    os.environ["DJANGO_SETTINGS_MODULE"] = "core.settings.label_studio"
    importlib.import_module("django").setup()
    print(json.dumps(sorted(set(addresses(importlib.import_module("django.urls").get_resolver())))))
