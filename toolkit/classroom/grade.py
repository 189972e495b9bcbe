"""Grades every submission that is new: student code in sandboxes, several at a time; scores by nbgrader, one by one.

Runs are kept as they finish, and a submission counts as graded when nbgrader has written its grade, so whatever stops
a batch, the next one goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import io
import tokenize
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from toolkit.classroom.assignment import imports_of, is_solution
from toolkit.classroom.collect import parse
from toolkit.classroom.course import Course, CourseError, last_line
from toolkit.classroom.sandbox import SandboxError, problem


@dataclass
class Graded:
    """How the grading of one submission ended."""

    student: str
    chapter: str
    score: float | None = None
    maximum: float | None = None
    reason: str | None = None  # why there is no score
    notes: list[str] = field(default_factory=list)


def waiting(
    course: Course, chapters: Sequence[str] = (), students: Sequence[str] = (), *, again: bool = False
) -> list[tuple[str, str]]:
    """Submissions ``(chapter, student)`` that are not graded yet or have changed since; with ``again``, all.

    Raises:
        CourseError: a student who handed in nothing, or a chapter that the course does not have.
    """
    found, seen = [], set()
    for chapter in course.select(chapters):
        for path in sorted(course.folder.glob(f"submitted/*/{chapter}/{chapter}.ipynb")):
            student = path.parents[1].name
            seen.add(student)
            if students and student not in students:
                continue
            done = course.record(chapter, student).get("graded")
            executed = course.folder / "autograded" / student / chapter / path.name
            if again or done != _version(course, chapter, student) or not executed.is_file():
                found.append((chapter, student))
    for student in students:
        if student not in seen:
            raise CourseError(f"there is no submission of {student!r}")
    return found


def _version(course: Course, chapter: str, student: str) -> str:
    """A digest of a submission and of the tests it is graded with."""
    content = course.submitted(chapter, student).read_bytes() + course.source(chapter).read_bytes()
    return hashlib.sha256(content).hexdigest()


def grade(
    course: Course,
    submissions: Sequence[tuple[str, str]],
    *,
    workers: int = 2,
    unsafe: bool = False,
    again: bool = False,
    tell: Callable[[Graded], None] | None = None,
) -> list[Graded]:
    """Grades submissions and writes the grades to the gradebook.

    Args:
        course: the course.
        submissions: pairs ``(chapter, student)``, as from ``waiting``.
        workers: sandboxes at a time.
        unsafe: run student code without bubblewrap.
        again: run the code even if this very submission has been run.
        tell: called with each result as it comes.

    Raises:
        SandboxError: bubblewrap cannot be used and ``unsafe`` is False.
    """
    from toolkit.classroom.preprocessors import SandboxedExecute

    if not unsafe and problem():
        raise SandboxError(problem())
    api = course.api(unsafe)
    execute = SandboxedExecute(parent=api)
    imports = {chapter: imports_of(parse(course.source(chapter).read_bytes())) for chapter, _ in submissions}
    results = []
    changed: dict[tuple[str, str], list[str]] = {}

    def finish(result: Graded) -> None:
        known = {"reason": result.reason, "marks": result.notes}
        if result.reason is None:
            known["graded"] = _version(course, result.chapter, result.student)
        course.keep(result.chapter, result.student, **known)
        results.append(result)
        if tell:
            tell(result)

    with ThreadPoolExecutor(workers) as pool:
        running = {}
        try:
            for chapter, student in submissions:
                try:
                    changed[chapter, student], notebook = _restored(api, course, chapter, student)
                except Exception as error:  # one strange submission must not stop the class
                    finish(Graded(student, chapter, reason=f"it could not be prepared: {_words(error)}"))
                    continue
                job = pool.submit(execute.run, notebook, imports[chapter], course.folder, again=again)
                running[job] = (chapter, student)
            for job in as_completed(running):
                chapter, student = running[job]
                try:
                    notes = job.result().notes
                    finish(_score(api, course, chapter, student, [*changed[chapter, student], *notes]))
                except Exception as error:
                    finish(Graded(student, chapter, reason=f"it could not be run: {_words(error)}"))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    for chapter in dict.fromkeys(chapter for chapter, _ in submissions):
        for student, others in copies(course, chapter).items():
            course.keep(chapter, student, same=others)
    return results


def _restored(api, course: Course, chapter: str, student: str):
    """What a submission changed, and the notebook with the course's cells, tests included, as nbgrader will run it."""
    from traitlets.utils.importstring import import_item

    notebook = parse(course.submitted(chapter, student).read_bytes())
    names = {"student": student, "assignment": chapter, "notebook": chapter, "db_url": api.coursedir.db_url}
    resources = {"nbgrader": names}
    changed = tampering(parse(course.released(chapter).read_bytes()), notebook)
    for name in api.config.Autograde.sanitize_preprocessors:
        notebook, resources = import_item(name)(parent=api).preprocess(notebook, resources)
    return changed, notebook


