"""The data sets that chapters can load, from the registry."""

from __future__ import annotations

from html import escape

from book.pages.table import table
from toolkit.catalog import parts
from toolkit.data.registry import DataSet, find, sets

HEADS = ("Name", "What", "Licence of the data", "MB", "Papers")


def page() -> str:
    """One sortable table, with the number of papers whose full profile uses each set."""
    papers = [entry for part in parts().values() for entry in [*part.chapters, *part.planned]]
    used = [{find(name).name for name in paper.full_data} for paper in papers]
    rows = [
        ({"kind": entry.kind}, _cells(entry, sum(entry.name in names for names in used))) for entry in sets().values()
    ]
    size = sum(entry.size for entry in sets().values()) / 1e6
    return (
        f"# Data sets\n\nA chapter's default run makes its data or takes them from an installed package. Its full "
        f"profile may load one of these {len(rows)} sets. They are not in the book: `toolkit data fetch` downloads "
        f"them once ({size:.0f} MB for all) and compares every file with a digest. Without a network, put them below a "
        f"folder that the variable `TOOLKIT_DATA` names. Papers are those whose full profile uses the set; most are "
        f"planned.\n\n{table('Data sets', HEADS, rows, 'data sets')}\n"
    )


def _cells(entry: DataSet, papers: int) -> tuple:
    members = f"<br>{escape(', '.join(entry.members))}" if entry.members else ""
    return (
        (f"<code>{entry.name}</code>{members}", entry.name),
        (
            f'<a href="{escape(entry.homepages[0])}">{escape(entry.title)}</a><br>{escape(entry.about)}'
            f"<br><small>{escape(entry.citation)}</small>",
            entry.title,
        ),
        escape(entry.license),
        (f"{entry.size / 1e6:.1f}", entry.size),
        (str(papers), papers),
    )
