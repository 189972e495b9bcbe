"""What came out: one line per student and chapter, and nbgrader's feedback pages."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from toolkit.classroom.course import Course, CourseError, last_line

FIELDS = ("student", "chapter", "score", "maximum", "state", "hours_late", "notes")


def rows(course: Course, chapters: Sequence[str] = ()) -> list[dict]:
    """One record per student and chapter, from the gradebook and from what is known of the submissions.

    ``state`` is ``graded``, ``needs manual grading``, ``waiting``, ``nothing handed in`` or ``not graded``, and
    ``notes`` says why, and what is worth knowing about a submission.
    """
    from nbgrader.api import MissingEntry

    found = []
    names = course.select(chapters)
    students = sorted({student for chapter in course.chapters() for student in course.students(chapter)})
    with course.gradebook() as gradebook:
        for student in students:
            for chapter in names:
                known = course.record(chapter, student)
                row = dict.fromkeys(FIELDS) | {"student": student, "chapter": chapter}
                notes = [*known.get("notes", []), *known.get("marks", [])]
                if known.get("same"):
                    notes.append(f"same answers as: {', '.join(known['same'])}")
                try:
                    submission = gradebook.find_submission(chapter, student)
                except MissingEntry:
                    submission = None
                if known.get("reason"):
                    row["state"], notes = "not graded", [known["reason"], *notes]
                elif submission is not None and known.get("graded"):
                    row["state"] = "needs manual grading" if submission.needs_manual_grade else "graded"
                    row["score"], row["maximum"] = submission.score, submission.max_score
                    row["hours_late"] = round(submission.total_seconds_late / 3600, 1)
                else:
                    row["state"] = "waiting" if known else "nothing handed in"
                row["notes"] = "; ".join(notes)
                found.append(row)
    return found


def as_csv(found: Sequence[dict]) -> str:
    """Comma-separated; a text that a spreadsheet would take for a formula gets an apostrophe in front."""
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    for row in found:
        writer.writerow(
            {k: f"'{v}" if isinstance(v, str) and v[:1] in ("=", "+", "-", "@") else v for k, v in row.items()}
        )
    return out.getvalue()


def feedback(course: Course, found: Sequence[dict]) -> list[Path]:
    """Makes nbgrader's feedback pages for the graded submissions among the records.

    Raises:
        CourseError: nbgrader could not make one.
    """
    api = course.api()
    pages = []
    for row in found:
        if row["state"] not in ("graded", "needs manual grading"):
            continue
        done = api.generate_feedback(row["chapter"], row["student"], force=True)
        if not done["success"]:
            raise CourseError(f"no feedback for {row['student']}, {row['chapter']}: {last_line(done)}")
        pages.append(course.folder / "feedback" / row["student"] / row["chapter"] / f"{row['chapter']}.html")
    return pages
