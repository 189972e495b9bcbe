"""All verdicts of a batch: read from executed notebooks, kept in one SQLite file of the run folder."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from toolkit.claims.result import REPORT_MIME, RESULT_MIME, show_interval
from toolkit.files import write_whole

NAME = "ledger.sqlite"
VERSION = 1  # of the tables below
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
STRUCTURED = ("parameters", "values", "versions")  # kept as JSON text
RUN_FIELDS = (
    "run",
    "slug",
    "parameters",
    "state",  # planned, done or failed
    "error",  # one line, or null
    "attempts",
    "seconds",  # from the start of its kernel to the written notebook
    "compute",  # seconds inside its cells
    "startup",  # seconds from the request to the first cell
    "notebook",
    "finished",
)
SCHEMA = f"""
CREATE TABLE runs (position INTEGER PRIMARY KEY, {", ".join(f'"{name}"' for name in RUN_FIELDS)}, UNIQUE (run));
CREATE TABLE claims ({", ".join(f'"{name}"' for name in FIELDS)}, UNIQUE (run, claim));
PRAGMA user_version = {VERSION};
"""


def records(notebook: Path) -> list[dict]:
    """One record per claim checked in an executed notebook.

    Raises:
        ValueError: the notebook was not executed by this package.
    """
    import nbformat

    content = nbformat.read(notebook, as_version=4)
    if "toolkit" not in content.metadata:
        raise ValueError(f"{notebook.name} holds no run; make one with: toolkit reproduce")
    return records_of(content)


def records_of(content: Mapping) -> list[dict]:
    """The same for a notebook in memory, with its run under ``metadata.toolkit``."""
    run = content["metadata"]["toolkit"]
    checks: dict[str, dict] = {}
    report: dict = {}
    for cell in content["cells"]:
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
    """The file ``ledger.sqlite`` of a run folder. Only the process that runs the batch writes it.

    Every change is one transaction, on the disk when the call returns. The order is that of the plans.

    Args:
        folder: the run folder.
        write: make the file when it is not there.

    Raises:
        FileNotFoundError: there is none, and ``write`` is false.
        ValueError: the file does not hold a ledger, or ``ledger.json`` stands there alone: it would be overwritten.
    """

    def __init__(self, folder: Path, *, write: bool = False):
        self.path = Path(folder) / NAME
        new = not self.path.is_file()
        if new and not write:
            raise FileNotFoundError(f"{folder} holds no {NAME}")
        if new and (Path(folder) / "ledger.json").exists():
            raise ValueError(f"{folder} holds a ledger.json without its {NAME}; give another folder")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        self._file.row_factory = sqlite3.Row
        try:
            if self._file.execute("PRAGMA user_version").fetchone()[0] == 0 and write:
                self._file.executescript(f"BEGIN; {SCHEMA} COMMIT;")
            if self._file.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                raise sqlite3.DatabaseError("it has other tables")
        except sqlite3.DatabaseError as error:
            self._file.close()
            if isinstance(error, sqlite3.OperationalError):  # locked, disk full
                raise OSError(f"{self.path}: {error}") from None
            raise ValueError(f"{self.path} is not a ledger: {error}") from None

    def close(self) -> None:
        self._file.close()

    def _change(self, statements: Sequence[tuple[str, Sequence]]) -> None:
        try:
            self._file.execute("BEGIN IMMEDIATE")
            for statement, values in statements:
                self._file.execute(statement, values)
            self._file.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
            raise OSError(f"{self.path}: {error}") from None

    def plan(self, runs: Sequence) -> None:
        """Notes what is going to run, so that the ledger also says what is missing."""
        add = "INSERT OR IGNORE INTO runs (run, slug, parameters, state) VALUES (?, ?, ?, 'planned')"
        self._change([(add, (run.key, run.slug, json.dumps(run.parameters))) for run in runs])

    def finish(self, run: Mapping, entries: Sequence[Mapping]) -> None:
        """Replaces what the ledger holds of one run.

        Args:
            run: ``RUN_FIELDS`` except ``finished``.
            entries: its records; none for a run that failed.

        Raises:
            OSError: the disk is full; the ledger is as it was.
        """
        row = dict(run) | {"finished": datetime.now(UTC).isoformat(timespec="seconds")}
        names = [name for name in RUN_FIELDS if name != "run"]
        statements: list[tuple[str, Sequence]] = [
            ("INSERT OR IGNORE INTO runs (run) VALUES (?)", (row["run"],)),
            (
                f"UPDATE runs SET {', '.join(f'{name} = ?' for name in names)} WHERE run = ?",
                [*(_plain(row[name]) for name in names), row["run"]],
            ),
            ("DELETE FROM claims WHERE run = ?", (row["run"],)),
        ]
        add = f"INSERT INTO claims VALUES ({', '.join('?' * len(FIELDS))})"
        statements += [(add, [_plain(entry[name]) for name in FIELDS]) for entry in entries]
        self._change(statements)

    def runs(self) -> list[dict]:
        """One record per run (``RUN_FIELDS``), planned and failed ones included."""
        found = self._file.execute("SELECT * FROM runs ORDER BY position")
        return [{name: _structured(name, row[name]) for name in RUN_FIELDS} for row in found]

    def entries(self) -> list[dict]:
        """One record per run and claim (``FIELDS``)."""
        found = self._file.execute(
            "SELECT claims.* FROM claims JOIN runs USING (run) ORDER BY runs.position, claims.rowid"
        )
        return [{name: _structured(name, row[name]) for name in FIELDS} for row in found]

    def export(self) -> None:
        """Writes ``ledger.json`` and ``runs.json`` beside the file, for those who read JSON."""
        for name, content in (("ledger.json", self.entries()), ("runs.json", self.runs())):
            write_whole(self.path.with_name(name), json.dumps(content, indent=1) + "\n")


def _plain(value):
    return json.dumps(value) if isinstance(value, list | dict) else value


def _structured(name: str, value):
    return json.loads(value) if name in STRUCTURED and value is not None else value


def read(folder: Path) -> list[dict]:
    """The records of a run folder, or of a ``ledger.json`` that somebody passed on.

    Raises:
        FileNotFoundError: there is no ledger.
        ValueError: it is damaged.
    """
    folder = Path(folder)
    if (folder / NAME).is_file():
        with closing(Ledger(folder)) as ledger:
            try:
                return ledger.entries()
            except sqlite3.DatabaseError as error:
                raise ValueError(f"{ledger.path} is not a ledger: {error}") from None
    path = folder if folder.suffix == ".json" else folder / "ledger.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} holds no ledger.json or {NAME}; make one with: toolkit reproduce --out {folder}"
        )
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not a ledger: {error}") from None
    if not isinstance(entries, list) or any(set(FIELDS) - set(entry) for entry in entries):
        raise ValueError(f"{path} is not a ledger: it must be a list of records")
    return entries


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
