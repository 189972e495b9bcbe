"""The command ``toolkit``: a thin door to the catalogue, the batch runner and the skeleton writer."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from toolkit.classroom.commands import app as classroom

app = typer.Typer(
    help="Run the book's chapters, read their ledgers, start new ones.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(classroom, name="classroom")

FAILED, REFUSED, UNEXPECTED = 1, 2, 3  # exit codes; 0: all ran and every verdict is the expected one


class Profile(StrEnum):
    quick = "quick"
    full = "full"


class Format(StrEnum):
    table = "table"
    json = "json"
    csv = "csv"
    html = "html"


def _refuse(error: Exception) -> typer.Exit:
    typer.echo(f"toolkit: {error}", err=True)
    return typer.Exit(REFUSED)


def _console():
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=160)


@app.command("list")
def list_papers(
    part: Annotated[str | None, typer.Option(help="Only this part.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As a JSON list.")] = False,
) -> None:
    """List the papers: those with a chapter are ready, the others planned."""
    from toolkit.catalog import CatalogError, parts
    from toolkit.reproduce.notebooks import chapters

    try:
        known = parts()
        ready = chapters()
    except (CatalogError, FileNotFoundError) as error:
        raise _refuse(error) from None
    if part is not None and part not in known:
        raise _refuse(ValueError(f"there is no part {part!r}; parts are: {', '.join(known)}"))
    rows = []
    for name in [part] if part else known:
        for entry in [*known[name].chapters, *known[name].planned]:
            rows.append(
                {
                    "slug": entry.slug,
                    "part": name,
                    "title": entry.title,
                    "state": "ready" if entry.slug in ready else "planned",
                    "seconds": getattr(entry, "seconds", None),
                }
            )
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    from rich.table import Table

    table = Table("part", "slug", "title", "state", "seconds")
    for row in rows:
        seconds = "" if row["seconds"] is None else f"{row['seconds']:.0f}"
        table.add_row(row["part"], row["slug"], row["title"], row["state"], seconds)
    _console().print(table)


@app.command()
def reproduce(
    names: Annotated[list[str] | None, typer.Argument(help="Chapters or parts; none means all chapters.")] = None,
    profile: Annotated[Profile | None, typer.Option(help="quick: seconds on a laptop; full: minutes.")] = None,
    parameter: Annotated[list[str] | None, typer.Option("-p", help="key=value, may be repeated.")] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; by default a new one under runs/.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Chapters at a time.")] = 1,
    keep: Annotated[bool, typer.Option("--store", help="Also store default runs in notebooks/.")] = False,
) -> None:
    """Run chapters and write a ledger of their verdicts.

    Exit code: 0 when all ran and every verdict is the expected one, 1 when a chapter failed, 2 when the
    request was refused, 3 when a verdict differs from the expected one.
    """
    from toolkit.catalog import CatalogError
    from toolkit.reproduce import ledger
    from toolkit.reproduce.plan import PlanError, parse, plan
    from toolkit.reproduce.run import execute_all, store

    try:
        assignments = parse(parameter or [])
        if profile is not None:
            if assignments.get("profile", profile.value) != profile.value:
                raise PlanError("--profile and -p profile=... say different things; give one")
            assignments["profile"] = profile.value
        runs = plan(names or [], assignments)
        if keep and any(run.overrides for run in runs):
            raise PlanError("--store keeps default runs only; leave out --profile and -p")
        if not runs:
            raise PlanError("there is no chapter to run")
        folder = out or Path("runs") / datetime.now().strftime("%Y-%m-%d-%H%M%S")
        if folder.exists() and not folder.is_dir():
            raise PlanError(f"{folder} is a file; --out names a folder")
        ledger.Ledger(folder)
    except (PlanError, CatalogError, FileNotFoundError, ValueError) as error:
        raise _refuse(error) from None

    typer.echo(f"{len(runs)} {'chapter' if len(runs) == 1 else 'chapters'} to run, results in {folder}", err=True)
    done = 0

    def tell(outcome):
        nonlocal done
        done += 1
        words = f"{outcome.seconds:.1f} s" if outcome.ok else f"FAILED: {outcome.error}"
        typer.echo(f"[{done}/{len(runs)}] {outcome.run.slug}: {words}", err=True)

    outcomes = execute_all(runs, folder, workers=workers, tell=tell)
    keys = {outcome.run.key for outcome in outcomes}
    entries = [entry for entry in ledger.read(folder) if entry["run"] in keys]
    _print_table(entries)
    failed = [outcome for outcome in outcomes if not outcome.ok]
    for outcome in failed:
        where = f"; see {outcome.notebook}" if outcome.notebook else ""
        typer.echo(f"failed: {outcome.run.slug}: {outcome.error}{where}", err=True)
    if keep:
        for outcome in outcomes:
            if outcome.ok:
                store(outcome)
    if failed:
        raise typer.Exit(FAILED)
    if any(entry["verdict"] != entry["expected"] for entry in entries):
        raise typer.Exit(UNEXPECTED)


def _print_table(entries: list[dict]) -> None:
    from rich.table import Table

    from toolkit.reproduce import ledger

    table = Table(*ledger.HEADS)
    for entry in entries:
        table.add_row(*ledger.row(entry))
    _console().print(table)


@app.command("ledger")
def show_ledger(
    folder: Annotated[Path, typer.Argument(help="A run folder.")],
    form: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
) -> None:
    """Print a run folder's ledger."""
    from toolkit.reproduce import ledger

    try:
        entries = ledger.read(folder)
    except (FileNotFoundError, ValueError) as error:
        raise _refuse(error) from None
    if form is Format.table:
        _print_table(entries)
    elif form is Format.json:
        typer.echo(json.dumps(entries, indent=1))
    elif form is Format.csv:
        typer.echo(ledger.as_csv(entries), nl=False)
    else:
        typer.echo(ledger.as_html(entries), nl=False)


