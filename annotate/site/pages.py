"""Templates become pages. What comes from a text or its metadata is escaped; no page asks a network for anything."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from annotate.model.schema import Schema

ROOMS = ("stories", "documents", "labels", "guidelines")
"""The site's parts, each a folder."""
FILES = "'self' file:"
"""Scripts and styles of the site itself; `file:` for Chromium, where a file is not its own folder's `self`."""


@cache
def asset(name: str) -> str:
    """The text of a file of `templates/`."""
    return resources.files("annotate.site").joinpath("templates", name).read_text(encoding="utf-8")


Link = Callable[[str, str], str]
"""The address of a mark, by document and mark's id; of the document's head where the mark is empty."""


def on_document(_document: str, mark: str) -> str:
    """Where the page is the document's own.

    >>> on_document("one", "m1")
    '#m1'
    """
    return f"#{mark}"


def on_one_page(document: str, mark: str) -> str:
    """Where all documents are on one page, their marks prefixed.

    >>> on_one_page("one", "m1"), on_one_page("one", "")
    ('#one-m1', '#one')
    """
    return f"#{document}-{mark}" if mark else f"#{document}"


def from_root(root: str) -> Link:
    """From a page of the site to the documents' pages.

    >>> from_root("../")("one", "m1")
    '../documents/one.html#m1'
    """
    return lambda document, mark: f"{root}documents/{document}.html{'#' + mark if mark else ''}"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(asset),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    environment.filters |= {"number": number, "spaced": spaced}
    return environment


def number(value: float) -> str:
    """As a person writes it: 20,000; 1.5."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,}"


def spaced(name: str) -> str:
    """A name of the schema as words: `air_strike` is *air strike*."""
    return name.replace("_", " ")


def render(
    template: str, root: str, room: str = "", rooms: Sequence[str] = ROOMS, **fields: Any
) -> str:
    """A page of the site; `root` leads from its folder to the site's, as `../`; `room` is the part it is in."""
    policy = f"default-src 'none'; style-src {FILES}; script-src {FILES}; img-src {FILES}"
    return (
        _environment()
        .get_template(template)
        .render(
            **({"link": from_root(root)} | fields), root=root, policy=policy, room=room, rooms=rooms
        )
    )


def render_part(macro: str, *arguments: Any) -> str:
    """What a macro of `parts.html.jinja` makes of the arguments."""
    module = _environment().get_template("parts.html.jinja").module
    return str(getattr(module, macro)(*arguments))


def render_alone(template: str, schema: Schema, scripts: tuple[str, ...], **fields: Any) -> str:
    """A page that needs no other file; the browser runs no script in it but these, by their hash."""
    style, script = style_sheet(schema), "\n".join(map(asset, scripts))
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'"
        f"; style-src {_digest(style)}; script-src {_digest(script)}"
    )
    return (
        _environment()
        .get_template(template)
        .render(
            root="",
            room="",
            rooms=(),
            policy=policy,
            style=Markup(style),
            script=Markup(script),
            **fields,
        )
    )


def _digest(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def style_sheet(schema: Schema) -> str:
    """The style sheet, with the colour of each label as the schema has it."""
    colours = (
        f".label-{name} {{ --label: {label.colour}; }}" for name, label in schema.labels.items()
    )
    return "\n".join([asset("style.css"), *colours, ""])
