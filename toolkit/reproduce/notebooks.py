"""Chapters as notebook files: where they are, and which parameters they take."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path

from toolkit.catalog import parts

VARIABLE = "TOOLKIT_NOTEBOOKS"
METADATA = {  # of every notebook that the package writes
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


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


def _cells(path: Path) -> list[dict]:
    """The cells as plain data: much faster than nbformat, which checks every output."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise ValueError(f"{path} is not a notebook") from None


def code(path: Path) -> list[str]:
    """The sources of the code cells, in order.

    Raises:
        ValueError: the file is not a notebook.
    """
    return ["".join(cell["source"]) for cell in _cells(path) if cell["cell_type"] == "code"]


def imports(sources: list[str]) -> set[str]:
    """Modules other than the toolkit's own that these cells import; cells with other than Python code are skipped."""
    found: set[str] = set()
    for source in sources:
        try:
            nodes = list(ast.walk(ast.parse(source)))
        except SyntaxError:
            continue
        for node in nodes:
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module)
    return {name for name in found if name.split(".")[0] != "toolkit"}


def parameters(path: Path) -> dict[str, object]:
    """Names and default values from the cell tagged ``parameters``.

    Raises:
        ValueError: no such cell or several, or one that holds more than plain assignments.
    """
    cells = [cell for cell in _cells(path) if "parameters" in cell["metadata"].get("tags", [])]
    if len(cells) != 1:
        raise ValueError(f"{path.name} must have one cell tagged 'parameters'; it has {len(cells)}")
    found = {}
    for node in ast.parse("".join(cells[0]["source"])).body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            raise ValueError(f"{path.name}: the parameters cell must hold plain assignments only")
        try:
            found[node.targets[0].id] = ast.literal_eval(node.value)
        except ValueError:
            name = node.targets[0].id
            raise ValueError(f"{path.name}: parameter {name!r} must be a plain literal") from None
    return found
