"""Executing one run in a process of its own: a kernel, its limits, and the executed notebook."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from toolkit.files import write_whole
from toolkit.reproduce.ledger import records_of

PRINTED = 2**20  # characters that one cell may print; what comes after is cut
SHOWN = 2**26  # characters of figures and tables that one notebook may show
START = 120  # seconds that a kernel may take to start
SAVE = 5  # seconds between copies of an unfinished notebook
GRACE = 2  # seconds between asking a cell to stop and killing its kernel


@dataclass(frozen=True)
class Task:
    """What a process needs to know to execute one run; plain data, so that it can travel."""

    run: str
    slug: str
    source: str  # path of the notebook
    folder: str  # where the executed notebook goes
    scratch: str  # an empty folder of the run's own
    overrides: dict
    parameters: dict
    fork: bool  # fork the kernel from this process, instead of starting it plainly
    timeout: float | None  # seconds
    memory: float | None  # GiB, all processes of the kernel together
    asked: float  # time.time() of the request
    environment: dict


def inject(notebook, overrides: dict) -> None:
    """Puts a cell with the given values behind the parameters cell, as papermill does."""
    import nbformat

    if not overrides:
        return
    tagged = [i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])]
    lines = ["# Parameters", *(f"{name} = {_literal(value)}" for name, value in overrides.items())]
    cell = nbformat.v4.new_code_cell("\n".join(lines), metadata={"tags": ["injected-parameters"]})
    if "id" not in notebook.cells[0]:
        cell.pop("id", None)
    notebook.cells.insert(tagged[0] + 1, cell)


def _literal(value: object) -> str:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f"float({str(value)!r})"
    return repr(value)


def execute(task: Task, started=lambda pid: None) -> dict:
    """Runs the notebook and writes it, complete, to ``task.folder``.

    A notebook that failed is kept with the traceback under the name ``<run>.failed.ipynb``.

    Args:
        task: what to run.
        started: called with the kernel's process id, which is also its process group where there are such groups.

    Returns:
        ``state``: ``done``; ``failed``, its code raised or a limit was reached; ``died``, the kernel ended by itself
        or from outside; ``full``, the disk is full. ``error``: one line or None. ``seconds``, ``compute``,
        ``startup``; ``notebook``: its name or None; ``records``.
    """
    folder, scratch = Path(task.folder), Path(task.scratch)
    work = scratch / "work"
    work.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    session = _Session(task, scratch, work)  # forks, so nothing may come before that starts a thread
    started(session.kernel.pid)
    state, error = asyncio.run(session.run(started))
    seconds = round(time.perf_counter() - begun, 2)
    notebook = session.notebook
    notebook.metadata.pop("widgets", None)
    notebook.metadata["toolkit"] = {
        "run": task.run,
        "slug": task.slug,
        "profile": task.parameters.get("profile"),
        "parameters": task.parameters,
        "seconds": seconds,
    }
    compute, first = session.times()
    result = {
        "state": state,
        "error": error,
        "seconds": seconds,
        "compute": compute,
        "startup": None if first is None else round(first - task.asked, 3),
        "notebook": f"{task.run}.ipynb" if state == "done" else f"{task.run}.failed.ipynb",
        "records": records_of(notebook) if state == "done" else [],
    }
    try:
        session.save(folder / result["notebook"])
    except OSError as trouble:
        if trouble.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        words = f"{folder / result['notebook']} could not be written: {os.strerror(trouble.errno)}"
        return result | {"state": "full", "error": words, "notebook": None, "records": []}
    finally:
        unfinished(folder, task.run).unlink(missing_ok=True)
    if state == "done":
        (folder / f"{task.run}.failed.ipynb").unlink(missing_ok=True)
    return result


def unfinished(folder: Path, run: str) -> Path:
    """Where a run that takes long keeps what it has so far."""
    return Path(folder) / f".{run}.unfinished.ipynb"


class _Session:
    """One kernel, the client that feeds it, and a watchman for the limits."""

    def __init__(self, task: Task, scratch: Path, work: Path):
        import nbformat

        from toolkit.reproduce.kernel import ForkedKernel, PlainKernel

        self.task, self.work = task, work
        self.notebook = nbformat.read(task.source, as_version=4)
        for cell in self.notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
                cell.metadata.pop("execution", None)
        inject(self.notebook, task.overrides)
        os.environ.update(task.environment)
        if task.fork:
            self.kernel = ForkedKernel(scratch, work, dict(os.environ))
        else:
            self.kernel = PlainKernel(scratch)
        self.limit: str | None = None  # which limit was reached
        self.begun = self.saved = time.monotonic()
        self.over = threading.Event()

    async def run(self, started) -> tuple[str, str | None]:
        """State and error of the run; the kernel is gone afterwards, with all that it started."""
        from nbclient.exceptions import CellExecutionError, DeadKernelError

        from toolkit.reproduce.client import Client

        client = Client(self.notebook, self.kernel, self._cell_done)
        try:
            await self.kernel.start(self.work)
            started(self.kernel.pid)
            threading.Thread(target=self._watch, daemon=True).start()
            await client.connect(START)
            await client.async_execute()
        except CellExecutionError as trouble:
            text = self.limit or re.sub(r"\x1b\[[0-9;]*m", "", f"{trouble.ename}: {trouble.evalue}")
            return "failed", f"cell {client.code_cells_executed}: {text}".splitlines()[0]
        except DeadKernelError:
            text = self.limit or self.kernel.how_it_ended
            error = f"cell {client.code_cells_executed}: {text}" if client.code_cells_executed else text
            client.note(error)
            return ("failed" if self.limit else "died"), error
        finally:
            self.over.set()
            client.close()
            end_group(self.kernel.pid)
        return "done", None

    def _cell_done(self) -> None:
        if time.monotonic() - self.saved > SAVE:
            self.saved = time.monotonic()
            try:
                self.save(unfinished(Path(self.task.folder), self.task.run))
            except OSError:
                pass  # the finished notebook will say so

    def save(self, path: Path) -> None:
        import nbformat

        write_whole(path, nbformat.writes(self.notebook) + "\n")

    def times(self) -> tuple[float, float | None]:
        """Seconds spent inside cells, and when the first one began."""
        compute, first = 0.0, None
        for cell in self.notebook.cells:
            marks = cell.metadata.get("execution", {})
            if "iopub.execute_input" in marks:
                begin = datetime.fromisoformat(marks["iopub.execute_input"]).timestamp()
                first = begin if first is None else first
                if "shell.execute_reply" in marks:
                    compute += datetime.fromisoformat(marks["shell.execute_reply"]).timestamp() - begin
        return round(compute, 3), first

    def _watch(self) -> None:
        """Ends the kernel at a limit: first by an interrupt, which leaves a traceback in the notebook, then at once."""
        task = self.task
        while not self.over.wait(0.1):
            if task.memory is not None and group_memory(self.kernel.pid) > task.memory * 2**30:
                self.limit = f"memory limit of {task.memory:g} GB reached"
                end_group(self.kernel.pid)
                return
            if task.timeout is not None and time.monotonic() - self.begun > task.timeout:
                self.limit = f"time limit of {task.timeout:g} s reached"
                if os.name == "posix":
                    os.kill(self.kernel.pid, signal.SIGINT)
                    self.over.wait(GRACE)
                end_group(self.kernel.pid)
                return


def group_memory(pid: int) -> int:
    """Resident memory in bytes of a process and all that it started."""
    import psutil

    try:
        first = psutil.Process(pid)
        processes = [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def end_group(pid: int | None) -> None:
    """Kills a process with its process group, if it is there."""
    if pid is None:
        return
    try:
        if os.name == "posix":
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)
    except (ProcessLookupError, PermissionError, OSError):
        pass


def report(task: Task, out) -> None:
    """Executes a task and writes what happens to the text file ``out``, one JSON record per line."""

    def say(record: dict) -> None:
        out.write(json.dumps(record) + "\n")
        out.flush()

    say({"process": os.getpid()})
    try:
        say(execute(task, lambda pid: say({"kernel": pid})))
    except Exception as trouble:  # a kernel that did not start must not stop the batch
        text = f"{type(trouble).__name__}: {trouble}".splitlines()[0]
        say({"state": "died", "error": text, "seconds": 0.0, "compute": 0.0, "startup": None, "notebook": None,
             "records": []})  # fmt: skip


def main() -> None:
    """``python -m toolkit.reproduce.run``: a task on the standard input, what happens on the standard output."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        report(Task(**json.load(sys.stdin)), out)


def as_message(task: Task) -> str:
    return json.dumps(asdict(task))


if __name__ == "__main__":
    main()
