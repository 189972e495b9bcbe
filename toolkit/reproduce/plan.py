"""What is going to run: chapters with their parameters, checked before anything starts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import yaml

from toolkit.catalog import parts
from toolkit.reproduce.notebooks import chapters, parameters

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

    @property
    def key(self) -> str:
        """The slug with a digest of the notebook's code and the parameters: the same request, the same key."""
        content = json.dumps([_code(self.notebook), self.parameters], sort_keys=True, default=str)
        return f"{self.slug}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def _code(path: Path) -> list[str]:
    import nbformat

    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


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


def plan(names: Sequence[str] = (), assignments: Mapping[str, str] | None = None) -> list[Run]:
    """The runs that a request asks for.

    Args:
        names: slugs or parts; none means every chapter.
        assignments: parameter name -> text of its value; must be known to every chapter chosen.

    Raises:
        PlanError: an unknown chapter, part or parameter, or a value of the wrong type.
    """
    runs = []
    for slug, path in select(names).items():
        defaults = parameters(path)
        overrides = {}
        for name, text in (assignments or {}).items():
            if name not in defaults:
                near = get_close_matches(name, defaults, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(defaults)}"
                raise PlanError(f"{slug} has no parameter {name!r}; {hint}")
            value = convert(name, text, defaults[name], slug)
            if value != defaults[name]:
                overrides[name] = value
        runs.append(Run(slug, path, overrides, defaults | overrides))
    return runs
