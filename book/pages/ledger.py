"""The ledger: every claim of every chapter with what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape
from pathlib import Path

from book.pages.common import stored, title
from book.pages.table import table
from toolkit.catalog import chapter, parts
from toolkit.claims.result import COLOUR, badge
from toolkit.reproduce.ledger import measured, paper_says

HEADS = ("Chapter", "Claim", "Paper", "Measured: mean [95 % interval]", "n", "Verdict", "Scale", "Seconds")


def page(ready: Mapping[str, Path]) -> str:
    """One sortable table from the stored default runs."""
    rows = []
    total: Counter[str] = Counter()
    for slug, path in ready.items():
        part, name = parts()[path.parent.name], title(path)
        for entry in stored(path):
            total[entry["verdict"]] += 1
            claim = chapter(slug).claim(entry["claim"])
            verdict = badge(entry["verdict"])
            if claim.reason and entry["verdict"] != "reproduced":
                verdict += f"<br><small>{escape(claim.reason)}</small>"
            values = {"part": part.title, "verdict": entry["verdict"], "scale": entry["profile"]}
            cells = (
                (f'<a href="{part.id}/{slug}.html">{escape(name)}</a>', name),
                f"{escape(claim.says)}<br><small><code>{escape(claim.id)}</code>: {escape(claim.quantity)}, "
                f"claimed {escape(str(claim.bound))}</small>",
                (escape(paper_says(entry)), "" if entry["paper_value"] is None else entry["paper_value"]),
                (escape(measured(entry)), entry["mean"]),
                (str(entry["n"]), entry["n"]),
                (verdict, list(COLOUR).index(entry["verdict"])),
                entry["profile"],
                (f"{entry['seconds']:.0f}", entry["seconds"]),
            )
            rows.append((values, cells))
    counts = ", ".join(
        f'<a href="ledger.html?verdict={verdict.replace(" ", "+")}">{total[verdict]} {verdict}</a>'
        for verdict in COLOUR
    )
    return (
        "# Ledger\n\nEvery claim that a chapter checks, from its stored run: the paper's own number where it gives one "
        "for the same quantity, what we measured, over how many seeds, and the verdict. Scale is the profile of the "
        "run, quick or full. Seconds are those of the chapter's whole run on two cores.\n\n"
        f"<p>In all: {counts}.</p>\n\n{table('Ledger', HEADS, rows, 'claims')}\n"
    )