@app.command()
def new(
    part: Annotated[str, typer.Argument(help="The part it belongs to.")],
    slug: Annotated[str, typer.Argument(help="Short name: small letters, digits and hyphens.")],
) -> None:
    """Write the skeleton of a new chapter: catalogue entry, notebook and bibliography entry."""
    from toolkit.catalog import CatalogError
    from toolkit.scaffold import ScaffoldError, write

    try:
        made = write(part, slug)
    except (ScaffoldError, CatalogError, FileNotFoundError) as error:
        raise _refuse(error) from None
    for path in made:
        typer.echo(f"wrote {path}")
    typer.echo(f"next: fill in what says TODO, then: toolkit reproduce {slug} --store")


@app.command(context_settings={"ignore_unknown_options": True})
def lab(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CHAPTER] [--NAME=VALUE ...]", help="A chapter to open; options for JupyterLab."),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the copies are; made when missing.")] = Path("lab"),
) -> None:
    """Open copies of the chapters in JupyterLab; the book's own notebooks stay as they are.

    Without a chapter, the contents open. For example: toolkit lab fastrp --no-browser --port=9999
    """
    from importlib.util import find_spec
    from subprocess import call

    from toolkit.catalog import CatalogError, UnknownName
    from toolkit.lab import copy_chapters, page

    if find_spec("jupyterlab") is None:
        raise _refuse(ModuleNotFoundError("JupyterLab is not installed; install the extra 'notebooks'"))
    try:
        names = [word for word in arguments or [] if not word.startswith("-")]
        if len(names) > 1:
            raise ValueError(f"name one chapter, and write options as --name=value; got {' '.join(names)}")
        first = page(*names)
        notes = copy_chapters(folder)
    except (CatalogError, UnknownName, ValueError, OSError) as error:
        raise _refuse(error) from None
    for note in notes:
        typer.echo(f"toolkit: {note}", err=True)
    options = [f"--ServerApp.root_dir={folder.resolve()}", f"--LabApp.default_url=/lab/tree/{first}"]
    options += [word for word in arguments or [] if word.startswith("-")]
    command = [sys.executable, "-m", "jupyterlab", *options]
    if os.name == "posix":
        os.execv(sys.executable, command)  # so that what stops this process stops JupyterLab
    raise typer.Exit(call(command))
