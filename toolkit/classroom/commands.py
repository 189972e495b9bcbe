"""The commands ``toolkit classroom ...``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from toolkit.reproduce.commands import FAILED, refuse

app = typer.Typer(help="Turn chapters into assignments and grade what students hand in.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="The course's folder.")]
Chapters = Annotated[list[str] | None, typer.Argument(help="Chapters; none means all of the course.")]


@app.command()
def create(
    course: Folder,
    chapters: Annotated[str, typer.Option(help="Slugs, joined by commas.")],
    due: Annotated[datetime | None, typer.Option(help="When it is due, as 2026-05-31 or 2026-05-31T18:00.")] = None,
) -> None:
    """Make a course folder for nbgrader from chapters, or add chapters to one."""
    from toolkit.catalog import CatalogError
    from toolkit.classroom import course as courses
    from toolkit.classroom.assignment import AssignmentError

    slugs = [slug.strip() for slug in chapters.split(",") if slug.strip()]
    try:
        made = courses.create(course, slugs, due)
    except (courses.CourseError, AssignmentError, CatalogError, FileNotFoundError) as error:
        raise refuse(error) from None
    for slug in made.chapters():
        typer.echo(f"{made.source(slug)}")
    typer.echo(f"next: toolkit classroom release {course}")


@app.command()
def release(course: Folder, chapters: Chapters = None) -> None:
    """Make the students' notebooks: without solutions, hidden tests and outputs."""
    from toolkit.classroom import course as courses

    try:
        made = courses.release(courses.Course(course), chapters or [])
    except courses.CourseError as error:
        raise refuse(error) from None
    for path in made:
        typer.echo(str(path))
    typer.echo("give these to your students")


@app.command()
def collect(
    course: Folder,
    submissions: Annotated[Path, typer.Argument(help="Folder with one folder per student.")],
) -> None:
    """Take over what students handed in."""
    from toolkit.classroom import collect as collecting
    from toolkit.classroom.course import Course, CourseError

    try:
        found = collecting.collect(Course(course), submissions)
    except CourseError as error:
        raise refuse(error) from None
    for item in found:
        for words in [item.reason, *item.notes]:
            if words:
                typer.echo(f"{item.student}{f', {item.chapter}' if item.chapter else ''}: {words}", err=True)
    taken = [item for item in found if item.reason is None]
    typer.echo(f"{len(taken)} submissions, {len(found) - len(taken)} that could not be taken over")
    typer.echo(f"next: toolkit classroom grade {course}")


@app.command()
def grade(
    course: Folder,
    chapters: Chapters = None,
    student: Annotated[list[str] | None, typer.Option(help="Only this student; may be repeated.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Students at a time; by default one per core.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what is graded already.")] = False,
    unsafe: Annotated[
        bool, typer.Option("--unsafe-without-sandbox", help="Run student code with limits but without bubblewrap.")
    ] = False,
) -> None:
    """Run what students handed in, in sandboxes, and write the grades to the gradebook.

    Exit code: 0 when every submission has a grade or a reason in the report, 1 when grading one failed, 2 when the
    request was refused.
    """
    from toolkit.classroom import grade as grading
    from toolkit.classroom.course import Course, CourseError
    from toolkit.classroom.sandbox import SandboxError
    from toolkit.reproduce.local import cores

    try:
        found = Course(course)
        work = grading.waiting(found, chapters or [], student or [], again=again)
        if unsafe:
            typer.echo("warning: student code can read and change your files and use the network", err=True)
        done = 0

        def tell(result):
            nonlocal done
            done += 1
            words = result.reason or f"{result.score:g} of {result.maximum:g}"
            notes = f" ({'; '.join(result.notes)})" if result.notes else ""
            typer.echo(f"[{done}/{len(work)}] {result.student}, {result.chapter}: {words}{notes}", err=True)

        results = grading.grade(found, work, workers=workers or cores(), unsafe=unsafe, again=again, tell=tell)
    except SandboxError as error:
        raise refuse(SandboxError(f"{error}; see --unsafe-without-sandbox")) from None
    except CourseError as error:
        raise refuse(error) from None
    failed = [result for result in results if result.reason]
    typer.echo(f"{len(results) - len(failed)} graded, {len(failed)} not")
    typer.echo(f"next: toolkit classroom report {course}")
    if failed:
        raise typer.Exit(FAILED)


@app.command()
def report(
    course: Folder,
    chapters: Chapters = None,
    out: Annotated[Path | None, typer.Option(help="The CSV file; by default grades.csv in the course.")] = None,
    pages: Annotated[bool, typer.Option("--feedback/--no-feedback", help="Also make the feedback pages.")] = True,
) -> None:
    """Write the grades as CSV and a feedback page for every graded submission."""
    from rich.console import Console
    from rich.table import Table

    from toolkit.classroom import report as reporting
    from toolkit.classroom.course import Course, CourseError

    try:
        found = Course(course)
        rows = reporting.rows(found, chapters or [])
        made = reporting.feedback(found, rows) if pages else []
    except CourseError as error:
        raise refuse(error) from None
    place = out or found.folder / "grades.csv"
    place.write_text(reporting.as_csv(rows), encoding="utf-8")
    table = Table(*[name.replace("_", " ") for name in reporting.FIELDS])
    for row in rows:
        table.add_row(*["" if row[name] is None else str(row[name]) for name in reporting.FIELDS])
    Console(width=None if Console().is_terminal else 200).print(table)
    typer.echo(f"{place}; {len(made)} feedback pages in {found.folder / 'feedback'}")
