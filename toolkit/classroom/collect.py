"""From a folder of what students handed in to the course's ``submitted`` folder.

Nothing in it is trusted: links are not followed, large files are not read, and a file that is not a notebook becomes
a reason beside the student's name.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from toolkit.classroom.course import Course, CourseError
from toolkit.files import write_whole

MOST_MB, MOST_FILES, DEPTH = 20, 200, 4


@dataclass
class Collected:
    """What became of one student's work on one chapter, or of a file that belongs to nobody."""

    student: str
    chapter: str | None
    reason: str | None = None  # why there is no submission
    notes: list[str] = field(default_factory=list)


def parse(data: bytes):
    """A notebook from bytes that are not trusted.

    Raises:
        ValueError: they are none; the message says why, in a few words.
    """
    import nbformat

    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError("it is not valid JSON") from None
    try:
        if not isinstance(found, dict) or not isinstance(found.get("cells", found.get("worksheets")), list):
            raise ValueError("it holds no cells")
        notebook = nbformat.reads(json.dumps(found), as_version=4)
        nbformat.validate(notebook, relax_add_props=True)
    except Exception as error:  # whatever a strange file provokes
        text = str(getattr(error, "message", error)).splitlines() or [type(error).__name__]
        raise ValueError(f"it is not a notebook: {text[0][:200]}") from None
    return notebook


def read(path: Path) -> bytes:
    """The content of a regular file of at most ``MOST_MB``; links are not followed.

    Raises:
        ValueError: it is something else, or larger.
    """
    if path.is_symlink():
        raise ValueError("it is a link")
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise ValueError(f"it cannot be opened: {error.strerror}") from None
    with os.fdopen(number, "rb") as file:
        about = os.fstat(number)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("it is not a regular file")
        if about.st_size > MOST_MB * 10**6:
            raise ValueError(f"it is larger than {MOST_MB} MB")
        return file.read(MOST_MB * 10**6)


def collect(course: Course, folder: Path) -> list[Collected]:
    """Takes over what is in ``folder``: one folder per student, or files named ``STUDENT_CHAPTER.ipynb``.

    A student's notebooks may lie in sub-folders. A renamed notebook is recognized by its cells, if only one can
    be meant. What was taken over before and has not changed stays as it is.

    Raises:
        CourseError: the folder is not there, or the course has not been released.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CourseError(f"there is no folder {folder}")
    wanted = {chapter: _cell_names(course, chapter) for chapter in course.chapters()}
    found: list[Collected] = []
    works: dict[str, list[Path]] = {}
    for entry in sorted(folder.iterdir()):
        name = unicodedata.normalize("NFC", entry.name)
        if entry.name.startswith("."):
            continue
        if entry.is_symlink() or not (entry.is_dir() or entry.is_file()):
            found.append(Collected(name, None, "it is neither a folder nor a file"))
            continue
        files = [entry]
        if entry.is_dir():
            files = _notebooks(entry)
        else:
            chapter = next((c for c in wanted if name.endswith(f"_{c}.ipynb")), None)
            if chapter is None:
                found.append(Collected(name, None, "it is neither a student's folder nor named STUDENT_CHAPTER.ipynb"))
                continue
            name = name.removesuffix(f"_{chapter}.ipynb")
        if problem := _name_problem(name):
            found.append(Collected(name, None, problem))
            continue
        works.setdefault(name, []).extend(files)
    for student, files in works.items():
        found += _take(course, student, files, wanted)
    return found


def _name_problem(name: str) -> str | None:
    """Why a name cannot be a student's name in nbgrader, which uses it in paths and patterns."""
    if set(name) & set("[]*?{}/\\+") or name != name.strip() or name.startswith("."):
        return "the name must not contain any of [ ] * ? { } + or start or end with a space"
    if not name.isprintable() or len(name.encode(errors="replace")) > 100:
        return "the name is too long or cannot be printed"
    return None


def _cell_names(course: Course, chapter: str) -> set[str]:
    if not course.released(chapter).is_file():
        raise CourseError(f"{chapter} has not been released; run: toolkit classroom release {course.folder}")
    return _grade_ids(parse(course.released(chapter).read_bytes()))


def _grade_ids(notebook) -> set[str]:
    marks = [cell.metadata.get("nbgrader") for cell in notebook.cells]
    names = [mark.get("grade_id") for mark in marks if isinstance(mark, dict)]
    return {name for name in names if isinstance(name, str)}


def _notebooks(folder: Path) -> list[Path]:
    """Notebook files in a folder and those below it."""
    found = []
    for place, folders, files in os.walk(folder, followlinks=False):
        if len(Path(place).relative_to(folder).parts) >= DEPTH:
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place, name) for name in sorted(files) if name.lower().endswith(".ipynb")]
        if len(found) > MOST_FILES:
            break
    return [path for path in found if not path.name.startswith(".")][:MOST_FILES]


def _take(course: Course, student: str, files: list[Path], wanted: dict[str, set[str]]) -> list[Collected]:
    readable: dict[Path, bytes] = {}
    names: dict[Path, set[str]] = {}
    broken: dict[Path, str] = {}
    for path in files:
        try:
            readable[path] = read(path)
            names[path] = _grade_ids(parse(readable[path]))
        except ValueError as error:
            broken[path] = str(error)
            readable.pop(path, None)
    results = []
    for chapter, cells in wanted.items():
        fitting = [p for p in readable if _is_named(p, chapter, student)]
        others = [p for p in readable if names[p] & cells and not any(_is_named(p, c, student) for c in wanted)]
        damaged = [p for p in broken if _is_named(p, chapter, student)]
        chosen = fitting or ([] if damaged else others)
        result = Collected(student, chapter)
        if len(chosen) > 1:
            result.reason = f"several notebooks could be it: {', '.join(sorted(p.name for p in chosen))}"
        elif not chosen and damaged:
            result.reason = f"{damaged[0].name} cannot be read: {broken[damaged[0]]}"
        elif not chosen and broken and len(wanted) == 1:
            path, why = next(iter(broken.items()))
            result.reason = f"{path.name} cannot be read: {why}"
        elif not chosen and files and len(wanted) == 1:
            result.reason = f"no notebook of this chapter among: {', '.join(p.name for p in files)[:200]}"
        elif not chosen:
            if not files:
                result.reason = "the student's folder holds no notebook"
                results.append(result)
            continue
        elif not fitting:
            result.notes.append(f"the file was named {chosen[0].name}")
        if result.reason is None:
            _store(course, result, readable[chosen[0]], chosen[0].stat().st_mtime)
        elif course.submitted(chapter, student).is_file():
            result.notes = [f"a newer file was not taken: {result.reason}"]
            result.reason = None
            course.keep(chapter, student, notes=result.notes)
        else:
            course.keep(chapter, student, reason=result.reason, notes=[], digest=None)
        results.append(result)
    return results


def _is_named(path: Path, chapter: str, student: str) -> bool:
    name = unicodedata.normalize("NFC", path.name)
    return name in (f"{chapter}.ipynb", f"{student}_{chapter}.ipynb")


def _store(course: Course, result: Collected, data: bytes, changed: float) -> None:
    """Writes a submission with the time of its file, where it is not there yet."""
    digest = hashlib.sha256(data).hexdigest()
    place = course.submitted(result.chapter, result.student)
    if place.is_file() and course.record(result.chapter, result.student).get("digest") == digest:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    moment = datetime.fromtimestamp(changed, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    (place.parent / "timestamp.txt").write_text(moment + "\n")
    write_whole(place, data.decode("utf-8"))
    course.keep(result.chapter, result.student, reason=None, notes=result.notes, digest=digest, graded=None)
