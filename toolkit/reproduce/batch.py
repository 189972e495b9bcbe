"""The coordinator of a batch: hands out runs, writes the ledger, survives what goes wrong."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from toolkit.reproduce.ledger import Ledger
from toolkit.reproduce.local import Limits, LocalEngine
from toolkit.reproduce.lock import FolderLock
from toolkit.reproduce.notebooks import code, imports
from toolkit.reproduce.plan import Run


class DiskFull(OSError):
    """Nothing more can be written; what was finished before is in the ledger."""


@dataclass(frozen=True)
class Outcome:
    """How one run ended, in this batch or an earlier one in the same folder."""

    run: Run
    notebook: Path | None
    seconds: float
    error: str | None  # one line, or None when it ran through
    again: bool = True  # False: the ledger already had it

    @property
    def ok(self) -> bool:
        return self.error is None


class Progress:
    """What a batch tells while it runs; this one keeps silent."""

    def begun(self, run: Run) -> None: ...

    def ended(self, outcome: Outcome) -> None: ...

    def tick(self) -> None: ...


def finished(runs: Sequence[Run], folder: Path) -> dict[str, Outcome]:
    """Those of the runs that the folder's ledger has, with their notebook, by key.

    Raises:
        ValueError: what is there is not a ledger.
    """
    try:
        ledger = Ledger(folder)
    except FileNotFoundError:
        return {}
    with closing(ledger):
        done = {row["run"]: row for row in ledger.runs() if row["state"] == "done"}
    found = {}
    for run in runs:
        row = done.get(run.key)
        if row and (folder / row["notebook"]).is_file():
            found[run.key] = Outcome(run, folder / row["notebook"], row["seconds"], None, again=False)
    return found


def execute_all(
    runs: Sequence[Run],
    folder: Path,
    *,
    workers: int = 1,
    limits: Limits | None = None,
    fresh: bool = False,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Runs everything that the folder's ledger does not have yet, and keeps the ledger.

    Args:
        runs: what to run.
        folder: the run folder; executed notebooks go to its ``notebooks``.
        workers: runs at a time on this machine.
        limits: per run; none by default.
        fresh: also run what the ledger has.
        scheduler: address of a Dask scheduler, or ``"local"``; None: processes of this machine.
        progress: told what begins and ends.

    Returns:
        Outcomes in the order of ``runs``. A run that fails does not stop the others.

    Raises:
        ValueError: workers below 1, or the folder holds something that is not a ledger.
        FolderInUse: another batch works in this folder.
        DiskFull: the batch was stopped.
        KeyboardInterrupt: likewise, by Ctrl-C or SIGTERM. In both cases the ledger has all that was finished.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1; got {workers}")
    limits, progress = limits or Limits(), progress or Progress()
    lock = FolderLock(folder)
    try:
        with closing(Ledger(folder, write=True)) as ledger:
            notebooks = folder / "notebooks"
            notebooks.mkdir(exist_ok=True)
            for left in [*notebooks.glob(".*.part"), *notebooks.glob(".*.unfinished.ipynb")]:
                left.unlink()  # of a batch that was killed
            outcomes = {} if fresh else finished(runs, folder)
            ledger.plan(runs)
            missing = sorted((run for run in runs if run.key not in outcomes), key=lambda run: -(run.seconds or 1e9))
            if missing:
                engine = _engine(missing, notebooks, lock.scratch, workers, limits, scheduler, progress)
                try:
                    with _terminable():
                        for outcome in _collect(engine, missing, notebooks, ledger, progress):
                            outcomes[outcome.run.key] = outcome
                finally:
                    engine.stop()
                    ledger.export()
    finally:
        lock.release()
    return [outcomes[run.key] for run in runs]


def _engine(missing, notebooks, scratch, workers, limits, scheduler, progress):
    libraries = set().union(*(imports(code(path)) for path in {run.notebook for run in missing}))
    workers = min(workers, len(missing))
    if scheduler is None:
        return LocalEngine(workers, notebooks, scratch, limits, libraries, progress.begun)
    from toolkit.reproduce.cluster import ClusterEngine

    return ClusterEngine(scheduler, workers, notebooks, limits, libraries)


def _collect(engine, missing: Sequence[Run], notebooks: Path, ledger: Ledger, progress: Progress):
    """Hands out the runs and yields their outcomes, each after its transaction."""
    waiting = {engine.submit(run): run for run in missing}
    while waiting:
        ready, _ = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
        progress.tick()
        for future in ready:
            run, result = waiting.pop(future), future.result()
            if result["state"] == "full":
                raise DiskFull(result["error"])
            name = result["notebook"]
            row = {
                "run": run.key,
                "slug": run.slug,
                "parameters": run.parameters,
                "state": "done" if result["state"] == "done" else "failed",
                "notebook": f"notebooks/{name}" if name else None,
            } | {field: result[field] for field in ("error", "attempts", "seconds", "compute", "startup")}
            try:
                ledger.finish(row, result["records"])
            except OSError as error:
                raise DiskFull(str(error)) from None
            outcome = Outcome(run, notebooks / name if name else None, result["seconds"], result["error"])
            progress.ended(outcome)
            yield outcome


@contextmanager
def _terminable():
    """SIGTERM, which a queue sends before it ends a job, stops a batch as Ctrl-C does."""

    def stop(*_):
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
