"""Runs on the workers of a Dask cluster.

A worker needs the installed package, nothing of the checkout: the notebook and the catalogue travel with the task, the
executed notebook and its records travel back. The coordinator alone writes to the run folder. A run that asks for
``device="cuda"`` takes one unit of the worker resource ``GPU``.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from functools import cache
from pathlib import Path

from toolkit.catalog.load import FOLDER, VARIABLE
from toolkit.files import write_whole
from toolkit.reproduce.key import toolkit_code
from toolkit.reproduce.local import Launcher, Limits, cores, make_task, thread_settings
from toolkit.reproduce.plan import Run

LOST = {"state": "failed", "seconds": 0.0, "compute": 0.0, "startup": None, "notebook": None, "records": []}


class ClusterEngine:
    """Hands runs to a Dask scheduler.

    Args:
        scheduler: its address, or ``"local"`` for one with its workers on this machine.
        workers: of a local one.
        folder: where executed notebooks go.
        limits: see there; a run is also tried again when its worker dies.
        libraries: what the notebooks import.

    Raises:
        ModuleNotFoundError: dask.distributed is not installed; the message names the extra that holds it.
        ValueError: no scheduler answers at this address.
    """

    def __init__(self, scheduler: str, workers: int, folder: Path, limits: Limits, libraries: Iterable[str] = ()):
        try:
            import distributed
        except ModuleNotFoundError:
            raise ModuleNotFoundError("--scheduler needs dask.distributed; install the extra 'cluster'") from None
        self._folder, self._limits, self._libraries = folder, limits, sorted(libraries)
        self._own, self._threads = None, None
        if scheduler == "local":
            self._threads = max(1, cores() // workers)
            self._own = distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
        try:
            self._client = distributed.Client(self._own or scheduler, timeout=10, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ValueError(f"no Dask scheduler answers at {scheduler!r}: {error}") from None
        self._catalogue = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.yml")}

    def submit(self, run: Run) -> Future:
        """A future of ``run.execute``'s result, with ``attempts`` added."""
        answer: Future = Future()
        work = {
            "run": run.key,
            "slug": run.slug,
            "notebook": run.notebook.read_text(encoding="utf-8"),
            "overrides": run.overrides,
            "parameters": run.parameters,
            "catalogue": self._catalogue,
            "libraries": self._libraries,
            "threads": self._threads,
            "limits": (self._limits.timeout, self._limits.memory, self._limits.retries),
            "code": toolkit_code(),
        }
        theirs = self._client.submit(
            execute_here,
            work,
            key=run.key,
            pure=False,
            retries=self._limits.retries,
            resources={"GPU": 1} if run.parameters.get("device") == "cuda" else None,
        )
        theirs.add_done_callback(lambda future: self._arrived(future, answer))
        return answer

    def _arrived(self, theirs, answer: Future) -> None:
        if answer.cancelled():
            return
        try:
            result = theirs.result()
        except Exception as trouble:  # the worker died again and again, or cannot run our code
            text = f"{type(trouble).__name__}: {trouble}".splitlines()[0]
            answer.set_result(LOST | {"error": text, "attempts": self._limits.retries + 1})
            return
        text = result.pop("text", None)
        try:
            if text is not None:
                write_whole(self._folder / result["notebook"], text)
        except OSError as error:
            result |= {"state": "full", "error": str(error)}
        answer.set_result(result)
        theirs.release()

    def stop(self) -> None:
        """Forgets what waits, and ends a cluster that was started here."""
        self._client.close()
        if self._own is not None:
            self._own.close()


_starting = threading.Lock()


@cache
def _launcher(libraries: tuple[str, ...], threads: int) -> Launcher:
    """One for the life of the worker's process."""
    scratch = Path(tempfile.mkdtemp(prefix="toolkit-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    return Launcher(libraries, thread_settings(threads), scratch)


def execute_here(work: dict) -> dict:
    """On a worker: one run, in a process of its own. The executed notebook comes back as ``text``."""
    from distributed import get_worker

    if work["code"] != toolkit_code():
        host = os.uname().nodename if hasattr(os, "uname") else "a worker"
        return LOST | {"error": f"{host} has another version of the toolkit; install the same one", "attempts": 1}
    with _starting:
        threads = work["threads"] or max(1, cores() // get_worker().state.nthreads)
        launcher = _launcher(tuple(work["libraries"]), threads)
    with tempfile.TemporaryDirectory(prefix="toolkit-") as name:
        home = Path(name)
        (home / "catalog").mkdir()
        for file, text in work["catalogue"].items():
            (home / "catalog" / file).write_text(text, encoding="utf-8")
        notebook = home / f"{work['slug']}.ipynb"
        notebook.write_text(work["notebook"], encoding="utf-8")
        run = Run(work["slug"], notebook, work["overrides"], work["parameters"], work["run"])
        timeout, memory, retries = work["limits"]
        limits = Limits(timeout, memory, retries)
        (home / "out").mkdir()
        attempts, result = 0, {"state": "died"}
        while result["state"] == "died" and attempts <= retries:
            attempts += 1
            environment = {VARIABLE: str(home / "catalog")}
            result = launcher.execute(make_task(run, home / "out", launcher.folder(), limits, environment))
        if result["notebook"]:
            result["text"] = (home / "out" / result["notebook"]).read_text(encoding="utf-8")
    return result | {"attempts": attempts}
