"""One checked claim: the numbers, how they are shown, and how they travel in a notebook."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape

from toolkit.catalog import Claim

RESULT_MIME = "application/vnd.weights-and-wirings.result+json"
REPORT_MIME = "application/vnd.weights-and-wirings.report+json"
MEASUREMENT_MIME = "application/vnd.weights-and-wirings.measurement+json"

SIGN = {"reproduced": "✓", "in doubt": "?", "not reproduced": "✗"}
COLOUR = {"reproduced": "#007a5e", "in doubt": "#9a6700", "not reproduced": "#b3261e"}


def decimals(low: float, high: float) -> int:
    """How many decimals show two digits of an interval's half width."""
    half = (high - low) / 2
    if not math.isfinite(half) or half <= 0:
        return 4
    return min(8, max(0, 1 - math.floor(math.log10(half))))


def show_interval(mean: float, low: float, high: float) -> str:
    """Mean and interval with sensible digits: ``0.0213 [0.0171, 0.0255]``."""
    if low == high:
        return f"{mean:.4g}"
    if not math.isfinite(low):
        return f"{mean:.4g} (one value, no interval)"
    digits = decimals(low, high)
    return f"{mean:,.{digits}f} [{low:,.{digits}f}, {high:,.{digits}f}]"


def badge(verdict: str, count: int | None = None) -> str:
    """A verdict as a short piece of HTML that is legible on any background and does not depend on colour alone."""
    words = verdict if count is None else f"{count} {verdict}"
    style = f"background:{COLOUR[verdict]};color:#fff;padding:0.05em 0.5em;border-radius:0.7em;white-space:nowrap"
    return f'<strong style="{style}">{SIGN[verdict]} {words}</strong>'


def _finite(x: float) -> float | None:
    return x if math.isfinite(x) else None


@dataclass(frozen=True)
class Measurement:
    """A number beside the claims: values per seed, their mean and 95 % interval. It has no bound and no verdict."""

    name: str
    values: tuple[float, ...]
    mean: float
    low: float
    high: float
    unit: str

    def record(self) -> dict:
        """As plain JSON data. An unbounded end of the interval becomes ``None``."""
        return {
            "name": self.name,
            "values": list(self.values),
            "mean": self.mean,
            "low": _finite(self.low),
            "high": _finite(self.high),
            "n": len(self.values),
            "unit": self.unit,
        }

    def __str__(self) -> str:
        return f"{self.name}: {show_interval(self.mean, self.low, self.high)} {self.unit}, n = {len(self.values)}"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display({"text/plain": str(self), MEASUREMENT_MIME: self.record()}, raw=True)


@dataclass(frozen=True)
class Result:
    """Values per seed of one claim, their mean, 95 % interval and verdict."""

    slug: str
    claim: Claim
    values: tuple[float, ...]
    mean: float
    low: float
    high: float
    verdict: str
    _shown_in: list = field(default_factory=list, compare=False, repr=False)

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def measured(self) -> str:
        return show_interval(self.mean, self.low, self.high)

    def record(self) -> dict:
        """As plain JSON data. An unbounded end of the interval becomes ``None``."""

        return {
            "slug": self.slug,
            "claim": self.claim.id,
            "values": list(self.values),
            "mean": self.mean,
            "low": _finite(self.low),
            "high": _finite(self.high),
            "n": self.n,
            "unit": self.claim.unit,
            "paper_value": self.claim.paper_value,
            "verdict": self.verdict,
            "expected": self.claim.expected,
        }

    def __str__(self) -> str:
        return f"{self.claim.id}: {self.verdict}"

    def _html(self) -> str:
        return (
            f"<p>{badge(self.verdict)} &nbsp;<code>{escape(self.claim.id)}</code>: "
            f"{escape(self.claim.quantity)}: <strong>{escape(self.measured)}</strong> "
            f"{escape(self.claim.unit)}, n = {self.n}; claimed {escape(str(self.claim.bound))}.</p>"
        )

    def _ipython_display_(self) -> None:
        """Shows the result once per cell, however often the cell mentions it."""
        from IPython import get_ipython
        from IPython.display import display

        shell = get_ipython()
        here = shell.execution_count if shell else None
        if here is not None and here in self._shown_in:
            return
        self._shown_in.append(here)
        bundle = {"text/plain": str(self), "text/html": self._html(), RESULT_MIME: self.record()}
        display(bundle, raw=True)
