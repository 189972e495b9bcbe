"""A course: a folder that nbgrader and the commands of the classroom both understand.

COURSE/nbgrader_config.py  gradebook.db
COURSE/source/CHAPTER/CHAPTER.ipynb       with solutions and hidden tests
COURSE/release/CHAPTER/CHAPTER.ipynb      for students
COURSE/submitted/STUDENT/CHAPTER/         what a student handed in
COURSE/autograded/STUDENT/CHAPTER/        the same, restored and run
COURSE/feedback/STUDENT/CHAPTER/          pages for students
COURSE/.classroom/                        finished runs, and what is known of each submission
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sys
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from toolkit.classroom.assignment import hidden, is_solution, is_test, make
from toolkit.files import write_whole

CONFIG = '''"""Configuration of this course for nbgrader."""

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = {name!r}
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__"]

# Student code runs in a sandbox, and deleted cells are put back.
c.Autograde.sanitize_preprocessors = [
    "toolkit.classroom.preprocessors.RestoreCells",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "toolkit.classroom.preprocessors.SandboxedExecute",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# What the code of one submission may use.
c.SandboxedExecute.cell_seconds = 30
c.SandboxedExecute.notebook_seconds = 180
c.SandboxedExecute.memory_mb = 2048
c.SandboxedExecute.processes = 64

# Nothing that a student wrote may run in the browser of who grades.
c.HTMLExporter.sanitize_html = True
'''


class CourseError(ValueError):
    """A request that cannot be met; the message says why."""


class Course:
    """An existing course.

    Raises:
        CourseError: the folder holds none, or nbgrader is not installed.
    """

    def __init__(self, folder: Path):
        self.folder = Path(folder).resolve()
        require_nbgrader()
        if not (self.folder / "nbgrader_config.py").is_file():
            raise CourseError(
                f"{folder} is not a course; make one with: toolkit classroom create {folder} --chapters ..."
            )

    def api(self, unsafe: bool = False):
        """nbgrader's API with this course's configuration."""
        from nbgrader.apps.api import NbGraderAPI
        from sqlalchemy.exc import SAWarning
        from traitlets.config.loader import PyFileConfigLoader

        warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")
        config = PyFileConfigLoader("nbgrader_config.py", path=str(self.folder)).load_config()
        config.CourseDirectory.root = str(self.folder)
        if unsafe:
            config.SandboxedExecute.unsafe_without_sandbox = True
        log = logging.Logger("classroom")  # nbgrader's messages are read, not shown
        log.addHandler(logging.NullHandler())
        return NbGraderAPI(config=config, log=log)

    def gradebook(self):
        """The gradebook, open; close it by using it as a context manager."""
        from nbgrader.api import Gradebook

        return Gradebook(self.api().coursedir.db_url, self.folder.name)

    def chapters(self) -> list[str]:
        """Chapters of the course, in alphabetical order."""
        return sorted(
            path.parent.name for path in self.folder.glob("source/*/*.ipynb") if path.stem == path.parent.name
        )

    def select(self, chapters: Sequence[str]) -> list[str]:
        """The chapters named, or all.

        Raises:
            CourseError: one that the course does not have.
        """
        known = self.chapters()
        for name in chapters:
            if name not in known:
                raise CourseError(f"the course has no chapter {name!r}; it has: {', '.join(known)}")
        return list(chapters) or known

    def source(self, chapter: str) -> Path:
        return self.folder / "source" / chapter / f"{chapter}.ipynb"

    def released(self, chapter: str) -> Path:
        return self.folder / "release" / chapter / f"{chapter}.ipynb"

    def submitted(self, chapter: str, student: str) -> Path:
        return self.folder / "submitted" / student / chapter / f"{chapter}.ipynb"

    def record(self, chapter: str, student: str) -> dict:
        """What is known of a submission besides its grade; empty where nothing is."""
        path = self._record(chapter, student)
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def keep(self, chapter: str, student: str, **known: object) -> None:
        """Adds to what is known of a submission."""
        content = self.record(chapter, student) | known
        write_whole(self._record(chapter, student), json.dumps(content, ensure_ascii=False, indent=1))

    def students(self, chapter: str) -> list[str]:
        """Students of whom something is known for this chapter."""
        return sorted(path.stem for path in (self.folder / ".classroom" / "submissions" / chapter).glob("*.json"))

    def _record(self, chapter: str, student: str) -> Path:
        return self.folder / ".classroom" / "submissions" / chapter / f"{student}.json"


def require_nbgrader() -> None:
    """Raises CourseError, with what to install, when nbgrader is not there."""
    from importlib.util import find_spec

    if find_spec("nbgrader") is None:
        raise CourseError("nbgrader is not installed; install the extra 'classroom'")
    if shutil.which("alembic") is None:  # nbgrader calls it by name to make a gradebook
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def create(folder: Path, chapters: Sequence[str], due: datetime | None = None) -> Course:
    """Makes a course, or adds chapters to one.

    Args:
        folder: where; new, empty or a course.
        chapters: slugs of chapters.
        due: until when students hand in; without a time zone it is local time.

    Raises:
        CourseError: an unknown chapter, one that the course has already, or a folder that holds something else.
        AssignmentError: a chapter without a graded exercise.
    """
    import nbformat

    from toolkit.reproduce.plan import PlanError, select

    require_nbgrader()
    folder = Path(folder)
    if not chapters:
        raise CourseError("name at least one chapter: --chapters a,b,c")
    config = folder / "nbgrader_config.py"
    if re.search(r"[\[\]*?{}]", str(folder.resolve())):
        raise CourseError(f"the path of a course must not contain any of [ ] * ? {{ }}; got {folder}")
    if folder.exists() and not folder.is_dir():
        raise CourseError(f"{folder} is a file; a course is a folder")
    if folder.is_dir() and any(folder.iterdir()) and not config.is_file():
        raise CourseError(f"{folder} is not empty and not a course")
    try:
        notebooks = select(chapters)
    except PlanError as error:
        raise CourseError(str(error)) from None
    for slug in notebooks:
        if (folder / "source" / slug).exists():
            raise CourseError(f"the course has the chapter {slug!r} already")
    made = {slug: make(path) for slug, path in notebooks.items()}
    folder.mkdir(parents=True, exist_ok=True)
    if not config.is_file():
        config.write_text(CONFIG.format(name=folder.resolve().name), encoding="utf-8")
    for name in ("source", "release", "submitted"):
        (folder / name).mkdir(exist_ok=True)
    course = Course(folder)
    with course.gradebook() as gradebook:
        for slug, notebook in made.items():
            course.source(slug).parent.mkdir()
            nbformat.write(notebook, course.source(slug))
            gradebook.update_or_create_assignment(slug, duedate=due and _utc(due))
    return course


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def release(course: Course, chapters: Sequence[str] = ()) -> list[Path]:
    """Makes the students' notebooks with nbgrader, and looks whether they give anything away.

    Raises:
        CourseError: nbgrader could not make one, or a released notebook contains part of a solution, a hidden test
            or an output.
    """
    made = []
    api = course.api()
    for chapter in course.select(chapters):
        done = api.generate_assignment(chapter)
        if not done["success"]:
            raise CourseError(f"{chapter} could not be released: {last_line(done)}")
        found = leaks(course, chapter)
        if found:
            course.released(chapter).unlink()
            raise CourseError(f"{chapter} was not released, it gives away: {found[0]}")
        made.append(course.released(chapter))
    return made


def leaks(course: Course, chapter: str) -> list[str]:
    """What the released notebook of a chapter gives away: lines of solutions and hidden tests, and outputs."""
    import nbformat

    source = nbformat.read(course.source(chapter), as_version=4)
    released = nbformat.read(course.released(chapter), as_version=4)
    text = course.released(chapter).read_text(encoding="utf-8")
    shown = {line.strip() for cell in source.cells for line in _open(cell)}
    found = []
    for cell in source.cells:
        for line in map(str.strip, hidden(cell.source).splitlines()):
            if len(line) > 12 and line not in shown and json.dumps(line, ensure_ascii=False)[1:-1] in text:
                found.append(line)
    for cell in released.cells:
        if cell.get("outputs"):
            found.append(f"an output: {str(cell.outputs[0])[:60]}")
        if "### BEGIN" in cell.source or "### END" in cell.source:
            found.append("a mark of a solution or of hidden tests")
    return found


def _open(cell) -> list[str]:
    """Lines of a cell that students may see."""
    if not (is_solution(cell) or is_test(cell)):
        return cell.source.splitlines()
    lines = set(hidden(cell.source).splitlines())
    return [line for line in cell.source.splitlines() if line not in lines]


def last_line(done: dict) -> str:
    """Why nbgrader failed, in one line."""
    text = done.get("error") or done.get("log") or "no reason given"
    log = [line for line in (done.get("log") or "").splitlines() if "Error" in line and not line.startswith(" ")]
    return (log or text.strip().splitlines())[-1]
