"""What the book knows about each paper: citation, idea, claims and the bounds that must hold."""

from toolkit.catalog.load import CatalogError, chapter, load_part, parts
from toolkit.catalog.schema import Bound, Chapter, Claim, Part, Planned, UnknownName

__all__ = [
    "Bound",
    "CatalogError",
    "Chapter",
    "Claim",
    "Part",
    "Planned",
    "UnknownName",
    "chapter",
    "load_part",
    "parts",
]
