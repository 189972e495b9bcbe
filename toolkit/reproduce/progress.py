"""What a batch shows while it runs: a live display in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from toolkit.reproduce.batch import Outcome, Progress
from toolkit.reproduce.plan import Run

ROWS = 8  # runs named in the live display


def line(outcome: Outcome, place: int, total: int) -> str:
    words = f"{outcome.seconds:.1f} s" if outcome.ok else f"FAILED: {outcome.error}"
    return f"[{place}/{total}] {outcome.run.label}: {words}"


def time_left(done_seconds: float, begun: float, now: float, share: float) -> str:
    """Words for the time that is left, from the share of the work that is done."""
    if not 0 < share < 1 or done_seconds <= 0:
        return ""
    seconds = (now - begun) * (1 - share) / share
    if seconds < 90:
        return f"about {seconds:.0f} s left"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} min left"
    return f"about {seconds / 3600:.1f} h left"


class Lines(Progress):
    """One line per finished run.

    Args:
        total: runs in this batch.
        say: takes the line.
    """

    def __init__(self, total: int, say: Callable[[str], None]):
        self._total, self._say, self._done = total, say, 0

    def ended(self, outcome: Outcome) -> None:
        self._done += 1
        self._say(line(outcome, self._done, self._total))


class Live(Progress):
    """Counts, time left, and what is running now. A context manager; failures stay above it as lines."""

    def __init__(self, total: int, expected: float):
        from rich.console import Console
        from rich.live import Live as Display

        self._total, self._expected = total, max(expected, 1e-9)
        self._begun_at = time.monotonic()
        self._running: dict[str, tuple[Run, float]] = {}
        self._done = self._failed = 0
        self._work = 0.0
        self._display = Display(console=Console(file=sys.stderr), auto_refresh=False)

    def __enter__(self) -> Live:
        self._display.start()
        return self

    def __exit__(self, *_) -> None:
        self._display.update("", refresh=True)
        self._display.stop()

    def begun(self, run: Run) -> None:  # from a worker's thread; a single assignment
        self._running[run.key] = (run, time.monotonic())

    def ended(self, outcome: Outcome) -> None:
        self._running.pop(outcome.run.key, None)
        self._done += outcome.ok
        self._failed += not outcome.ok
        self._work += outcome.run.seconds or 1.0
        if not outcome.ok:
            self._display.console.print(line(outcome, self._done + self._failed, self._total), markup=False)
        self.tick()

    def tick(self) -> None:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        now = time.monotonic()
        left = time_left(self._work, self._begun_at, now, self._work / self._expected)
        running = sorted(self._running.copy().values(), key=lambda pair: pair[1])
        counts = f"{len(running)} running, {self._done} done, {self._failed} failed of {self._total}"
        rows = [Text(f"  {run.label} {now - since:.0f} s") for run, since in running[:ROWS]]
        bar = ProgressBar(self._total, self._done + self._failed, width=50)
        self._display.update(Group(Text(f"{counts}  {left}"), bar, *rows), refresh=True)
