"""Executing planned runs, several at a time, each in a kernel of its own."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from toolkit.files import write_whole
from toolkit.reproduce.ledger import Ledger, records
from toolkit.reproduce.plan import Run

WIDGET = "application/vnd.jupyter.widget-view+json"
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Outcome:
    """How one run ended."""

    run: Run
    notebook: Path | None
    seconds: float
    error: str | None  # one line, or None when it ran through

    @property
    def ok(self) -> bool:
        return self.error is None


def cores() -> int:
    """CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Sets environment variables that are not set yet, for the kernels started inside."""
    new = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)


def execute(run: Run, folder: Path) -> Outcome:
    """Runs one chapter with papermill and writes the executed notebook to ``folder``.

    The notebook appears under its final name only when complete; one that failed keeps what ran so far,
    with the error, under the name ``<key>.failed.ipynb``.
    """
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError

    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    final, failed = folder / f"{run.key}.ipynb", folder / f"{run.key}.failed.ipynb"
    partial = folder / f".{run.key}.partial.ipynb"
    error = None
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            papermill.execute_notebook(
                str(run.notebook),
                str(partial),
                parameters=run.overrides,
                kernel_name="python3",
                progress_bar=False,
                log_output=False,
                resources={"metadata": {"path": scratch}},  # papermill's cwd would move this whole process
                **_kernel_options(),
            )
        except PapermillExecutionError as trouble:
            text = re.sub(r"\x1b\[[0-9;]*m", "", f"{trouble.ename}: {trouble.evalue}")
            error = f"cell {trouble.exec_count}: {text}".splitlines()[0]
        except Exception as trouble:  # a kernel that died or did not start must not stop the batch
            error = f"{type(trouble).__name__}: {trouble}".splitlines()[0]
    seconds = round(time.perf_counter() - started, 2)
    if partial.is_file():
        notebook = nbformat.read(partial, as_version=4)
        notebook.metadata["toolkit"] = {
            "run": run.key,
            "slug": run.slug,
            "profile": run.parameters.get("profile"),
            "parameters": run.parameters,
            "seconds": seconds,
        }
        notebook.metadata.pop("widgets", None)
        nbformat.write(notebook, partial)
        partial.replace(final if error is None else failed)
        if error is None:
            failed.unlink(missing_ok=True)
    where = final if error is None else (failed if failed.is_file() else None)
    return Outcome(run, where, seconds, error)


def _kernel_options() -> dict:
    """Where the system allows it, kernels talk over files: no two can ask for the same port."""
    if os.name != "posix":
        return {}
    return {"kernel_manager_class": "toolkit.reproduce.kernel.FileKernelManager"}


def execute_all(
    runs: Sequence[Run], folder: Path, *, workers: int = 1, tell: Callable[[Outcome], None] | None = None
) -> list[Outcome]:
    """Runs everything and writes ``folder/ledger.json`` and ``folder/runs.json``.

    Args:
        runs: what to run.
        folder: the run folder; executed notebooks go to its ``notebooks``.
        workers: runs at a time; each gets its share of the cores.
        tell: called with each outcome as it comes.

    Returns:
        Outcomes in the order of ``runs``. A chapter that fails does not stop the others.

    Raises:
        ValueError: workers below 1.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1; got {workers}")
    ledger = Ledger(folder)
    threads = str(max(1, cores() // min(workers, max(1, len(runs)))))
    outcomes: dict[str, Outcome] = {}
    with (
        environment(TOOLKIT_QUIET="1", OMP_WAIT_POLICY="PASSIVE", **dict.fromkeys(THREADS, threads)),
        ThreadPoolExecutor(workers) as pool,
    ):
        waiting = [pool.submit(execute, run, folder / "notebooks") for run in runs]
        for future in as_completed(waiting):
            outcome = future.result()
            outcomes[outcome.run.key] = outcome
            ledger.add(outcome.run.key, records(outcome.notebook) if outcome.ok else [])
            if tell:
                tell(outcome)
    ordered = [outcomes[run.key] for run in runs]
    _write_runs(folder / "runs.json", ordered)
    return ordered


def _write_runs(path: Path, outcomes: Sequence[Outcome]) -> None:
    """One record per run, failed ones included, merged with those of earlier batches in this folder."""
    known = {entry["run"]: entry for entry in json.loads(path.read_text())} if path.is_file() else {}
    for outcome in outcomes:
        known[outcome.run.key] = {
            "run": outcome.run.key,
            "slug": outcome.run.slug,
            "state": "done" if outcome.ok else "failed",
            "error": outcome.error,
            "seconds": outcome.seconds,
            "notebook": f"notebooks/{outcome.notebook.name}" if outcome.notebook else None,
        }
    write_whole(path, json.dumps(list(known.values()), indent=1) + "\n")


def store(outcome: Outcome) -> None:
    """Puts a default run's outputs into the committed notebook, without traces of when and how it ran.

    A widget's view is left out: without the kernel that made it, JupyterLab would show an error in its place.

    Raises:
        ValueError: the run failed or was not the default run.
    """
    import nbformat

    if not outcome.ok or outcome.run.overrides:
        raise ValueError(f"{outcome.run.slug}: only a default run that ran through can be stored")
    notebook = nbformat.read(outcome.notebook, as_version=4)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "toolkit": notebook.metadata["toolkit"],
    }
    for cell in notebook.cells:
        for extra in ("papermill", "execution"):
            cell.metadata.pop(extra, None)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
    write_whole(outcome.run.notebook, nbformat.writes(notebook) + "\n")
