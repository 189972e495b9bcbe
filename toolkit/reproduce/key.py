"""The key of a run: the same key, the same computation.

It is the chapter's slug and a digest of everything that the numbers depend on:

- the source of the notebook's code cells,
- all its parameters with their values,
- the chapter's own catalogue entry (its claims and their bounds),
- the package's modules that a notebook can import, so not those of ``OUTER``,
- the versions of Python and of the libraries, which also hold the data of quick runs that are not made on the spot,
- in the full profile, the data sets that the catalogue names for it, as far as they are on this computer.

Line endings, prose cells, outputs and the other chapters of the catalogue do not enter.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from toolkit.catalog import chapter
from toolkit.claims.paper import LIBRARIES, versions
from toolkit.data.registry import find
from toolkit.data.store import digest

PACKAGE = Path(__file__).resolve().parents[1]
OUTER = ("reproduce", "classroom", "data_commands", "scaffold", "lab", "cli", "__main__")  # no notebook imports them
DATA = (
    "mlxtend",
    "torch-geometric",
    "gensim",
    "cvxpy",
    "pot",
    "torchdiffeq",
)  # libraries that bring data sets or algorithms, beside the required ones


@cache
def toolkit_code() -> str:
    """Digest of the package's modules that a notebook can import."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py"), key=lambda p: p.relative_to(PACKAGE).as_posix()):
        name = path.relative_to(PACKAGE)
        if name.parts[0].removesuffix(".py") not in OUTER:
            text = path.read_text(encoding="utf-8")  # universal newlines
            digest.update(f"{name.as_posix()}\0{text}\0".encode())
    return digest.hexdigest()


@cache
def _surroundings() -> dict[str, str]:
    found = versions((*LIBRARIES, *DATA))
    return {name: text for name, text in found.items() if name != "weights-and-wirings"}


def data_used(slug: str, parameters: Mapping[str, object]) -> dict[str, str]:
    """Each data set that a run uses -> digest of its content, or ``absent``; none outside the full profile.

    Raises:
        UnknownName: no chapter has this slug.
        DataError: the catalogue names an unknown set, or ``TOOLKIT_DATA`` a folder that is not there.
    """
    if parameters.get("profile") != "full":
        return {}
    return {entry.name: digest(entry) for entry in map(find, chapter(slug).full_data)}


def run_key(slug: str, code: Sequence[str], parameters: Mapping[str, object]) -> str:
    """``slug`` and twelve hexadecimal digits, see above.

    Args:
        slug: a chapter of the catalogue.
        code: sources of the notebook's code cells.
        parameters: every parameter with its value.

    Raises:
        UnknownName: no chapter has this slug.
        DataError: as ``data_used``.
    """
    content = {
        "code": ["\n".join(source.splitlines()) for source in code],
        "parameters": parameters,
        "catalogue": chapter(slug).model_dump(mode="json"),
        "toolkit": toolkit_code(),
        "versions": _surroundings(),
        "data": data_used(slug, parameters),
    }
    text = json.dumps(content, sort_keys=True, default=str)
    return f"{slug}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
