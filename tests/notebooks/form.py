"""The form that every chapter has. ``problems`` returns what a notebook lacks, in words."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import nbformat

from toolkit.catalog import Chapter
from toolkit.claims.result import REPORT_MIME, RESULT_MIME
from toolkit.data.registry import find, sets

SECTIONS = [
    "The idea",
    "The method",
    "The experiment",
    "What we see",
    "Paper and measurement",
    "Explore",
    "Exercises",
    "Limits and further reading",
]
PARAMETERS = {"profile": "quick", "seed": 0, "device": "auto"}
MOST_CELLS, MOST_LINES, MOST_LINES_IN_CELL, MOST_WIDTH = 12, 200, 25, 110
MOST_BYTES = 3_000_000
DOWNLOADS = re.compile(r"urllib|requests\.|urlopen|urlretrieve|download\s*=\s*True|wget|curl|fetch_openml")
ABSOLUTE = re.compile(r"(?<![\w.:/])/(?:home|root|Users|tmp|work|opt|mnt|usr|var)/|[A-Z]:\\\\")
TODO = "TODO"


def problems(path: Path, entry: Chapter) -> list[str]:
    """What is wrong with the notebook's form; an empty list when nothing is.

    Text still to be written is reported in lines that start with ``TODO``.
    """
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    found = [
        *_order(notebook),
        *_parameters(notebook),
        *_size(notebook, path),
        *_claims(notebook, entry),
        *_figures(notebook),
        *_outputs(notebook),
        *_exercises(notebook),
        *_data(notebook, entry),
    ]
    text = "\n".join(cell.source for cell in notebook.cells)
    if DOWNLOADS.search(text):
        found.append(f"code that downloads: {DOWNLOADS.search(text).group()}")
    if ABSOLUTE.search(json.dumps(notebook)):
        found.append(f"an absolute path: {ABSOLUTE.search(json.dumps(notebook)).group()}")
    found += [f"TODO in cell {i}" for i, cell in enumerate(notebook.cells) if TODO in cell.source]
    return found


def _data(notebook, entry: Chapter) -> list[str]:
    """Loaders may fetch what they load, so only the full profile uses them, and the catalogue says which sets."""
    named = {find(name).name for name in entry.full_data}
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    imported = {
        f"{node.module.removeprefix('toolkit.data.')}.{alias.name}"
        for node in ast.walk(ast.parse(re.sub(r"^\s*[%!].*$", "", source, flags=re.MULTILINE)))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("toolkit.data.")
        for alias in node.names
    }
    used = {name for name, found in sets().items() if imported & set(found.loaders)}
    return [f"loads the data set {name}, which the catalogue's field full_data does not name" for name in used - named]


def is_exercise(cell) -> bool:
    return "nbgrader" in cell.metadata


def before_exercises(notebook) -> list:
    """Cells before the section Exercises; a solution among them is part of the method."""
    heads = [i for i, cell in enumerate(notebook.cells) if cell.source.startswith("## Exercises")]
    return notebook.cells[: heads[0]] if heads else notebook.cells


def method_cells(notebook) -> list:
    """Code cells outside the exercises, without the marks around a solution."""
    shown = {cell.id for cell in before_exercises(notebook)}
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and (cell.id in shown or not is_exercise(cell)):
            source = "\n".join(line for line in cell.source.splitlines() if not line.strip().startswith("### "))
            found.append(nbformat.from_dict(cell | {"source": source}))
    return found


def _order(notebook) -> list[str]:
    found = []
    first = notebook.cells[0]
    if first.cell_type != "markdown" or not first.source.startswith("# "):
        found.append("the first cell must be Markdown and start with the title")
    heads = re.findall(
        r"^## (.+)$", "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown"), re.MULTILINE
    )
    if heads != SECTIONS:
        found.append(f"sections must be {SECTIONS}; found {heads}")
    code = method_cells(notebook)
    if not code or not re.search(r"toolkit\.paper\(", code[0].source):
        found.append("the first code cell must show the paper's card")
    for before, cell in zip(notebook.cells, notebook.cells[1:]):
        if cell.cell_type == before.cell_type == "code" and not (is_exercise(cell) and is_exercise(before)):
            found.append(f"a code cell without prose before it: {cell.source.splitlines()[0]!r}")
    return found


def _parameters(notebook) -> list[str]:
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        return [f"one cell must be tagged 'parameters'; found {len(cells)}"]
    values = {}
    for node in ast.parse(cells[0].source).body:
        try:
            values[node.targets[0].id] = ast.literal_eval(node.value)
        except (AttributeError, ValueError):
            return ["the parameters cell must hold plain assignments of literals"]
    found = [f"parameter {k} must be {v!r} by default" for k, v in PARAMETERS.items() if values.get(k) != v]
    if not isinstance(values.get("seeds"), int) or values["seeds"] < 5:
        found.append("parameter seeds must be at least 5 by default")
    return found


def _size(notebook, path) -> list[str]:
    found = []
    code = method_cells(notebook)
    lines = [line for cell in code for line in cell.source.splitlines()]
    if len(code) > MOST_CELLS:
        found.append(f"{len(code)} code cells outside the exercises; at most {MOST_CELLS}")
    if len(lines) > MOST_LINES:
        found.append(f"{len(lines)} lines of code outside the exercises; at most {MOST_LINES}")
    for cell in code:
        # the figure's caption and alt text are prose
        count = len(cell.source.split("plots.show(")[0].splitlines())
        if count > MOST_LINES_IN_CELL:
            found.append(f"a cell of {count} lines: {cell.source.splitlines()[0]!r}; at most {MOST_LINES_IN_CELL}")
    wide = [line for line in lines if len(line) > MOST_WIDTH]
    if wide:
        found.append(f"a line of more than {MOST_WIDTH} characters: {wide[0].strip()[:40]!r}")
    if path.stat().st_size > MOST_BYTES:
        found.append(f"the notebook weighs {path.stat().st_size} bytes; at most {MOST_BYTES}")
    return found


def _claims(notebook, entry: Chapter) -> list[str]:
    text = "\n".join(c.source for c in method_cells(notebook))
    checked = set(re.findall(r"paper\.check\(\s*['\"]([a-z0-9-]+)['\"]", text))
    wanted = {claim.id for claim in entry.claims}
    found = [f"claim {name} is never checked" for name in sorted(wanted - checked)]
    found += [f"claim {name} is not in the catalogue" for name in sorted(checked - wanted)]
    stored = {}
    reports = 0
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if RESULT_MIME in data:
                stored[data[RESULT_MIME]["claim"]] = data[RESULT_MIME]
            reports += REPORT_MIME in data
    if set(stored) != wanted or reports != 1:
        found.append("the stored outputs must hold every claim's result and one report")
    for claim in entry.claims:
        result = stored.get(claim.id)
        if result and result["verdict"] != claim.expected:
            found.append(f"stored verdict of {claim.id} is {result['verdict']!r}, expected {claim.expected!r}")
        if result and not claim.deterministic and result["n"] < 5:
            found.append(f"claim {claim.id} rests on {result['n']} seeds; at least 5")
    checks = [c for c in notebook.cells if "nbval-check-output" in c.metadata.get("tags", [])]
    if len(checks) != 1 or "paper.verdicts()" not in checks[0].source:
        found.append("one cell must be tagged 'nbval-check-output' and print paper.verdicts()")
    return found


def _figures(notebook) -> list[str]:
    found = []
    figures = 0
    for cell in notebook.cells:
        images = [o for o in cell.get("outputs", []) if "image/png" in o.get("data", {})]
        figures += len(images)
        if len(images) > 1:
            found.append("one figure per cell")
        for output in images:
            if not output["metadata"].get("image/png", {}).get("alt") or not output["metadata"].get("caption"):
                found.append("a figure without alt text or caption; show it with plots.show")
    if not 1 <= figures <= 3:
        found.append(f"{figures} figures; one to three are wanted")
    return found


def _outputs(notebook) -> list[str]:
    found = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if cell.execution_count is None:
            found.append(f"a cell that was not run: {cell.source.splitlines()[0]!r}")
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"an error output: {output.ename}")
            if output.output_type == "stream" and output.name == "stderr":
                found.append(f"something on stderr: {output.text[:60]!r}")
    run = notebook.metadata.get("toolkit", {})
    if run.get("profile") != "quick" or any(run.get("parameters", {}).get(k) != v for k, v in PARAMETERS.items()):
        found.append("the stored outputs must come from the default run (toolkit reproduce SLUG --store)")
    elif run["seconds"] > 30:
        found.append(f"the stored default run took {run['seconds']} s; at most 30")
    return found


def _exercises(notebook) -> list[str]:
    kinds = [cell.metadata["nbgrader"] for cell in notebook.cells if is_exercise(cell)]
    found = []
    if not any(k["grade"] and k.get("points", 0) > 0 for k in kinds):
        found.append("at least one exercise must be graded with code")
    for cell in notebook.cells:
        if is_exercise(cell) and cell.metadata["nbgrader"]["solution"] and "### BEGIN SOLUTION" not in cell.source:
            found.append("a solution cell must mark its solution")
    method = [cell for cell in before_exercises(notebook) if is_exercise(cell)]
    if not method or not all(cell.metadata["nbgrader"]["solution"] for cell in method):
        found.append("the method's key function must be marked as a solution, and its tests stand in Exercises")
    names = [kind["grade_id"] for kind in kinds]
    for name in (kind["grade_id"] for kind in kinds if kind["solution"]):
        if f"{name}-tests" not in names:
            found.append(f"the solution {name} has no cell {name}-tests")
    return found


def exercises(path: Path) -> list[tuple[str, str, str, str]]:
    """Solutions with their tests: [(grade_id, solution, tests, code before it)].

    The tests of an exercise may use the chapter's imports and what the answer defines; those of the method also
    what stands before it, as the method does.
    """
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    marks = {cell.metadata["nbgrader"]["grade_id"]: cell for cell in code if "nbgrader" in cell.metadata}
    method = {cell.id for cell in before_exercises(notebook)}
    imports = [line for cell in code for line in cell.source.splitlines() if re.match(r"(import|from) ", line)]
    found = []
    for name, cell in marks.items():
        if cell.metadata["nbgrader"]["solution"]:
            earlier = [c.source for c in code[: code.index(cell)]] if cell.id in method else []
            found.append((name, cell.source, marks[f"{name}-tests"].source, "\n".join([*imports, *earlier])))
    return found


def grade(before, answer, tests):
    """Runs an answer and its tests after the code before it; raises what they raise."""
    space = {}
    exec(before, space)
    exec(answer, space)
    exec(tests, space)