def _score(api, course: Course, chapter: str, student: str, notes: Sequence[str]) -> Graded:
    """Lets nbgrader grade a submission whose run is on the shelf."""
    done = api.autograde(chapter, student)
    result = Graded(student, chapter, notes=list(notes))
    if not done["success"]:
        result.reason = f"nbgrader could not grade it: {last_line(done)}"
        return result
    with course.gradebook() as gradebook:
        found = gradebook.find_submission(chapter, student)
        result.score, result.maximum = found.score, found.max_score
    return result


def tampering(released, notebook) -> list[str]:
    """Cells of the course that a submission changed or lacks; nbgrader is given them as they were."""
    found = []
    marks = [(cell, cell.metadata.get("nbgrader")) for cell in notebook.cells]
    submitted = {mark.get("grade_id"): (cell, mark) for cell, mark in marks if isinstance(mark, dict)}
    for cell in released.cells:
        mark = cell.metadata.get("nbgrader")
        if not mark:
            continue
        name = mark["grade_id"]
        theirs, kind = submitted.get(name, (None, {}))
        if theirs is None:
            found.append(f"the cell {name} was deleted; restored")
            continue
        if any(kind.get(key) != mark.get(key) for key in ("grade", "solution", "points")):
            found.append(f"the points or kind of the cell {name} were changed; restored")
        if not is_solution(cell) and theirs.source.strip() != cell.source.strip():
            found.append(f"the locked cell {name} was changed; restored")
    return found


def copies(course: Course, chapter: str) -> dict[str, list[str]]:
    """Students whose answers equal those of others up to layout and comments; unanswered cells do not count."""
    released = parse(course.released(chapter).read_bytes())
    empty = {
        cell.metadata["nbgrader"]["grade_id"]: _tokens(cell.source) for cell in released.cells if is_solution(cell)
    }
    groups: dict[tuple, list[str]] = {}
    students = []
    for path in sorted(course.folder.glob(f"submitted/*/{chapter}/{chapter}.ipynb")):
        try:
            notebook = parse(path.read_bytes())
        except ValueError:
            continue
        answers = {}
        for cell in notebook.cells:
            mark = cell.metadata.get("nbgrader")
            name = mark.get("grade_id") if isinstance(mark, dict) else None
            if name in empty and _tokens(cell.source) != empty[name]:
                answers[name] = _tokens(cell.source)
        students.append(path.parents[1].name)
        if answers:
            groups.setdefault(tuple(sorted(answers.items())), []).append(students[-1])
    same = {student: [s for s in group if s != student] for group in groups.values() for student in group}
    return {student: same.get(student, []) for student in students}


def _tokens(source: str) -> str:
    """Code without comments and layout."""
    kept = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source[:100_000]).readline):
            if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
                kept.append(token.string)
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return "".join(source.split())
    return " ".join(kept)


def _words(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
