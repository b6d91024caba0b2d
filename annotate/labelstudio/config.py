"""The labelling interface and its instructions, generated from the schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from lxml import etree, html
from lxml.builder import E

from annotate.labelstudio.server_app import GUIDELINES
from annotate.model.schema import Attribute, EventType, Kind, Label, Layer, Schema, Value

LABELS = "label"
"""Name of the one control that labels spans: with two, one region can carry a label of each."""
TEXT = "text"
ZONES = "zones"
CHOICES = "choices"

_GROUPS = {"mentions": "Who and what", "attribution": "Says who"}
# Three columns: labels and questions stay in view while the text between them scrolls.
_STYLE = """
.acre-page { container-type: inline-size; }
.acre { display: grid; grid-template-columns: 238px minmax(0, 1fr) 196px; gap: 0 14px; align-items: start; }
.acre-labels, .acre-side { position: sticky; top: 0; max-height: calc(100vh - 112px); \
overflow-y: auto; overscroll-behavior: contain; }
.acre-labels h4, .acre-side h4 { display: block !important; flex: 0 0 100% !important; width: 100%; \
margin: 4px 0 0 !important;
  font-size: 10px !important; line-height: 13px !important; font-weight: 600 !important; letter-spacing: .06em;
  text-transform: uppercase; opacity: .75; }
.acre-labels .lsf-labels { margin: 0 !important; display: flex !important; flex-flow: row wrap; gap: 2px 3px; }
.acre-labels .lsf-label { margin: 0 !important; padding: 0 4px !important; min-height: 19px; height: 19px;
  font-size: 12px !important; line-height: 17px; }
.acre-labels .lsf-label__hotkey { margin-left: 4px !important; font-size: 9.5px !important; }
.acre-text { max-width: 72ch; position: relative; }
.acre-text h4 { margin: 0 0 10px 92px !important; font-size: 13px !important; \
font-weight: 400 !important; opacity: .8; }
.acre-text .lsf-richtext__container { line-height: 1.9; padding-left: 92px; }
.acre-text .lsf-richtext__line { padding-left: 0; position: relative; }
.acre-text .lsf-richtext__line::before { position: absolute; right: calc(100% + 14px); top: 0; width: 78px; \
text-align: right;
  font-size: 11px; line-height: 2.7; opacity: .7; white-space: nowrap; user-select: none; pointer-events: none; }
.acre-side .lsf-choices { display: block !important; margin: 2px 0 6px !important; }
.acre-side .lsf-choice, .acre-side .lsf-choice__item { margin: 0 !important; \
padding: 0 !important; min-height: 0 !important; }
.acre-side .lsf-choice label { font-size: 12px !important; line-height: 22px !important; min-height: 22px !important;
  margin: 0 !important; padding: 0 !important; }
.acre-side .lsf-choices_hidden { display: none !important; }
.acre-side .lsf-richtext__container, .acre-side [class*=richtext] { padding: 0 !important; margin: 0 !important; }
.acre-side .acre-hint h4 { margin: 0 !important; font-size: 11px !important; line-height: 1.35 !important;
  font-weight: 400 !important; letter-spacing: 0; text-transform: none; }
