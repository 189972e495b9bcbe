"""A paper under test: its card, its checks and the table at the end of the chapter."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from importlib import metadata

from toolkit.catalog import Chapter, chapter
from toolkit.claims.machine import machine
from toolkit.claims.result import REPORT_MIME, Measurement, Result, badge
from toolkit.claims.statistics import as_seed_axis, interval, judge

CELL = "text-align:left;vertical-align:top;padding:0.3em 0.8em 0.3em 0"
LIBRARIES = ("weights-and-wirings", "torch", "numpy", "scipy", "networkx", "scikit-learn", "matplotlib")


def paper(slug: str) -> Paper:
    """The paper behind a chapter, ready to have its claims checked.

    Raises:
        UnknownName: no chapter has this slug; the message offers the nearest one.
    """
    return Paper(chapter(slug))


class Paper:
    """A catalogue entry with the results measured so far."""

    def __init__(self, entry: Chapter):
        self.entry = entry
        self.results: dict[str, Result] = {}
        self._started = time.perf_counter()

    def check(self, claim_id: str, values, *, against=None) -> Result:
        """Judge one claim from one value per seed, show the result and return it.

        Args:
            claim_id: the claim's id in the catalogue.
            values: ``[n]``, a tensor, array or list; one number is enough for a deterministic quantity.
            against: ``[n]``, subtracted seed by seed, so that a paired difference stays paired.

        Raises:
            UnknownName: the chapter has no such claim.
            ValueError: empty, not finite, of the wrong shape, or checked before with other values.
        """
        claim = self.entry.claim(claim_id)
        numbers = as_seed_axis(values, name=f"values of {claim_id!r}")
        if against is not None:
            base = as_seed_axis(against, name=f"'against' of {claim_id!r}")
            if base.shape != numbers.shape:
                raise ValueError(
                    f"paired values of {claim_id!r} must have one partner per seed; got {numbers.size} and {base.size}"
                )
            numbers = numbers - base
        seen = self.results.get(claim_id)
        if seen is not None:
            if seen.values != tuple(numbers.tolist()):
                raise ValueError(
                    f"claim {claim_id!r} was checked before with other values; "
                    f"run the chapter's first cell again to start anew"
                )
            result = seen
        else:
            mean, low, high = interval(numbers, method=claim.interval)
            if numbers.size == 1 and claim.deterministic:
                low = high = mean
            verdict = judge(mean, low, high, claim.bound)
            result = Result(self.entry.slug, claim, tuple(numbers.tolist()), mean, low, high, verdict)
            self.results[claim_id] = result
        result._ipython_display_()
        return result

    def measure(self, name: str, values, *, unit: str) -> Measurement:
        """Show a number that no claim is about, with its interval; a recorded full run keeps it.

        Args:
            name: what one seed contributes, in words.
            values: ``[n]``, one number per seed.
            unit: of the values.

        Raises:
            ValueError: empty, not finite or of the wrong shape.
        """
        numbers = as_seed_axis(values, name=f"values of {name!r}")
        measurement = Measurement(name, tuple(numbers.tolist()), *interval(numbers), unit)
        measurement._ipython_display_()
        return measurement

    def report(self, device="cpu") -> Report:
        """The table of all claims: the paper says, we measured, verdict.

        Args:
            device: where the chapter computed; recorded in the ledger.

        Raises:
            ValueError: a claim of the catalogue was never checked.
        """
        missing = [claim.id for claim in self.entry.claims if claim.id not in self.results]
        if missing:
            raise ValueError(f"claims never checked: {', '.join(missing)}")
        return Report(self, str(device), time.perf_counter() - self._started)

    def verdicts(self) -> str:
        """One line per checked claim, ``id: verdict``, the same on every machine."""
        return "\n".join(str(self.results[c.id]) for c in self.entry.claims if c.id in self.results)

    def __repr__(self) -> str:
        entry = self.entry
        lines = [f"{entry.title}", f"{entry.citation}. {entry.link or ''}".strip(), f"Question: {entry.question}"]
        lines += [f"Claim {claim.id}: {claim.says} ({claim.place})" for claim in entry.claims]
        lines.append(f"Default run: about {entry.seconds:.0f} s on two cores.")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        entry = self.entry
        claims = "".join(
            f"<li><code>{escape(c.id)}</code>: {escape(c.says)} <em>({escape(c.place)})</em></li>" for c in entry.claims
        )
        link = f'<a href="{escape(entry.link)}">{escape(entry.link)}</a>' if entry.link else ""
        return (
            '<div style="border:1px solid #8888;border-left:4px solid #0072b2;border-radius:4px;'
            'padding:0.6em 1em">'
            f"<p><strong>{escape(entry.title)}</strong><br>{escape(entry.citation)}. {link}</p>"
            f"<p><strong>Question.</strong> {escape(entry.question)}</p>"
            f"<p><strong>Claims tested</strong></p><ul>{claims}</ul>"
            f"<p>Default run: about {entry.seconds:.0f} s on two cores, no network. "
            f"Level: {entry.difficulty}.</p></div>"
        )


@dataclass(frozen=True)
class Report:
    """The last table of a chapter, with what the ledger needs to know of the machine."""

    paper: Paper
    device: str
    seconds: float

    def record(self) -> dict:
        return {
            "slug": self.paper.entry.slug,
            "seconds": round(self.seconds, 2),
            "peak_memory_mb": peak_memory_mb(),
            "device": self.device,
            "versions": versions(),
            "date": datetime.now(UTC).date().isoformat(),
            "machine": machine(self.device),
        }

    def __repr__(self) -> str:
        lines = []
        for result in self.paper.results.values():
            lines.append(f"{result.claim.id}: {result.measured} {result.claim.unit}, {result.verdict}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = []
        for claim in self.paper.entry.claims:
            result = self.paper.results[claim.id]
            says = escape(claim.says)
            if claim.paper_value is not None:
                says += f" <em>Paper: {claim.paper_value:,g} {escape(claim.unit)}.</em>"
            verdict = badge(result.verdict)
            if claim.reason and result.verdict != "reproduced":
                verdict += f"<br><small>{escape(claim.reason)}</small>"
            columns = (
                says,
                f"{escape(claim.quantity)} ({escape(claim.unit)}), claimed {escape(str(claim.bound))}",
                escape(result.measured),
                str(result.n),
                verdict,
            )
            rows.append("<tr>" + "".join(f'<td style="{CELL}">{column}</td>' for column in columns) + "</tr>")
        heads = "".join(
            f'<th style="{CELL}">{head}</th>'
            for head in ("The paper says", "Quantity", "We measured: mean [95 % interval]", "n", "Verdict")
        )
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"text/plain": repr(self), "text/html": self._repr_html_(), REPORT_MIME: self.record()}


def versions(libraries: Sequence[str] = LIBRARIES) -> dict[str, str]:
    """Python and those of the libraries that are installed; by default those that a chapter's numbers may depend on."""
    found = {"python": platform.python_version()}
    for name in libraries:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MiB."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        return round(psutil.Process().memory_info().peak_wset / 2**20, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if platform.system() == "Darwin" else 2**10), 1)
