"""Weights and Wirings: the package behind the book's chapters.

Everything here is imported on first use, so that ``import toolkit`` costs next to nothing and a chapter
pays only for what it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["explore", "paper"]

if TYPE_CHECKING:
    from toolkit.claims import paper
    from toolkit.controls import explore

_HOME = {"paper": "toolkit.claims", "explore": "toolkit.controls"}


def __getattr__(name: str):
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    try:
        return import_module(f"toolkit.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"toolkit.{name}":
            raise
        raise AttributeError(f"module 'toolkit' has no attribute {name!r}") from None