/* Beside Label Studio's own columns at 125 %: labels below one another, the kinds of zones above their lines. */
@container (max-width: 820px) {
  .acre { grid-template-columns: 148px minmax(0, 1fr) 150px; gap: 0 10px; }
  .acre-text h4 { margin-left: 0 !important; }
  .acre-text .lsf-richtext__container { padding-left: 0; }
  .acre-text .lsf-richtext__line::before { right: auto; left: 0; top: -1.35em; text-align: left; line-height: 1.4; }
}
.acre-side ol { list-style: decimal; padding-left: 18px; margin: 4px 0; }
.acre-side input:not([type=checkbox]) { width: 100%; font-size: 12px; }
"""

# A sheet opens with all links drawn: faint, until one is pointed at in the Relations tab.
_SHEET_STYLE = "svg.relations-overlay:not([class*=_highlighting]) { opacity: .15; }\n"


def build(schema: Schema, choices: bool = False) -> str:
    """The labelling configuration: the same text for the same schema.

    With `choices`, that of a sheet: a list of what is to decide stands beside the article.
    """
    listed = [E.HyperText(name=CHOICES, value=f"${CHOICES}", inline="true")] if choices else []
    page = E.View(
        {"className": "acre"},
        E.View({"className": "acre-labels"}, _labels(schema)),
        E.View(
            {"className": "acre-text"},
            E.Header(value="$about", size="6"),
            E.HyperText(name=ZONES, value=f"${ZONES}", inline="true"),
            # By symbol: by word, a selection takes the possessive with it and splits at hyphens.
            E.Text(
                name=TEXT,
                value=f"${TEXT}",
                granularity="symbol",
                showLabels="true",
                saveTextResult="yes",
            ),
        ),
        E.View(
            {"className": "acre-side"},
            *_questions(schema),
            # Where the page's script says what is known of the selected mark.
            E.View({"className": "acre-mark"}),
            *listed,
        ),
    )
    root = E.View(
        {"className": "acre-page"},
        E.Style(_STYLE + (_SHEET_STYLE if choices else "") + _facts(schema)),
        page,
        E.Relations(*(E.Relation(value=name) for name in schema.relations)),
    )
    return str(etree.tostring(root, pretty_print=True, encoding="unicode"))


def _facts(schema: Schema) -> str:
    """What the page's script must know of the schema, as a custom property, which no style sheet uses.

    Label Studio keeps a style sheet as it is, but for markup, which JSON can write as escapes; of an element's
    attributes it keeps those that it knows, and a comment only in the text of the configuration.
    """
    facts = {
        "layers": {name: schema.layer(name) for name in schema.labels},
        "order": schema.relations,
        "links": {
            name: {
                role: {"fillers": sorted(schema.fillers(name, role)), "means": frame.gloss}
                for role, frame in event.roles.items()
            }
            for name, event in schema.events.items()
        }
        | {
            Layer.CONTENT: {
                name: {"fillers": [name], "means": schema.links[name]}
                for name in (Layer.SOURCE, Layer.CUE)
            }
        },
        "means": {name: role.definition for name, role in schema.roles.items()}
        | schema.links
        | {name: attribute.definition for name, attribute in schema.attributes.items()},
        "required": {
            name: [asked for asked in label.attributes if schema.attributes[asked].required]
            for name, label in schema.labels.items()
        },
        "patterns": {
            name: attribute.pattern
            for name, attribute in schema.attributes.items()
            if attribute.pattern
        },
    }
    written = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    for markup in "<>&":
        written = written.replace(markup, f"\\u{ord(markup):04x}")
    return f".acre {{ --acre-schema: {written}; }}\n"


def _labels(schema: Schema) -> Any:
    control = E.Labels(name=LABELS, toName=TEXT, choice="single", showInline="true")
    for title, labels in _grouped(schema):
        control.append(E.Header(value=title, size="6"))
        for name, label in labels.items():
            hint = f"{label.definition} Not to be confused with: {', '.join(label.confused_with)}."
            control.append(
                E.Label(value=name, background=label.colour, hotkey=label.hotkey, hint=hint)
            )
    return control


def _grouped(schema: Schema) -> Iterable[tuple[str, dict[str, Label]]]:
    yield _GROUPS["mentions"], schema.mentions
    yield _GROUPS["attribution"], schema.attribution
    groups: dict[str, dict[str, Label]] = {}
    for name, event in schema.events.items():
        groups.setdefault(event.group, {})[name] = event
    for group, events in groups.items():
        yield f"What happens: {group}", events


def _questions(schema: Schema) -> Iterable[Any]:
    """One control for each attribute, shown only where the selected region's label bears it."""
    for name, attribute in schema.attributes.items():
        condition = {
            "visibleWhen": "region-selected",
            "whenTagName": LABELS,
            "whenLabelValue": ",".join(schema.bearers(name)),
        }
        control = _control(name, attribute)
        # A required answer is asked for by the condition on the control; the one on the view hides the heading.
        control.attrib.update({"toName": TEXT, "perRegion": "true"} | condition)
        heading = E.Header(value=name.replace("_", " "), size="6")
        # What is typed is told in full; a choice's values tell themselves, and its heading, pointed at, the definition.
        hint = E.View({"className": "acre-hint"}, E.Header(value=attribute.definition, size="6"))
        yield E.View(condition, heading, *([] if attribute.values else [hint]), control)


def _control(name: str, attribute: Attribute) -> Any:
    required = (
        {"required": "true", "requiredMessage": f"{name}: {attribute.definition}"}
        if attribute.required
        else {}
    )
    if attribute.kind is Kind.CHOICE:
        values = (
            E.Choice(value=value, hotkey=entry.hotkey, hint=entry.definition)
            for value, entry in attribute.values.items()
        )
        return E.Choices(
            {"name": name, "choice": "single", "showInline": "false"} | required, *values
        )
    if attribute.kind is Kind.NUMBER:
        return E.Number({"name": name, "hint": attribute.definition} | required)
    return E.TextArea(
        {
            "name": name,
            "maxSubmissions": "1",
            "rows": "1",
            "editable": "true",
        }
        | required
    )


def answers(configuration: str) -> dict[str, frozenset[str]]:
    """What a labelling configuration lets an annotator say: the values of each control. Looks are left out."""
    root = etree.fromstring(configuration)
    values = {
        str(control.get("name")): _values(control, "Label", "Choice")
        for control in root.iter("Labels", "Choices", "Number", "TextArea")
    }
    return values | {"relations": _values(root, "Relation")}


