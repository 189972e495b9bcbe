"""Runs that are committed: default runs as the notebooks, full runs as records beside them."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.claims.result import REPORT_MIME
from toolkit.files import write_whole
from toolkit.reproduce import full
from toolkit.reproduce.batch import Outcome
from toolkit.reproduce.notebooks import METADATA
from toolkit.reproduce.plan import PlanError, Run

WIDGET = "application/vnd.jupyter.widget-view+json"


def is_full(run: Run) -> bool:
    return run.parameters.get("profile") == "full"


def check_storable(runs: Sequence[Run]) -> None:
    """Refuses to store anything but one default run or one full run of each chapter.

    Raises:
        PlanError: it says what can be stored.
    """
    if any(run.overrides and not is_full(run) for run in runs) or len({run.slug for run in runs}) < len(runs):
        raise PlanError(
            "--store keeps a chapter's default run, or one run with --profile full; "
            "leave out --sweep, and -p without --profile full"
        )


def store(outcome: Outcome) -> None:
    """Puts a default run's outputs into the committed notebook, or a full run's numbers into the record beside it.

    Of a default run, traces of when and where it ran are left out. So is a widget's view: without the kernel that
    made it, JupyterLab would show an error in its place.

    Raises:
        ValueError: the run failed, or was neither the default run nor a full run.
    """
    import nbformat

    if not outcome.ok:
        raise ValueError(f"{outcome.run.slug}: only a run that ran through can be stored")
    check_storable([outcome.run])
    if is_full(outcome.run):
        full.store(outcome.run.notebook, outcome.notebook)
        return
    notebook = nbformat.read(outcome.notebook, as_version=4)
    notebook.metadata = METADATA | {"toolkit": notebook.metadata["toolkit"]}
    for cell in notebook.cells:
        for extra in ("papermill", "execution"):
            cell.metadata.pop(extra, None)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            data.pop(WIDGET, None)
            for trace in ("date", "machine"):
                data.get(REPORT_MIME, {}).pop(trace, None)
    write_whole(outcome.run.notebook, nbformat.writes(notebook) + "\n")
