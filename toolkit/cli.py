"""The command ``toolkit``: a thin door to the catalogue, the data sets, the batch runner and the skeleton writer."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from toolkit.classroom.commands import app as classroom
from toolkit.data_commands import app as data
from toolkit.reproduce.commands import console, refuse, reproduce, show_ledger

app = typer.Typer(
    help="Run the book's chapters, read their ledgers, fetch their data, start new ones.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(classroom, name="classroom")
app.add_typer(data, name="data")


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
        raise refuse(error) from None
    if part is not None and part not in known:
        raise refuse(ValueError(f"there is no part {part!r}; parts are: {', '.join(known)}"))
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
    console().print(table)


app.command()(reproduce)
app.command("ledger")(show_ledger)


@app.command()
def new(
    part: Annotated[str, typer.Argument(help="The part it belongs to.")],
    slug: Annotated[str, typer.Argument(help="Short name: small letters, digits and hyphens.")],
) -> None:
    """Write the skeleton of a new chapter: catalogue entry, notebook, bibliography entry, wrong answers."""
    from toolkit.catalog import CatalogError
    from toolkit.scaffold import ScaffoldError, write

    try:
        made = write(part, slug)
    except (ScaffoldError, CatalogError, FileNotFoundError) as error:
        raise refuse(error) from None
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
        raise refuse(ModuleNotFoundError("JupyterLab is not installed; install the extra 'notebooks'"))
    try:
        names = [word for word in arguments or [] if not word.startswith("-")]
        if len(names) > 1:
            raise ValueError(f"name one chapter, and write options as --name=value; got {' '.join(names)}")
        first = page(*names)
        notes = copy_chapters(folder)
    except (CatalogError, UnknownName, ValueError, OSError) as error:
        raise refuse(error) from None
    for note in notes:
        typer.echo(f"toolkit: {note}", err=True)
    options = [f"--ServerApp.root_dir={folder.resolve()}", f"--LabApp.default_url=/lab/tree/{first}"]
    options += [word for word in arguments or [] if word.startswith("-")]
    command = [sys.executable, "-m", "jupyterlab", *options]
    if os.name == "posix":
        os.execv(sys.executable, command)  # so that what stops this process stops JupyterLab
    raise typer.Exit(call(command))
