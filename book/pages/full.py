"""A chapter's recorded full run beside its default run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from shlex import join

from book.pages.common import stored
from toolkit.catalog import Chapter, chapter
from toolkit.claims.result import badge
from toolkit.reproduce import full
from toolkit.reproduce.full import FullRun
from toolkit.reproduce.ledger import measured
from toolkit.reproduce.notebooks import parameters


@cache
def recorded(notebook: Path) -> FullRun | None:
    """The chapter's recorded full run; its page and the ledger ask for the same."""
    return full.load(notebook, chapter(notebook.stem))


def duration(seconds: float) -> str:
    """``40 s`` or ``12 minutes``."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} minutes"


def section(path: Path, entry: Chapter) -> str | None:
    """Markdown with both runs' numbers for each claim, or None where no full run is recorded."""
    run = recorded(path)
    if run is None:
        return None
    default = {found["claim"]: found for found in stored(path)}
    rows = []
    for found in run.entries(entry):
        claim = entry.claim(found["claim"])
        says = f"{escape(claim.says)}<br><small>{escape(claim.quantity)}, claimed {escape(str(claim.bound))}</small>"
        rows.append((says, _cell(default[claim.id]), _cell(found)))
    lines = [
        "## Full profile",
        "",
        "All that stands above comes from the default run. This table sets a run of the full profile beside it.",
        "",
        *_facts(run, parameters(path)),
        "",
        _table("Default and full run", ("Claim", "Default run", "Full run"), rows),
    ]
    if run.measurements:
        cells = [(escape(m.name), escape(measured(m.model_dump())), str(m.n)) for m in run.measurements]
        heads = ("Measured beside the claims", "Mean [95 % interval]", "n")
        lines += ["", _table("Other numbers of the full run", heads, cells)]
    return "\n".join(lines) + "\n"


def _facts(run: FullRun, defaults: Mapping) -> list[str]:
    """When, where and with which settings, as a list."""
    machine = run.machine
    threads = f"{machine.threads} thread" + ("s" if machine.threads > 1 else "")
    most = f", of which it took {run.peak_memory_mb / 1024:.1f} at most" if run.peak_memory_mb else ""
    where = f"{machine.gpu}; " if machine.gpu else ""
    command = ["toolkit", "reproduce", run.slug, "--profile", "full"]
    for name, value in run.changes(defaults).items():
        command += ["-p", f"{name}={value}"]
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    return [
        f"- Run on {run.date:%Y-%m-%d}, in {duration(run.seconds)}, on {where}{machine.processor}, {threads}, "
        f"{machine.memory_gb} GB of memory{most}.",
        f"- Command: `{join(command)}`",
        f"- Versions: {versions}.",
    ]


def _cell(entry: Mapping) -> str:
    return f"{badge(entry['verdict'])}<br>{escape(measured(entry))}<br><small>n = {entry['n']}</small>"


def _table(name: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """In one line of HTML, as wide as the page and scrolled where it is wider."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="scrolled" role="region" aria-label="{escape(name)}" tabindex="0"><table class="table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
