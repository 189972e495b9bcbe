"""Two steps of nbgrader's autograding that the course's configuration puts in place of its own.

``RestoreCells`` gives a submission the course's cells back, whatever was done to them; ``SandboxedExecute`` runs
student code in a sandbox instead of in a kernel that may do all that its owner may. Both are named in the course's
``nbgrader_config.py``, so they hold for ``nbgrader autograde`` and the Formgrader as well.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import nbformat
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Integer, Unicode

from toolkit.classroom.assignment import imports_of
from toolkit.classroom.execution import Cell, Execution, execute
from toolkit.classroom.sandbox import Limits
from toolkit.files import write_whole


class RestoreCells(NbGraderPreprocessor):
    """Puts back cells of the course that a submission lacks, and the grading metadata of those it has.

    nbgrader's own ``OverwriteCells`` follows it and restores the source of locked cells.
    """

    def preprocess(self, notebook, resources):
        name, assignment = resources["nbgrader"]["notebook"], resources["nbgrader"]["assignment"]
        with Gradebook(resources["nbgrader"]["db_url"]) as gradebook:
            source = gradebook.find_notebook(name, assignment)
            points = {cell.name: cell.max_score for cell in source.grade_cells}
            solutions = {cell.name for cell in source.solution_cells}
            wanted = [
                (cell.name, cell.cell_type, cell.source, _metadata(cell, points, solutions))
                for cell in source.source_cells
            ]
        present = {}
        for cell in notebook.cells:
            found = cell.metadata.pop("nbgrader", None)
            grade_id = found.get("grade_id") if isinstance(found, dict) else None
            if isinstance(grade_id, str):
                present[grade_id] = cell  # the last one, as nbgrader decides
        place = 0
        for grade_id, kind, text, metadata in wanted:
            cell = present.get(grade_id)
            if cell is None:
                self.log.warning("Cell '%s' was deleted; it is put back", grade_id)
                make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
                cell = make(text)
                notebook.cells.insert(place, cell)
            cell.metadata["nbgrader"] = metadata
            place = notebook.cells.index(cell) + 1
        return notebook, resources


def _metadata(cell, points: dict, solutions: set) -> dict:
    found = {
        "cell_type": cell.cell_type,
        "checksum": cell.checksum,
        "grade": cell.name in points,
        "grade_id": cell.name,
        "locked": cell.locked,
        "schema_version": 3,
        "solution": cell.name in solutions,
        "task": False,
    }
    return found | ({"points": points[cell.name]} if cell.name in points else {})


class SandboxedExecute(NbGraderPreprocessor):
    """Runs a submission in a sandbox and fills in its outputs.

    A run is kept under the digest of the code and the limits: the same submission is not run twice.
    """

    cell_seconds = Integer(Limits.cell_seconds, help="Wall-clock seconds of one cell.").tag(config=True)
    notebook_seconds = Integer(Limits.notebook_seconds, help="Wall-clock seconds of a notebook.").tag(config=True)
    memory_mb = Integer(Limits.memory_mb, help="Memory beyond that of the libraries, MiB.").tag(config=True)
    processes = Integer(Limits.processes, help="Processes and threads.").tag(config=True)
    file_mb = Integer(Limits.file_mb, help="Files in all, MiB.").tag(config=True)
    output_kb = Integer(Limits.output_kb, help="Output of one cell, thousands of characters.").tag(config=True)
    unsafe_without_sandbox = Bool(False, help="Run without bubblewrap, with limits only.").tag(config=True)
    runs = Unicode(".classroom/runs", help="Where finished runs are kept, in the course.").tag(config=True)

    def limits(self) -> Limits:
        return Limits(**{name: getattr(self, name) for name in Limits.__dataclass_fields__})

    def preprocess(self, notebook, resources):
        name, assignment = resources["nbgrader"]["notebook"], resources["nbgrader"]["assignment"]
        source = Path("source", assignment, f"{name}.ipynb")
        run = self.run(notebook, imports_of(nbformat.read(source, as_version=4)), Path.cwd())
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for number, (cell, outputs) in enumerate(zip(code, run.outputs), start=1):
            cell.outputs = [nbformat.from_dict(output) for output in outputs]
            cell.execution_count = number
        for note in run.notes:
            self.log.warning("%s", note)
        return notebook, resources

    def run(self, notebook, imports: str, course: Path, *, again: bool = False) -> Execution:
        """The run of a notebook whose locked cells are those of the course, from the shelf or anew.

        Raises:
            SandboxError: the sandbox cannot be used.
        """
        from toolkit.reproduce.notebooks import root

        cells = [
            Cell(cell.source, test=utils.is_grade(cell) and not utils.is_solution(cell))
            for cell in notebook.cells
            if cell.cell_type == "code"
        ]
        content = json.dumps([[c.source, c.test] for c in cells] + [imports, self.limits().__dict__])
        kept = course / self.runs / f"{hashlib.sha256(content.encode()).hexdigest()}.json"
        if kept.is_file() and not again:
            return Execution(**json.loads(kept.read_text()))
        try:
            hidden = (course, root())
        except FileNotFoundError:
            hidden = (course,)
        found = execute(cells, imports, self.limits(), hidden=hidden, unsafe=self.unsafe_without_sandbox)
        write_whole(kept, json.dumps(found.__dict__))
        return found
