"""Runs on this machine, each in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from toolkit.reproduce.plan import Run
from toolkit.reproduce.run import Task, as_message, end_group, unfinished

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
WORKER_MEMORY = 2**30 * 3 // 2  # bytes that a worker should find free
SERVERS = 3  # how many servers may die under a task before its process has begun


@dataclass(frozen=True)
class Limits:
    """What a run may take, and how often it is tried again when it died for outside reasons."""

    timeout: float | None = None  # seconds
    memory: float | None = None  # GiB
    retries: int = 1

    def __post_init__(self) -> None:
        if self.timeout is not None and self.timeout <= 0:
            raise ValueError(f"the time limit must be above 0 seconds; got {self.timeout:g}")
        if self.memory is not None and self.memory <= 0:
            raise ValueError(f"the memory limit must be above 0 GB; got {self.memory:g}")
        if self.retries < 0:
            raise ValueError(f"retries must be at least 0; got {self.retries}")


def cores() -> int:
    """CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_workers() -> int:
    """One run per core, fewer where the memory is small."""
    import psutil

    return max(1, min(cores(), psutil.virtual_memory().available // WORKER_MEMORY))


def thread_settings(threads: int) -> dict[str, str]:
    """Environment of a run that shares the machine: its threads. What the user has set is left alone."""
    wanted = {"TOOLKIT_QUIET": "1"} | dict.fromkeys(THREADS, str(threads))
    return {name: value for name, value in wanted.items() if name not in os.environ}


def uses_cuda(parameters: dict) -> bool:
    """Whether a run with these parameters computes on a GPU of this machine."""
    device = parameters.get("device", "auto")
    seen = os.environ.get("CUDA_VISIBLE_DEVICES", "all") not in ("", "-1")
    return device == "cuda" or (device == "auto" and seen and Path("/dev/nvidia0").exists())


def make_task(run: Run, folder: Path, scratch: Path, limits: Limits, environment: dict[str, str]) -> Task:
    return Task(
        run=run.key,
        slug=run.slug,
        source=str(run.notebook),
        folder=str(folder.resolve()),
        scratch=str(scratch),
        overrides=run.overrides,
        parameters=run.parameters,
        fork=sys.platform == "linux" and not uses_cuda(run.parameters),
        timeout=limits.timeout,
        memory=limits.memory,
        asked=time.time(),
        environment=environment,
    )


class Launcher:
    """Executes tasks, any number at a time, each in a process of its own, and can stop them all."""

    def __init__(self, libraries: Iterable[str], environment: dict[str, str], scratch: Path):
        self._libraries, self._environment, self.scratch = sorted(libraries), environment, scratch
        self._numbers = count()
        self._lock = threading.Lock()
        self._active: dict[int, dict] = {}
        self._server = None
        self._stopped = False
        if sys.platform == "linux":
            self._start_server()

    def _start_server(self) -> None:
        from toolkit.reproduce.forkserver import ForkServer

        self._server = ForkServer(self._libraries, self._environment)

    def folder(self) -> Path:
        """A new folder for one attempt."""
        made = self.scratch / str(next(self._numbers))
        made.mkdir(parents=True)
        return made

    def execute(self, task: Task) -> dict:
        """Waits for one task. A process that ends without a word gives the state ``died``."""
        began = time.perf_counter()
        try:
            for _ in range(SERVERS):
                result, about = self._listen(task)
                if result or about:
                    break
        finally:
            shutil.rmtree(task.scratch, ignore_errors=True)
        return result or self._lost(task, time.perf_counter() - began)

    def _listen(self, task: Task) -> tuple[dict | None, dict]:
        """The result, if there is one, and all that the process of the task said; nothing if it never began."""
        number, result, about = next(self._numbers), None, {}
        try:
            with self._lock:
                if self._stopped:
                    raise OSError("stopped")
                lines, process = self._submit(task)
                self._active[number] = about
            with lines:
                for line in lines:
                    record = json.loads(line)
                    about.update(record)
                    if "state" in record:
                        result = record
            if process is not None:
                process.wait()
        except (OSError, json.JSONDecodeError):  # the server or the process went away in the middle of a word
            result = None
        finally:
            self._active.pop(number, None)
            end_group(about.get("kernel"))
        return result, about

    def _submit(self, task: Task):
        """The lines that the process of a task writes, and that process where it is a child of this one."""
        if self._server is not None:
            try:
                return self._server.submit(task), None
            except OSError:  # it is gone, or going
                self._server.close()
                self._start_server()
                return self._server.submit(task), None
        process = subprocess.Popen(
            [sys.executable, "-m", "toolkit.reproduce.run"],
            env=os.environ | self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        process.stdin.write(as_message(task))
        process.stdin.close()
        return process.stdout, process

    def _lost(self, task: Task, seconds: float) -> dict:
        """The result of a run whose process was killed: what it had saved of its notebook is kept."""
        saved, kept = unfinished(Path(task.folder), task.run), Path(task.folder) / f"{task.run}.failed.ipynb"
        if saved.is_file():
            saved.replace(kept)
        return {
            "state": "died",
            "error": "the process of this run was killed",
            "seconds": round(seconds, 2),
            "compute": 0.0,
            "startup": None,
            "notebook": kept.name if kept.is_file() else None,
            "records": [],
        }

    def stop(self) -> None:
        """Ends every run and the server."""
        with self._lock:
            self._stopped = True
            for about in list(self._active.values()):
                end_group(about.get("process"))
                end_group(about.get("kernel"))
            if self._server is not None:
                self._server.close()


class LocalEngine:
    """A pool of workers on this machine.

    Args:
        workers: runs at a time; each gets its share of the cores.
        folder: where executed notebooks go.
        scratch: a temporary folder.
        limits: see there.
        libraries: what the notebooks import, so that it is imported only once.
        begun: called with a run when it starts.
    """

    def __init__(
        self,
        workers: int,
        folder: Path,
        scratch: Path,
        limits: Limits,
        libraries: Iterable[str] = (),
        begun: Callable[[Run], None] = lambda run: None,
    ):
        self._folder, self._limits, self._begun = folder, limits, begun
        self._launcher = Launcher(libraries, thread_settings(max(1, cores() // workers)), scratch)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="worker")

    def submit(self, run: Run) -> Future:
        """A future of ``run.execute``'s result, with ``attempts`` added."""
        return self._pool.submit(self._attempts, run)

    def _attempts(self, run: Run) -> dict:
        self._begun(run)
        attempts, result = 0, {"state": "died"}
        while result["state"] == "died" and attempts <= self._limits.retries:
            attempts += 1
            task = make_task(run, self._folder, self._launcher.folder(), self._limits, {})
            result = self._launcher.execute(task)
        return result | {"attempts": attempts}

    def stop(self) -> None:
        """Ends what is running and forgets what waits."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._launcher.stop()
        self._pool.shutdown(wait=True)
