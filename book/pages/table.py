"""A table that readers can sort, search and filter; plain HTML without a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from book.pages.common import attributes

Cell = str | tuple[str, float | str]  # HTML, or HTML with what it sorts by


def table(
    name: str, heads: Sequence[str], rows: Iterable[tuple[Mapping[str, str], Sequence[Cell]]], what: str = "rows"
) -> str:
    """A table in one line of HTML.

    Args:
        name: what the table holds, said to those who do not see it.
        heads: one for each column.
        rows: the values to filter by (the same names in each row), and the cells.
        what: what a row is, in the plural.
    """
    lines, filters = [], []
    for values, cells in rows:
        filters = list(values)
        columns = []
        for cell in cells:
            html, order = (cell, None) if isinstance(cell, str) else cell
            sort = "" if order is None else f' data-sort="{escape(str(order))}"'
            columns.append(f"<td{sort}>{html}</td>")
        lines.append(f"<tr {attributes(values)}>{''.join(columns)}</tr>")
    head = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    return (
        f'<div class="sortable" role="region" aria-label="{escape(name)}" tabindex="0"><table class="table">'
        f'<thead><tr>{head}</tr></thead><tbody data-filters="{" ".join(filters)}" data-what="{what}">'
        f"{''.join(lines)}</tbody></table></div>"
    )
