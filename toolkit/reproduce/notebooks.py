"""Chapters as notebook files: where they are, and which parameters they take."""

from __future__ import annotations

import ast
import os
from pathlib import Path

from toolkit.catalog import parts

VARIABLE = "TOOLKIT_NOTEBOOKS"


def root() -> Path:
    """The folder with one sub-folder of notebooks per part.

    Looked for in the folder named by ``TOOLKIT_NOTEBOOKS``, beside the package (a checkout), then in the
    current folder and those above it.

    Raises:
        FileNotFoundError: there is none; the message says how to name one.
    """
    named = os.environ.get(VARIABLE)
    if named:
        folder = Path(named).expanduser()
        if not folder.is_dir():
            raise FileNotFoundError(f"{VARIABLE} names {named!r}, which is not a folder")
        return folder.resolve()
    package = Path(__file__).resolve().parents[2]
    for home in [package, Path.cwd(), *Path.cwd().parents]:
        if (home / "notebooks").is_dir() and (home / "constraints.txt").is_file():
            return home / "notebooks"
    raise FileNotFoundError(
        f"no notebooks found; run inside a checkout of the book, or set {VARIABLE} to its notebooks"
    )


def chapters() -> dict[str, Path]:
    """The notebook of every chapter that has one, by slug, in the order of the catalogue."""
    folder = root()
    found = {}
    for part in parts().values():
        for entry in part.chapters:
            path = folder / part.id / f"{entry.slug}.ipynb"
            if path.is_file():
                found[entry.slug] = path
    return found


def parameters(path: Path) -> dict[str, object]:
    """Names and default values from the cell tagged ``parameters``.

    Raises:
        ValueError: no such cell or several, or one that holds more than plain assignments.
    """
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise ValueError(f"{path.name} must have one cell tagged 'parameters'; it has {len(cells)}")
    found = {}
    for node in ast.parse(cells[0].source).body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            raise ValueError(f"{path.name}: the parameters cell must hold plain assignments only")
        try:
            found[node.targets[0].id] = ast.literal_eval(node.value)
        except ValueError:
            name = node.targets[0].id
            raise ValueError(f"{path.name}: parameter {name!r} must be a plain literal") from None
    return found
