"""A course is made, released and filled; what cannot be done is refused in one sentence."""

import nbformat
import pytest
from submissions import answered, hand_in

from toolkit.classroom.assignment import AssignmentError, make
from toolkit.classroom.collect import collect, parse
from toolkit.classroom.course import Course, CourseError, create, release
from toolkit.classroom.grade import copies
from toolkit.classroom.report import as_csv
from toolkit.reproduce.notebooks import chapters

SLUGS = list(chapters())[:2]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    made = create(tmp_path_factory.mktemp("classroom") / "course", SLUGS)
    release(made)
    return made


def released(course, slug=SLUGS[0]):
    return nbformat.read(course.released(slug), 4)


def test_create_refuses(tmp_path, course):
    with pytest.raises(CourseError, match="there is no chapter"):
        create(tmp_path / "new", ["no-such-chapter"])
    with pytest.raises(CourseError, match="at least one chapter"):
        create(tmp_path / "new", [])
    assert not (tmp_path / "new").exists()
    with pytest.raises(CourseError, match="has the chapter"):
        create(course.folder, SLUGS[:1])
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(CourseError, match="not empty"):
        create(tmp_path, SLUGS)
    with pytest.raises(CourseError, match="must not contain"):
        create(tmp_path / "course [2030]", SLUGS)
    with pytest.raises(CourseError, match="not a course"):
        Course(tmp_path)
    with pytest.raises(CourseError, match="has no chapter"):
        course.select(["elsewhere"])


def test_what_gives_a_solution_away_is_not_released(tmp_path):
    made = create(tmp_path / "course", SLUGS[:1])
    source = nbformat.read(made.source(SLUGS[0]), 4)
    marked = next(c.source for c in source.cells if "### BEGIN SOLUTION" in c.source)
    line = max(marked.split("### BEGIN SOLUTION\n")[1].split("### END")[0].splitlines(), key=len).strip()
    stub = next(c for c in source.cells if "### BEGIN SOLUTION" in c.source)
    stub.source += f"\n# for example: {line}"
    nbformat.write(source, made.source(SLUGS[0]))
    with pytest.raises(CourseError, match="it gives away"):
        release(made)
    assert not made.released(SLUGS[0]).exists()


def test_assignment_parameters_are_checked(tmp_path):
    path = tmp_path / "chapter.ipynb"
    for change, words in (({"speed": 1}, "has no parameter 'speed'"), ({"seeds": "two"}, "must be a int")):
        notebook = nbformat.read(chapters()[SLUGS[0]], 4)
        (cell,) = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
        cell.metadata["assignment"] = change
        nbformat.write(notebook, path)
        with pytest.raises(AssignmentError, match=words):
            make(path)


def test_collect(course, tmp_path):
    one, two = SLUGS
    hand_in(released(course, one), tmp_path, "anna", f"{one}.ipynb")
    hand_in(released(course, two), tmp_path, "anna", "second.ipynb")
    hand_in(released(course, one), tmp_path, "bo", "copy1.ipynb")
    hand_in(released(course, one), tmp_path, "bo", "copy2.ipynb")
    hand_in(released(course, one), tmp_path, "a[b]", f"{one}.ipynb")
    nbformat.write(released(course, one), tmp_path / f"cleo_{one}.ipynb")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "dan").mkdir()
    (tmp_path / "eve").symlink_to(tmp_path / "anna")
    (tmp_path / "fay").mkdir()
    with (tmp_path / "fay" / f"{one}.ipynb").open("wb") as file:
        file.truncate(10**9)
    found = {(item.student, item.chapter): item for item in collect(course, tmp_path)}
    assert found["anna", one].reason is None and found["anna", two].notes == ["the file was named second.ipynb"]
    assert found["bo", one].reason == "several notebooks could be it: copy1.ipynb, copy2.ipynb"
    assert "must not contain" in found["a[b]", None].reason
    assert found["cleo", one].reason is None and course.submitted(one, "cleo").is_file()
    assert "STUDENT_CHAPTER.ipynb" in found["notes.txt", None].reason
    assert "no notebook" in found["dan", one].reason
    assert "neither a folder nor a file" in found["eve", None].reason
    assert "larger than 20 MB" in found["fay", one].reason
    with pytest.raises(CourseError, match="no folder"):
        collect(course, tmp_path / "nowhere")
    # a broken file does not replace a good one
    (tmp_path / "anna" / f"{one}.ipynb").write_text("{")
    again = {(item.student, item.chapter): item for item in collect(course, tmp_path)}
    assert again["anna", one].reason is None and "a newer file was not taken" in again["anna", one].notes[0]
    assert parse(course.submitted(one, "anna").read_bytes()).cells


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"cells": 3}',
        b'{"cells": [3]}',
        b'{"cells": [], "nbformat": "x"}',
        b"[" * 10**6,
        b'{"cells": [{"cell_type": "code", "source": 3, "metadata": {}}], "nbformat": 4, "nbformat_minor": 5}',
        b'{"cells": [{"cell_type": "code", "source": "", "metadata": []}], "nbformat": 4, "nbformat_minor": 5}',
    ],
)
def test_strange_files_are_refused(data):
    with pytest.raises(ValueError, match="it "):
        parse(data)


def test_copies_differ_in_layout_only(course):
    slug = SLUGS[0]
    names = [c.metadata["nbgrader"]["grade_id"] for c in released(course).cells if "nbgrader" in c.metadata]
    for student, body in (
        ("x", "def f(a):\n    return a + 1"),
        ("y", "def f(a):  # mine\n\n    return a  + 1"),
        ("z", "1"),
    ):
        path = course.submitted(slug, student)
        path.parent.mkdir(parents=True)
        nbformat.write(answered(released(course), {names[0]: body}), path)
    found = copies(course, slug)
    assert found["x"] == ["y"] and found["y"] == ["x"] and found["z"] == []


def test_spreadsheets_get_no_formulas():
    row = dict.fromkeys(("chapter", "score", "maximum", "state", "hours_late", "notes")) | {"student": "=1+1"}
    assert "'=1+1" in as_csv([row])


def test_commands_refuse_in_one_sentence(course, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from toolkit.classroom import grade
    from toolkit.cli import app

    def refused(*arguments):
        done = CliRunner().invoke(app, ["classroom", *map(str, arguments)])
        assert done.exit_code == 2, done.output
        assert done.output.startswith("toolkit: ") and len(done.output.strip().splitlines()) == 1
        return done.output

    for command in ("release", "grade", "report"):
        assert "not a course" in refused(command, tmp_path)
    assert "there is no chapter" in refused("create", tmp_path / "c", "--chapters", "nothing")
    assert "has no chapter" in refused("release", course.folder, "nothing")
    assert "no submission of 'nobody'" in refused("grade", course.folder, "--student", "nobody")
    monkeypatch.setattr(grade, "problem", lambda: "bubblewrap is not installed")
    assert "see --unsafe-without-sandbox" in refused("grade", course.folder)
