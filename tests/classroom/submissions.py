"""What students hand in."""

import copy

import nbformat


def answered(released, answers):
    """A released notebook with some of its solution cells filled in: {grade_id: source}."""
    notebook = copy.deepcopy(released)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell.source = answers[name]
    return notebook


def hand_in(notebook, folder, student, name):
    """Writes a student's notebook to a folder of submissions."""
    place = folder / student / name
    place.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, place)
    return place
