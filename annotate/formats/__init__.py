"""Foreign formats: each module writes an article's annotation and reads it back, and counts what it can't hold."""

from annotate.formats import brat, conll, docbin, labelstudio, oneie, re3d, webannotation
from annotate.formats.document import Document, Dropped, Export, FormatError, Import

FORMATS = {
    "brat": brat,
    "conll": conll,
    "docbin": docbin,
    "webannotation": webannotation,
    "labelstudio": labelstudio,
    "oneie": oneie,
}
"""By name, the formats that go both ways."""

__all__ = ["FORMATS", "Document", "Dropped", "Export", "FormatError", "Import", "re3d"]
