"""Default runs as the committed notebooks."""

from __future__ import annotations

from toolkit.files import write_whole
from toolkit.reproduce.batch import Outcome
from toolkit.reproduce.notebooks import METADATA

WIDGET = "application/vnd.jupyter.widget-view+json"


def store(outcome: Outcome) -> None:
    """Puts a default run's outputs into the committed notebook, without traces of when and how it ran.

    A widget's view is left out: without the kernel that made it, JupyterLab would show an error in its place.

    Raises:
        ValueError: the run failed or was not the default run.
    """
    import nbformat

    if not outcome.ok or outcome.run.overrides:
        raise ValueError(f"{outcome.run.slug}: only a default run that ran through can be stored")
    notebook = nbformat.read(outcome.notebook, as_version=4)
    notebook.metadata = METADATA | {"toolkit": notebook.metadata["toolkit"]}
    for cell in notebook.cells:
        for extra in ("papermill", "execution"):
            cell.metadata.pop(extra, None)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
    write_whole(outcome.run.notebook, nbformat.writes(notebook) + "\n")
