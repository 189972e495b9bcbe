"""All verdicts of a batch, read from executed notebooks and kept as one JSON file."""

from __future__ import annotations

import csv
import io
import json
from html import escape
from pathlib import Path

from toolkit.claims.result import REPORT_MIME, RESULT_MIME, badge, show_interval
from toolkit.files import write_whole

FIELDS = (
    "run",
    "slug",
    "claim",
    "profile",
    "parameters",
    "values",
    "mean",
    "low",
    "high",
    "n",
    "unit",
    "paper_value",
    "verdict",
    "expected",
    "seconds",
    "peak_memory_mb",
    "device",
    "versions",
)


def records(notebook: Path) -> list[dict]:
    """One record per claim checked in an executed notebook.

    Raises:
        ValueError: the notebook was not executed by this package.
    """
    import nbformat

    content = nbformat.read(notebook, as_version=4)
    run = content.metadata.get("toolkit")
    if run is None:
        raise ValueError(f"{notebook.name} holds no run; make one with: toolkit reproduce")
    checks: dict[str, dict] = {}
    report: dict = {}
    for cell in content.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if RESULT_MIME in data:
                checks[data[RESULT_MIME]["claim"]] = dict(data[RESULT_MIME])
            report = dict(data.get(REPORT_MIME, report))
    run_wide = {
        "run": run["run"],
        "profile": run["profile"],
        "parameters": dict(run["parameters"]),
        "seconds": run["seconds"],
        "peak_memory_mb": report.get("peak_memory_mb"),
        "device": report.get("device"),
        "versions": report.get("versions", {}),
    }
    return [{field: (check | run_wide)[field] for field in FIELDS} for check in checks.values()]


class Ledger:
    """The file ``ledger.json`` of a run folder: a list with one record per run and claim.

    Raises:
        ValueError: the file is there but does not hold a ledger.
    """

    def __init__(self, folder: Path):
        self.path = Path(folder) / "ledger.json"
        self.entries: list[dict] = []
        if self.path.is_file():
            try:
                self.entries = json.loads(self.path.read_text())
            except json.JSONDecodeError as error:
                raise ValueError(f"{self.path} is not a ledger: {error}") from None
            if not isinstance(self.entries, list) or any(set(FIELDS) - set(e) for e in self.entries):
                raise ValueError(f"{self.path} is not a ledger: it must be a list of records")

    def add(self, run: str, entries: list[dict]) -> None:
        """Replaces what the ledger holds of this run, and writes the file."""
        self.entries = [entry for entry in self.entries if entry["run"] != run] + entries
        write_whole(self.path, json.dumps(self.entries, indent=1) + "\n")


def read(folder: Path) -> list[dict]:
    """The records of a run folder.

    Raises:
        FileNotFoundError: the folder holds no ledger.
        ValueError: its ledger is damaged.
    """
    if not (Path(folder) / "ledger.json").is_file():
        raise FileNotFoundError(f"{folder} holds no ledger.json; make one with: toolkit reproduce --out {folder}")
    return Ledger(folder).entries


def measured(entry: dict) -> str:
    """A record's mean with its interval and unit."""
    infinite = float("inf")
    low = -infinite if entry["low"] is None else entry["low"]
    high = infinite if entry["high"] is None else entry["high"]
    return f"{show_interval(entry['mean'], low, high)} {entry['unit']}"


def paper_says(entry: dict) -> str:
    """The paper's own number, where it gives one."""
    return "" if entry["paper_value"] is None else f"{entry['paper_value']:,g}"


def row(entry: dict) -> tuple[str, ...]:
    """A record as the columns of a table."""
    verdict = entry["verdict"]
    if entry["expected"] != verdict:
        verdict += f" (expected: {entry['expected']})"
    return (
        entry["slug"],
        entry["claim"],
        paper_says(entry),
        measured(entry),
        str(entry["n"]),
        verdict,
        f"{entry['seconds']:.1f}",
    )


HEADS = ("chapter", "claim", "paper", "measured: mean [95 % interval]", "n", "verdict", "seconds")


def as_csv(entries: list[dict]) -> str:
    """Comma-separated, one line per record; structured fields as JSON text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    for entry in entries:
        writer.writerow({k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in entry.items()})
    return out.getvalue()


def as_html(entries: list[dict]) -> str:
    """A page of its own with one table."""
    heads = "".join(f"<th>{head}</th>" for head in HEADS)
    lines = []
    for entry in entries:
        slug, claim, paper, numbers, n, _, seconds = map(escape, row(entry))
        verdict = badge(entry["verdict"])
        if entry["expected"] != entry["verdict"]:
            verdict += f" (expected: {escape(entry['expected'])})"
        cells = "".join(f"<td>{cell}</td>" for cell in (slug, claim, paper, numbers, n, verdict, seconds))
        lines.append(f"<tr>{cells}</tr>")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Ledger</title><style>'
        "body{font:15px/1.5 sans-serif;margin:2em;color:#222}table{border-collapse:collapse}"
        "th,td{text-align:left;padding:.3em .8em;border-bottom:1px solid #ccc}</style></head>"
        f"<body><h1>Ledger</h1><table><thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
        "</body></html>\n"
    )
