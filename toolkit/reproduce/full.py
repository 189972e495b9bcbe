"""A chapter's recorded full run: the file ``<slug>.full.json`` beside its notebook.

A full run takes too long to be repeated by every reader, and its figures would hide those of the default run. So its
numbers are kept, with what is needed to judge and to repeat it.
"""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError, field_validator

from toolkit.catalog import Chapter
from toolkit.catalog.schema import Entry, Slug, Verdict
from toolkit.claims.result import MEASUREMENT_MIME, REPORT_MIME
from toolkit.claims.statistics import interval, judge
from toolkit.files import write_whole
from toolkit.reproduce.ledger import records_of

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Numbers(Entry):
    """One value per seed, their mean and 95 % interval; an end is null where one value leaves it open."""

    values: Annotated[list[float], Field(min_length=1)]
    mean: float
    low: float | None
    high: float | None
    n: Annotated[int, Field(ge=1)]


class Checked(Numbers):
    """What was measured for one claim."""

    claim: Slug
    verdict: Verdict


class Measured(Numbers):
    """What was measured beside the claims."""

    name: Words
    unit: Words


class Machine(Entry):
    processor: Words
    threads: Annotated[int, Field(ge=1)]
    memory_gb: Annotated[int, Field(ge=0)]
    gpu: str | None


class FullRun(Entry):
    """One run of the full profile, with any other parameters."""

    slug: Slug
    run: Words  # its key, see toolkit.reproduce.key
    date: date  # in UTC
    parameters: dict[str, bool | int | float | str | list | dict | None]
    machine: Machine
    device: str
    versions: dict[str, str]
    seconds: Annotated[float, Field(gt=0)]
    peak_memory_mb: float | None
    claims: Annotated[list[Checked], Field(min_length=1)]
    measurements: list[Measured]

    @field_validator("parameters")
    @classmethod
    def _is_full(cls, value: dict) -> dict:
        if value.get("profile") != "full":
            raise ValueError("must have profile 'full'")
        return value

    def changes(self, defaults: dict) -> dict:
        """Parameters that differ from a chapter's defaults, the profile aside."""
        return {
            name: value
            for name, value in self.parameters.items()
            if name != "profile" and (name not in defaults or defaults[name] != value)
        }

    def entries(self, chapter: Chapter) -> list[dict]:
        """One record per claim, with the ledger's names for what a table shows, in the catalogue's order."""
        found = {checked.claim: checked for checked in self.claims}
        return [
            found[claim.id].model_dump()
            | {"unit": claim.unit, "paper_value": claim.paper_value, "profile": "full", "seconds": self.seconds}
            for claim in chapter.claims
        ]


def path(notebook: Path) -> Path:
    """Where the full run of a chapter is recorded."""
    return notebook.with_suffix(".full.json")


def record(notebook: Path) -> FullRun:
    """The record of an executed notebook.

    Raises:
        ValueError: it lacks what a record holds, for instance because an older version of the package ran it.
    """
    import nbformat

    content = nbformat.read(notebook, as_version=4)
    checks = records_of(content)
    report, measurements = {}, []
    for cell in content["cells"]:
        for output in cell.get("outputs", []):
            report = dict(output.get("data", {}).get(REPORT_MIME, report))
            if MEASUREMENT_MIME in output.get("data", {}):
                measurements.append(dict(output["data"][MEASUREMENT_MIME]))
    run = content["metadata"]["toolkit"]
    numbers = ("claim", "values", "mean", "low", "high", "n", "verdict")
    made = {field: run[field] for field in ("slug", "run", "parameters", "seconds")}
    made |= {field: report.get(field) for field in ("date", "machine", "device", "versions", "peak_memory_mb")}
    made["claims"] = [{field: check[field] for field in numbers} for check in checks]
    made["measurements"] = measurements
    return _checked(made, notebook.name)


def store(notebook: Path, executed: Path) -> None:
    """Records an executed full run beside the chapter's notebook, in place of an earlier record.

    Raises:
        ValueError: it cannot be recorded; an earlier record is as it was.
    """
    text = json.dumps(record(executed).model_dump(mode="json"), indent=1, ensure_ascii=False)
    write_whole(path(notebook), text + "\n")


def load(notebook: Path, chapter: Chapter) -> FullRun | None:
    """The recorded full run of a chapter, or None where there is none.

    Raises:
        ValueError: the file is damaged, or its claims, numbers and verdicts are not those of the catalogue.
    """
    file = path(notebook)
    if not file.is_file():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{file.name} is not readable as JSON: {error}") from None
    run = _checked(content, file.name)
    wrong = problems(run, chapter)
    if wrong:
        raise ValueError(f"{file.name}: {wrong[0]}")
    return run


def problems(run: FullRun, chapter: Chapter) -> list[str]:
    """Where a record and the catalogue disagree, in words; an empty list when they do not."""
    found = []
    if run.slug != chapter.slug:
        found.append(f"it belongs to {run.slug!r}, not to {chapter.slug!r}")
    ids, wanted = [checked.claim for checked in run.claims], [claim.id for claim in chapter.claims]
    if sorted(ids) != sorted(wanted):
        return [*found, f"its claims are {', '.join(ids)}; those of the catalogue are {', '.join(wanted)}"]
    for checked in run.claims:
        claim = chapter.claim(checked.claim)
        if not _follows(checked, claim.interval, claim.deterministic):
            found.append(f"mean, interval and n of {claim.id!r} do not follow from its values")
        low = -math.inf if checked.low is None else checked.low
        high = math.inf if checked.high is None else checked.high
        verdict = judge(checked.mean, low, high, claim.bound)
        if verdict != checked.verdict:
            found.append(
                f"verdict of {claim.id!r} is {checked.verdict!r}; by the catalogue's bound it is {verdict!r}, "
                f"so the bound changed after the run, which must be run again"
            )
    for measured in run.measurements:
        if not _follows(measured, "t", False):
            found.append(f"mean, interval and n of {measured.name!r} do not follow from its values")
    return found


def _follows(numbers: Numbers, method: str, deterministic: bool) -> bool:
    mean, low, high = interval(numbers.values, method=method)
    if len(numbers.values) == 1 and deterministic:
        low = high = mean
    wanted = [x if math.isfinite(x) else None for x in (mean, low, high)]
    given = [numbers.mean, numbers.low, numbers.high]
    if numbers.n != len(numbers.values):
        return False
    return all(
        a is b if a is None or b is None else math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-12)
        for a, b in zip(wanted, given)
    )


def _checked(content: object, name: str) -> FullRun:
    try:
        return FullRun.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(
            f"{name} is no record of a full run: field {where!r}: {first['msg'].removeprefix('Value error, ')}"
        ) from None
