"""What is going to run: chapters with their parameters, checked before anything starts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product
from pathlib import Path

import yaml

from toolkit.catalog import chapter, parts
from toolkit.data.registry import DataError
from toolkit.reproduce.key import run_key
from toolkit.reproduce.notebooks import chapters, code, parameters

ALLOWED = {"profile": ("quick", "full"), "device": ("auto", "cpu", "cuda")}


class PlanError(ValueError):
    """A request that cannot be planned; nothing has run."""


@dataclass(frozen=True)
class Run:
    """One execution of one chapter with one set of parameters."""

    slug: str
    notebook: Path
    overrides: dict[str, object]  # what differs from the notebook's defaults
    parameters: dict[str, object]  # all of them
    key: str  # see toolkit.reproduce.key

    @property
    def label(self) -> str:
        """The slug with what differs from the default run, for people."""
        return " ".join([self.slug, *(f"{name}={value}" for name, value in self.overrides.items())])

    @property
    def seconds(self) -> float | None:
        """What the catalogue says of the default run; other profiles take other times."""
        return chapter(self.slug).seconds if self.parameters.get("profile", "quick") == "quick" else None


def select(names: Sequence[str]) -> dict[str, Path]:
    """Notebooks of the chapters or parts named, or of all chapters where none is named.

    Raises:
        PlanError: an unknown name (with the nearest valid one), or a part or paper without a chapter.
    """
    ready = chapters()
    by_part = {part.id: [c.slug for c in part.chapters if c.slug in ready] for part in parts().values()}
    planned = {p.slug for part in parts().values() for p in [*part.planned, *part.chapters]}
    if not names:
        return ready
    chosen: dict[str, Path] = {}
    for name in names:
        if name in ready:
            chosen[name] = ready[name]
        elif by_part.get(name):
            chosen |= {slug: ready[slug] for slug in by_part[name]}
        elif name in by_part or name in planned:
            kind = "part" if name in by_part else "paper"
            raise PlanError(f"{kind} {name!r} has no chapter yet; chapters are: {', '.join(ready)}")
        else:
            near = get_close_matches(name, [*ready, *by_part], n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"chapters are: {', '.join(ready)}"
            raise PlanError(f"there is no chapter or part {name!r}; {hint}")
    return chosen


def parse(assignments: Sequence[str]) -> dict[str, str]:
    """``["seeds=3"]`` as ``{"seeds": "3"}``.

    Raises:
        PlanError: an assignment without ``=`` or a name given twice.
    """
    found: dict[str, str] = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise PlanError(f"a parameter is given as key=value; got {text!r}")
        if name.strip() in found:
            raise PlanError(f"parameter {name.strip()!r} is given twice")
        found[name.strip()] = value.strip()
    return found


def convert(name: str, text: str, default: object, slug: str) -> object:
    """A parameter's text as a value of its default's type.

    Raises:
        PlanError: the text is of another type, or outside the allowed values.
    """
    if isinstance(default, str):
        value: object = text
    else:
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            value = text
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if isinstance(default, float) and isinstance(value, str):
            try:  # YAML reads 1e-3 as text
                value = float(value)
            except ValueError:
                pass
    if default is not None and type(value) is not type(default):
        wanted = type(default).__name__
        raise PlanError(f"{slug}: parameter {name!r} must be of type {wanted}; got {text!r}")
    if name in ALLOWED and value not in ALLOWED[name]:
        raise PlanError(f"{slug}: parameter {name!r} must be one of {', '.join(ALLOWED[name])}; got {text!r}")
    if name == "seeds" and value < 1:
        raise PlanError(f"{slug}: parameter 'seeds' must be at least 1; got {text!r}")
    return value


def parse_sweeps(sweeps: Sequence[str]) -> dict[str, list[str]]:
    """``["seed=0:3", "sparsity=0.5,0.9"]`` as texts of values per parameter.

    ``first:end`` and ``first:end:step`` count in whole numbers and leave out the end, as in Python. Commas inside
    brackets do not separate values.

    Raises:
        PlanError: not of that form, a parameter swept twice, an empty range, or a value given twice.
    """
    found: dict[str, list[str]] = {}
    for text in sweeps:
        name, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not name or not values:
            raise PlanError(f"a sweep is given as key=a,b,c or key=first:end; got {text!r}")
        if name in found:
            raise PlanError(f"parameter {name!r} is swept twice")
        if re.fullmatch(r"-?\d+:-?\d+(:\d+)?", values):
            numbers = [int(number) for number in values.split(":")]
            if len(numbers) == 3 and numbers[2] == 0:
                raise PlanError(f"the step of a sweep must be at least 1; got {text!r}")
            found[name] = [str(number) for number in range(*numbers)]
        else:
            found[name] = [value.strip() for value in re.split(r",(?![^\[({]*[\])}])", values)]
        if not found[name]:
            raise PlanError(f"the sweep {text!r} is empty: the end of a range is left out")
        twice = {value for value in found[name] if found[name].count(value) > 1}
        if twice:
            raise PlanError(f"the sweep of {name!r} gives {min(twice)!r} twice")
    return found


def plan(
    names: Sequence[str] = (),
    assignments: Mapping[str, str] | None = None,
    sweeps: Mapping[str, Sequence[str]] | None = None,
) -> list[Run]:
    """The runs that a request asks for: every chapter with every combination of the swept values.

    Args:
        names: slugs or parts; none means every chapter.
        assignments: parameter name -> text of its value; must be known to every chapter chosen.
        sweeps: parameter name -> texts of its values, likewise; several make a grid.

    Raises:
        PlanError: an unknown chapter, part or parameter, a value of the wrong type, a parameter both set and swept, or
            a folder of data sets that is not there.
    """
    assignments, sweeps = assignments or {}, sweeps or {}
    both = assignments.keys() & sweeps.keys()
    if both:
        raise PlanError(f"parameter {min(both)!r} is both set and swept; give one")
    runs: dict[str, Run] = {}
    for slug, path in select(names).items():
        try:
            defaults, cells = parameters(path), code(path)
        except ValueError as error:
            raise PlanError(str(error)) from None
        for name in [*assignments, *sweeps]:
            if name not in defaults:
                near = get_close_matches(name, defaults, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(defaults)}"
                raise PlanError(f"{slug} has no parameter {name!r}; {hint}")
        fixed = {name: convert(name, text, defaults[name], slug) for name, text in assignments.items()}
        swept = [[convert(name, text, defaults[name], slug) for text in texts] for name, texts in sweeps.items()]
        for point in product(*swept):
            given = fixed | dict(zip(sweeps, point))
            overrides = {name: value for name, value in given.items() if value != defaults[name]}
            values = defaults | overrides
            try:
                key = run_key(slug, cells, values)
            except DataError as error:
                raise PlanError(str(error)) from None
            runs[key] = Run(slug, path, overrides, values, key)
    return list(runs.values())


def shared_seeds(runs: Sequence[Run]) -> str | None:
    """A note when base seeds lie so close that runs share members: member k of a run uses ``seed + k``."""
    seen: dict[tuple, dict] = {}
    for run in runs:
        rest = {name: value for name, value in run.parameters.items() if name != "seed"}
        seeds, seed = rest.get("seeds"), run.parameters.get("seed")
        if not isinstance(seeds, int) or not isinstance(seed, int):
            continue
        others = seen.setdefault((run.slug, str(rest)), {})
        if any(abs(seed - other) < seeds for other in others):
            return (
                f"{run.slug}: base seeds closer than seeds={seeds} share members (member k uses seed + k); "
                f"a step of {seeds} makes every member a new one"
            )
        others[seed] = True
    return None