def _values(element: Any, *tags: str) -> frozenset[str]:
    return frozenset(str(child.get("value")) for child in element.iter(*tags))


def zone_style(lines: Iterable[tuple[int, str]]) -> str:
    """A style sheet that writes each zone's kind into the margin beside its first line; lines count from 0.

    It is the one way to show zones beside a `<Text>` without making regions of them; generated content is no part of
    the text, so that offsets are untouched. A kind is whatever an article's file says: of its signs, none ends the
    string or the style sheet.
    """
    rules = (
        f".acre-text .lsf-richtext__line:nth-of-type({line + 1})::before"
        f' {{ content: "{_SIGN.sub(_escape, kind)}"; }}'
        for line, kind in lines
    )
    return f"<style>{' '.join(rules)}</style>"


_SIGN = re.compile(r"[^\w ×-]")


def _escape(sign: re.Match[str]) -> str:
    """As a string of CSS has it: the blank ends the number."""
    return f"\\{ord(sign[0]):x} "


def listed(rows: Iterable[tuple[str, str, str]]) -> str:
    """The choices of a sheet as HTML: the mark, its words, and what the passes say."""
    lines = [E.li(E.b(words), f" {mark} ", E.i(choice)) for mark, words, choice in rows]
    head = E.p("To decide: select the mark, correct it, then , keeps it and / rejects it.")
    look = {"style": "font-size: 12px; line-height: 1.45; overflow-wrap: anywhere;"}
    return str(html.tostring(E.div(look, head, E.ol(*lines)), encoding="unicode"))


def instructions(schema: Schema) -> str:
    """The guidelines at hand, as HTML for Label Studio's instruction panel."""
    manual = {"href": f"{GUIDELINES}index.html"}
    body = E.div(
        E.p(
            "The whole manual, with search: ",
            E.a(manual, "guidelines"),
            ". A label below leads to its page.",
        ),
        E.h3("How to mark an article"),
        E.ol(
            E.li("Read it once without marking."),
            E.li(
                "Press a label’s key, then drag over the words, or drag first. The mark stays selected:"
                " answer its questions at the right, by key or click. The next label’s key begins a new"
                " mark; a click on a label changes the selected one."
            ),
            E.li(
                "A mark takes whole words; with Alt held as you let go of the mouse, just what you"
                " dragged. Shift+→ and Shift+← move its end by a word, with Ctrl besides its start; so"
                " do its handles."
            ),
            E.li(
                "Mark events by their trigger. To link the selected mark: - and a click on what fills a"
                " role, then on the next one, until Esc; or a right click, without a key. Where several"
                " roles are possible, each has a letter."
            ),
            E.li(
                "Mark source, cue and content of each claim; link the content to its source and its"
                " cue."
            ),
            E.li(
                "Link two mentions of the same thing, or two triggers of the same event, with"
                " same_as."
            ),
            E.li(
                "Only the links of the selected mark are drawn, and told at the right; * draws all."
            ),
            E.li(
                "Without a mouse: → ← ↑ ↓ go from word to word, Shift+→ takes one more, a label’s key"
                " marks them, Enter selects the mark at the word, or links to it."
            ),
            E.li(
                "A suggestion has a dashed outline: Enter selects the first one; then Enter keeps it,"
                " Backspace deletes it, and both go on to the next."
            ),
            E.li("Ctrl+Enter submits. U unselects, Backspace deletes the selected mark."),
        ),
    )
    for title, labels in _grouped(schema):
        body.append(E.h4(title))
        body.append(E.table(*(_instruction(name, label) for name, label in labels.items())))
    for name, attribute in schema.attributes.items():
        body.append(E.h4(name.replace("_", " ")))
        body.append(E.p(attribute.definition))
        if attribute.values:
            body.append(E.table(*(_answer(*entry) for entry in attribute.values.items())))
    body.append(E.h4("Roles and links"))
    roles = {name: role.definition for name, role in schema.roles.items()} | schema.links
    body.append(E.table(*(E.tr(E.td(E.b(name)), E.td(means)) for name, means in roles.items())))
    return str(html.tostring(body, encoding="unicode"))


def _instruction(name: str, label: Label) -> Any:
    roles = [E.i(f" Roles: {', '.join(label.roles)}.")] if isinstance(label, EventType) else []
    # The desk serves the guidelines beside the labelling page.
    page = E.a({"href": f"{GUIDELINES}labels/{name}.html"}, name)
    return E.tr(E.td(E.b(page)), E.td(E.code(label.hotkey)), E.td(label.definition, *roles))


def _answer(name: str, value: Value) -> Any:
    return E.tr(E.td(E.b(name)), E.td(E.code(value.hotkey)), E.td(value.definition))
