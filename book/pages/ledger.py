"""The ledger: every claim of every chapter with what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape
from pathlib import Path

from book.pages.common import stored, title
from book.pages.full import recorded
from book.pages.table import table
from toolkit.catalog import chapter, parts
from toolkit.claims.result import COLOUR, badge
from toolkit.reproduce.ledger import measured, paper_says

HEADS = ("Chapter", "Claim", "Paper", "Measured: mean [95 % interval]", "n", "Verdict", "Scale", "Seconds")


def page(ready: Mapping[str, Path]) -> str:
    """One sortable table from the stored default runs and the recorded full runs."""
    rows = []
    total: dict[str, Counter[str]] = {"quick": Counter(), "full": Counter()}
    for slug, path in ready.items():
        part, name, full = parts()[path.parent.name], title(path), recorded(path)
        for entry in [*stored(path), *(full.entries(chapter(slug)) if full else [])]:
            scale = entry["profile"]
            total[scale][entry["verdict"]] += 1
            claim = chapter(slug).claim(entry["claim"])
            verdict = badge(entry["verdict"])
            if claim.reason and scale == "quick" and entry["verdict"] != "reproduced":
                verdict += f"<br><small>{escape(claim.reason)}</small>"
            values = {"part": part.title, "verdict": entry["verdict"], "scale": scale}
            page = f"{part.id}/{slug}.html" + ("#full-profile" if scale == "full" else "")
            cells = (
                (f'<a href="{page}">{escape(name)}</a>', name),
                f"{escape(claim.says)}<br><small><code>{escape(claim.id)}</code>: {escape(claim.quantity)}, "
                f"claimed {escape(str(claim.bound))}</small>",
                (escape(paper_says(entry)), "" if entry["paper_value"] is None else entry["paper_value"]),
                (escape(measured(entry)), entry["mean"]),
                (str(entry["n"]), entry["n"]),
                (verdict, list(COLOUR).index(entry["verdict"])),
                scale,
                (f"{entry['seconds']:.0f}", entry["seconds"]),
            )
            rows.append((values, cells))
    counts = f"Default runs: {_counts('quick', total['quick'])}."
    if total["full"]:
        counts += f" Full runs: {_counts('full', total['full'])}."
    return (
        "# Ledger\n\nEvery claim that a chapter checks: the paper's own number where it gives one for the same "
        "quantity, what we measured, over how many seeds, and the verdict. Scale is the profile of the run. `quick` is "
        "the default run, stored in the chapter; its seconds are those of the whole chapter on two cores. `full` is a "
        "run with more data, more steps or larger models, recorded where somebody has made one; the chapter's page "
        "says when, on what machine and with which parameters.\n\n"
        f"<p>{counts}</p>\n\n{table('Ledger', HEADS, rows, 'claims')}\n"
    )


def _counts(scale: str, total: Counter) -> str:
    """How often each verdict stands there, with links to the rows."""
    return ", ".join(
        f'<a href="ledger.html?scale={scale}&verdict={verdict.replace(" ", "+")}">{total[verdict]} {verdict}</a>'
        for verdict in COLOUR
    )
