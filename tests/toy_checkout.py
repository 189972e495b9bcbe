"""A small checkout with toy chapters, for tests of the whole way from request to ledger."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

HOME = Path(__file__).resolve().parents[1]


class Checkout:
    """A copy of the package with notebooks of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in ("toolkit", "book"):
            shutil.copytree(HOME / name, folder / name, ignore=shutil.ignore_patterns("_build", "__pycache__"))
        for path in (folder / "toolkit" / "catalog").glob("*.yml"):
            text = path.read_text()
            if "\nchapters:\n" in text:
                path.write_text(text[: text.index("\nchapters:\n")] + "\nchapters: []\n")
        (folder / "notebooks").mkdir()
        (folder / "book" / "references.bib").write_text("")
        shutil.copy(HOME / "constraints.txt", folder)

    def run(self, *arguments: object) -> subprocess.CompletedProcess:
        """Runs ``python -m ...`` in the checkout."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("TOOLKIT", "PYTEST"))}
        return subprocess.run(
            [sys.executable, "-m", *map(str, arguments)],
            cwd=self.folder,
            env=environment | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=300,
        )

    def add(self, slug: str, *, part: str = "memory", check: str = "[0.5] * seeds") -> Path:
        """A chapter that only checks one claim (above 0.4) with the values given as code."""
        made = self.run("toolkit", "new", part, slug)
        assert made.returncode == 0, made.stderr
        path = self.folder / "notebooks" / part / f"{slug}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        parameters = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
        parameters[0].source += '\nscale = 1.0\nname = "x"'
        notebook.cells = [
            notebook.cells[1],
            *parameters,
            nbformat.v4.new_code_cell(f'paper.check("first-claim", {check})'),
            nbformat.v4.new_code_cell("paper.report(device=device)"),
        ]
        nbformat.write(notebook, path)
        return path
