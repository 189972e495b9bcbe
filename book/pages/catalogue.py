"""The catalogue: all papers of the book, each with its state."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from book.pages.table import table
from toolkit.catalog import parts

HEADS = ("Part", "Paper", "Authors", "Year", "State")


def page(ready: Mapping[str, Path]) -> str:
    """One sortable table in reading order."""
    rows = []
    for part in parts().values():
        for entry in [*part.chapters, *part.planned]:
            done = entry.slug in ready
            state = f'<a href="{part.id}/{entry.slug}.html">chapter</a>' if done else "planned"
            name = escape(entry.title)
            paper = f'<a href="{escape(entry.link)}">{name}</a>' if entry.link else name
            cells = (
                (f'<a href="{part.id}/index.html">{escape(part.title)}</a>', part.number),
                (paper, entry.title),
                escape(entry.citation.rpartition(" (")[0]),
                (str(entry.year), entry.year),
                (state, "chapter" if done else "planned"),
            )
            rows.append(({"part": part.title, "state": "chapter" if done else "planned"}, cells))
    done = sum(values["state"] == "chapter" for values, _ in rows)
    return (
        f"# Catalogue\n\nAll {len(rows)} papers of the book, in reading order. {done} have a chapter; the others are "
        f"planned. A title leads to the paper, a part to the story that joins its papers.\n\n"
        f"{table('Catalogue', HEADS, rows, 'papers')}\n"
    )
