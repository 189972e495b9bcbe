"""A chapter's page, made from its notebook: figures numbered, equations linked, solutions folded."""

from __future__ import annotations

import base64
import io
import re
from html import escape
from pathlib import Path

import nbformat

from book.pages import full
from book.pages.common import link_terms, repository
from toolkit.catalog import Chapter, Part

EQUATION = re.compile(r"^\$\$(?P<body>(?:(?!\$\$).)*?)\s*\\tag\{(?P<number>\d+)\}\s*\$\$$", re.DOTALL | re.MULTILINE)


def page(path: Path, part: Part, chapter: Chapter):
    """The notebook as the book shows it, with the recorded full run at its end."""
    notebook = nbformat.read(path, as_version=4)
    figures = 0
    terms: set[str] = set()
    exercises = False
    for cell in notebook.cells:
        exercises = exercises or cell.source.startswith("## Exercises")
        if cell.cell_type == "markdown":
            cell.source = link_terms(link_equations(cell.source, chapter.slug), terms)
            continue
        if "nbgrader" in cell.metadata:
            _unmark(cell)
            if exercises:  # a solution before them is part of the method
                _fold(cell)
        kept = []
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                figures += 1
                cell.metadata["mystnb"] = {
                    "figure": {"caption": output.metadata["caption"], "name": f"{chapter.slug}-{figures}"},
                    "image": {"alt": output.metadata["image/png"]["alt"]},
                }
            if data.get("text/markdown", "").startswith("*Figure.*"):
                continue  # the figure has it as its caption
            kept.append(output)
        cell.outputs = kept
    opening = notebook.cells[0]
    title, _, text = opening.source.partition("\n")
    opening.source = f"{title}\n\n{_bar(part, chapter)}\n{text}\n\nThe paper is {{cite:t}}`{chapter.slug}`."
    recorded = full.section(path, chapter)
    if recorded:
        notebook.cells.append(nbformat.v4.new_markdown_cell(recorded))
    return notebook


def link_equations(text: str, slug: str) -> str:
    r"""Turns ``\tag{1}`` into a numbered equation, and "equation (1)" into a link to it."""
    text = EQUATION.sub(lambda m: f"$${m['body']}\n$$ ({slug}-{m['number']})", text)
    return re.sub(r"\b([Ee]quation) \((\d+)\)", rf"\1 {{eq}}`{slug}-\2`", text)


def _fold(cell) -> None:
    """An exercise's solution and tests, shown on demand."""
    kind = "solution" if cell.metadata["nbgrader"]["solution"] else "tests"
    cell.metadata["tags"] = ["hide-cell"]
    cell.metadata["mystnb"] = {f"code_prompt_{way}": f"{way.capitalize()} the {kind}" for way in ("show", "hide")}


def _unmark(cell) -> None:
    """Leaves out the marks for the grader."""
    cell.source = "\n".join(line for line in cell.source.splitlines() if not line.strip().startswith("### "))


def _bar(part: Part, chapter: Chapter) -> str:
    """Ways to run the chapter."""
    address = repository()
    place = f"{part.id}/{chapter.slug}.ipynb"
    name = address.removeprefix("https://github.com/")
    binder = f"https://mybinder.org/v2/gh/{name}/main?urlpath=lab%2Ftree%2Fnotebooks%2F{part.id}%2F{chapter.slug}.ipynb"
    colab = f"https://colab.research.google.com/github/{name}/blob/main/notebooks/{place}"
    install = f'%pip install "weights-and-wirings[graphs,solvers,notebooks] @ git+{address}"'

    def command(text: str) -> str:
        return f'<div class="highlight"><pre>{escape(text)}</pre></div>'

    return (
        '<div class="launch">'
        f'<a href="../notebooks/{place}" download>Download notebook</a>'
        f"<details><summary>Open in JupyterLab</summary><p>In a copy of the project:</p>"
        f"{command(f'toolkit lab {chapter.slug}')}"
        '<p><a href="../howto/run-a-chapter.html">How to get a copy</a></p></details>'
        f'<a href="{binder}">Open in Binder</a>'
        f"<details><summary>Open in Colab</summary><p>Run this line in a new first cell:</p>{command(install)}"
        f'<p><a href="{colab}">Go to Colab</a></p></details></div>'
    )


def write_thumbnail(path: Path, target: Path, width: int = 480) -> None:
    """The chapter's first figure, small."""
    from PIL import Image

    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                picture = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("RGB")
                target.parent.mkdir(parents=True, exist_ok=True)
                picture.thumbnail((width, width))
                picture.save(target, quality=80, method=6)
                return
    raise ValueError(f"{path.name} has no figure")
