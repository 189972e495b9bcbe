"""Batches of notebooks: the book's default batch against a loop of papermill, and what a run costs by itself."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat

from toolkit.reproduce.ledger import read
from toolkit.reproduce.local import THREADS, cores, thread_settings
from toolkit.reproduce.notebooks import chapters
from toolkit.reproduce.run import Task

RUNS = int(os.environ.get("BENCHMARK_RUNS", 1000))  # of the trivial chapter
STARTS = 5
HOME = Path(__file__).resolve().parents[1]


def plain_environment(**more: str) -> dict[str, str]:
    """Without thread settings: those that a user's shell happens to have would change what is compared."""
    return {k: v for k, v in os.environ.items() if k not in THREADS} | more


def default_batch(folder: Path) -> list[dict]:
    """All chapters, each once: ours with one worker and one thread per core, papermill with torch's default threads."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "toolkit", "reproduce", "--out", folder / "ours", "--workers", str(cores())],
        cwd=HOME, env=plain_environment(), capture_output=True,
    )  # fmt: skip
    ours = time.perf_counter() - start
    runs = json.loads((folder / "ours" / "runs.json").read_text())
    failed = [run["slug"] for run in runs if run["state"] != "done"]
    if failed:
        raise RuntimeError(f"chapters failed, so there is nothing to compare: {', '.join(failed)}")
    start = time.perf_counter()
    for slug, path in chapters().items():
        command = [sys.executable, "-m", "papermill", "--no-progress-bar", path, folder / f"{slug}.ipynb"]
        subprocess.run(command, cwd=folder, env=plain_environment(TOOLKIT_QUIET="1"), capture_output=True, check=True)
    theirs = time.perf_counter() - start
    compute = sum(run["compute"] for run in runs)
    name = f"the book's {len(runs)} chapters, {cores()} workers with one thread each"
    return [
        {
            "what": name,
            "seconds": round(ours, 1),
            "peer": "one after the other with papermill, torch's own number of threads",
            "peer_seconds": round(theirs, 1),
            "ratio": round(theirs / ours, 2),
            "aim": "at least 2.5",
        },
        {
            "what": f"{name}: cores x time / time inside cells",
            "value": round(cores() * ours / compute, 2),
            "aim": "at most 1.15",
        },
    ]


def start_up(folder: Path) -> list[dict]:
    """From asking for a run until torch and matplotlib are there to use, forked and plain, in turn."""
    from toolkit.reproduce.forkserver import ForkServer

    source = folder / "start.ipynb"
    cell = nbformat.v4.new_code_cell("import time, torch, matplotlib.pyplot\nprint(time.time())")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), source)
    server = ForkServer([], thread_settings(1))
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * STARTS + 1):  # the first one waits for the server
        fork = number % 2 == 0
        scratch = folder / str(number)
        scratch.mkdir()
        task = Task(
            f"r{number}", "x", str(source), str(folder), str(scratch), {}, {}, fork, None, None, time.time(), {}
        )
        with server.submit(task) as lines:
            name = [json.loads(line) for line in lines][-1]["notebook"]
        shown = nbformat.read(folder / name, as_version=4).cells[0].outputs[0].text
        if number:
            seconds[fork].append(float(shown) - task.asked)
    server.close()
    ours, theirs = statistics.median(seconds[True]), statistics.median(seconds[False])
    return [
        {
            "what": f"from asking to a cell that has torch and matplotlib, forked; median of {STARTS}",
            "seconds": round(ours, 2),
            "peer": "a plain kernel",
            "peer_seconds": round(theirs, 2),
            "ratio": round(theirs / ours, 2),
            "aim": "at most 0.5 s",
        }
    ]


def many_runs(folder: Path) -> list[dict]:
    """A trivial chapter again and again: does the coordinator grow, is every run in the ledger once?"""
    import psutil

    sys.path.insert(0, str(HOME / "tests"))
    from toy_checkout import Checkout

    checkout = Checkout(folder / "checkout")
    checkout.add("trivial")
    out = folder / "many"
    command = [sys.executable, "-m", "toolkit", "reproduce", "--sweep", f"seed=0:{RUNS}", "-p", "seeds=1"]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--workers", str(cores()), "--out", out],
        cwd=checkout.folder, env=plain_environment(PYTHONPATH=str(checkout.folder)),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    sizes: list[float] = []

    def watch() -> None:
        while process.poll() is None:
            try:
                sizes.append(psutil.Process(process.pid).memory_info().rss / 2**20)
            except psutil.NoSuchProcess:
                return
            time.sleep(0.5)

    watchman = threading.Thread(target=watch)
    watchman.start()
    process.communicate()
    watchman.join()
    seconds = time.perf_counter() - start
    seeds = sorted(entry["parameters"]["seed"] for entry in read(out))
    runs = json.loads((out / "runs.json").read_text())
    first, last = (statistics.median(part) for part in (sizes[5:15], sizes[-15:-3]))
    name = f"{RUNS:,} runs of a trivial chapter, {cores()} workers"
    return [
        {"what": f"{name}: seconds per run", "value": round(seconds / RUNS, 2), "aim": ""},
        {"what": f"{name}: median seconds from asking to the first cell",
         "value": round(statistics.median(run["startup"] for run in runs), 2), "aim": "at most 0.5"},
        {"what": f"{name}: coordinator's memory in MiB, begin and end", "value": f"{first:.0f}, {last:.0f}",
         "aim": "the same"},
        {"what": f"{name}: runs that stand in the ledger exactly once",
         "value": sum(seeds.count(seed) == 1 for seed in set(seeds)), "aim": f"{RUNS:,}"},
    ]  # fmt: skip


def rows() -> list[dict]:
    """One record per comparison, or per quantity with its aim."""
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        (folder / "checkout").mkdir()
        return [*start_up(folder), *many_runs(folder), *default_batch(folder)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
