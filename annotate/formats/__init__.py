"""Foreign formats: each module writes an article's annotation and reads it back, and counts what it can't hold."""

from annotate.formats import brat, conll, docbin, labelstudio, oneie, re3d, webannotation
from annotate.formats.document import FormatError, Lost, Read, Written

FORMATS = {
    "brat": brat,
    "conll": conll,
    "docbin": docbin,
    "webannotation": webannotation,
    "labelstudio": labelstudio,
    "oneie": oneie,
}
"""By name, the formats that go both ways."""

__all__ = ["FORMATS", "FormatError", "Lost", "Read", "Written", "re3d"]
