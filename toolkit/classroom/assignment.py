"""A chapter as an assignment: the idea, the method, the experiment at a small size, the exercises.

The chapter's notebook is the only copy. Its solution and test cells carry nbgrader's metadata, and its parameters
cell says, in the metadata field ``assignment``, which parameters differ in the assignment.
"""

from __future__ import annotations

import ast
import copy
from pathlib import Path

SECTIONS = ("The idea", "The method", "The experiment", "What we see", "Exercises")
WELCOME = (
    "This is an assignment. Fill in the cells that say `YOUR CODE HERE`; the tests below them must run without an "
    "error, and more tests are run when it is graded. Do not change or delete the cells with tests. Numbers in the "
    "text are those of the chapter in the book, which runs at a larger size."
)


class AssignmentError(ValueError):
    """A chapter from which no assignment can be made."""


def make(chapter: Path):
    """The assignment's source: a notebook with solutions and hidden tests, without outputs.

    Args:
        chapter: the chapter's notebook.

    Raises:
        AssignmentError: no graded exercise, or an assignment parameter that the chapter does not have.
    """
    import nbformat

    notebook = nbformat.read(chapter, as_version=4)
    made = nbformat.v4.new_notebook()
    made.metadata = {key: notebook.metadata[key] for key in ("kernelspec", "language_info") if key in notebook.metadata}
    section = None
    for original in notebook.cells:
        cell = copy.deepcopy(original)
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            section = cell.source.splitlines()[0].removeprefix("## ").strip()
        if section is not None and section not in SECTIONS:
            continue
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = _small(cell.source, cell.metadata.pop("assignment", {}), chapter.name)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cell.metadata.pop("execution", None)
        made.cells.append(cell)
    made.cells.insert(1, nbformat.v4.new_markdown_cell(WELCOME, id="assignment"))
    if not any(is_test(cell) for cell in made.cells):
        raise AssignmentError(f"{chapter.name} has no graded exercise")
    return made


def _small(source: str, changes: dict, name: str) -> str:
    """The parameters cell with other values; comments stay."""
    lines = source.splitlines()
    known = {node.targets[0].id: node.value for node in ast.parse(source).body if isinstance(node, ast.Assign)}
    for key, value in changes.items():
        if key not in known:
            raise AssignmentError(f"{name} has no parameter {key!r}; it has: {', '.join(known)}")
        old = known[key]
        default = ast.literal_eval(old)
        if default is not None and type(value) is not type(default):  # None: the profile's value, of any type
            raise AssignmentError(f"{name}: the assignment's {key} must be a {type(default).__name__}")
        line = lines[old.lineno - 1]
        lines[old.lineno - 1] = line[: old.col_offset] + repr(value) + line[old.end_col_offset :]
    return "\n".join(lines)


def is_solution(cell) -> bool:
    """Whether a student fills this cell in."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_test(cell) -> bool:
    """Whether this cell is graded by running it."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade")) and not is_solution(cell)


def hidden(source: str) -> str:
    """What stands in a cell's solution and hidden test regions."""
    found, inside = [], False
    for line in source.splitlines():
        if "### END" in line:
            inside = False
        elif "### BEGIN" in line:
            inside = True
        elif inside:
            found.append(line)
    return "\n".join(found)


def imports_of(notebook) -> str:
    """The import statements at the top level of a notebook's cells, those of its tests left out."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type != "code" or is_test(cell):
            continue
        try:
            body = ast.parse(cell.source).body
        except SyntaxError:  # a cell with shell commands or magics
            continue
        for node in body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                found.append(ast.unparse(node))
    return "\n".join(dict.fromkeys(found))
