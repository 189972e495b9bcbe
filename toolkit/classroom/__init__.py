"""Assignments from chapters: a course for nbgrader, student code in a sandbox, grades for a whole class."""
