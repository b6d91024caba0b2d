"""Attributes that the words of a mark give by themselves, under the schema's names for them."""

from __future__ import annotations

import datetime as dt
import re

from annotate.extract import quantities, quotation, times
from annotate.extract.labels import Labels
from annotate.model.records import AttributeValue

Attributes = dict[str, AttributeValue]
_DISTANCED = re.compile(r"^(?:the |a |an )?(?:“|so-called|self-styled|self-proclaimed)", re.I)


def quantity(words: str, of_people: bool, labels: Labels) -> Attributes:
    """Bounds and unit of a quantity; `of_people` says that people are counted, whatever the words call them."""
    amount = quantities.quantity(words, of_people)
    names = labels.quantity
    attributes = {names.min: amount.min, names.max: amount.max, names.unit: amount.unit}
    return {name: value for name, value in attributes.items() if value is not None}


def time(words: str, published: dt.date | None, labels: Labels) -> Attributes:
    """The value of a time, where the words and the date of publication give one."""
    value = times.time(words, published)
    return {labels.time.value: value} if value else {}


def content(words: str, unverified: bool, labels: Labels) -> Attributes:
    """How a content is quoted, and whether the article says that it is `unverified`."""
    style = {
        quotation.Quotation.DIRECT: labels.style.direct,
        quotation.Quotation.INDIRECT: labels.style.indirect,
        quotation.Quotation.MIXED: labels.style.mixed,
    }[quotation.quotation(words)]
    attributes: Attributes = {labels.style.attribute: style}
    if unverified:
        attributes[labels.unverified.attribute] = labels.unverified.value
    return attributes


def distanced(words: str, labels: Labels) -> Attributes:
    """Whether scare quotes or the like keep the article's distance from a mention."""
    return {labels.distanced.attribute: labels.distanced.value} if _DISTANCED.search(words) else {}
