"""The commands ``toolkit data ...``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from toolkit.reproduce.commands import FAILED, console, refuse

app = typer.Typer(help="The data sets that chapters use: list, fetch and verify them.", no_args_is_help=True)


@app.command("list")
def list_sets(as_json: Annotated[bool, typer.Option("--json", help="As a JSON list.")] = False) -> None:
    """List the data sets: what they are, how large, and whether they are on this computer."""
    from toolkit.data.registry import DataError, sets
    from toolkit.data.store import complete

    try:
        rows = [
            {
                "name": entry.name,
                "title": entry.title,
                "members": entry.members,
                "kind": entry.kind,
                "license": entry.license,
                "bytes": entry.size,
                "here": bool(complete(entry)),
            }
            for entry in sets().values()
        ]
    except DataError as error:
        raise refuse(error) from None
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    from rich.table import Table

    table = Table("name", "title", "members", "MB", "here")
    for row in rows:
        here = "yes" if row["here"] else "no"
        table.add_row(row["name"], row["title"], ", ".join(row["members"]), f"{row['bytes'] / 1e6:.1f}", here)
    console().print(table)


@app.command()
def fetch(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="Data sets; a part or chapter for what it uses; or 'all'.")
    ],
) -> None:
    """Download data sets that are not here yet; each file is verified.

    Exit code: 0 when all are here, 1 when one could not be had, 2 when a name is unknown.
    """
    from toolkit.catalog import CatalogError
    from toolkit.data.fetch import fetch as get
    from toolkit.data.registry import DataError

    try:
        chosen = _chosen(names)
    except (DataError, CatalogError) as error:
        raise refuse(error) from None
    failed = False
    for entry in chosen:
        try:
            paths = get(entry)
        except DataError as error:
            typer.echo(f"toolkit: {error}", err=True)
            failed = True
            continue
        size = sum(path.stat().st_size for path in paths) / 1e6
        typer.echo(f"{entry.name}: fetched {len(paths)} files, {size:.1f} MB" if paths else f"{entry.name}: is here")
    if failed:
        raise typer.Exit(FAILED)


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="None means all that are here.")
    ] = None,
) -> None:
    """Compare the files that are here with the registry.

    Exit code: 0 when all are right, 1 when one is wrong or a set that was named is not complete, 2 when a name is
    unknown.
    """
    from toolkit.data.registry import DataError, sets
    from toolkit.data.store import complete
    from toolkit.data.store import verify as compare

    failed = False
    try:
        for entry in _chosen(names) if names else sets().values():
            right, wrong = compare(entry)
            for sentence in wrong:
                typer.echo(f"toolkit: {sentence}", err=True)
            missing = not complete(entry)
            if right or wrong or names:
                typer.echo(f"{entry.name}: {right} right, {len(wrong)} wrong" + (", not complete" if missing else ""))
            failed |= bool(wrong) or (missing and bool(names))
    except DataError as error:
        raise refuse(error) from None
    if failed:
        raise typer.Exit(FAILED)


@app.command()
def path(name: Annotated[str, typer.Argument(help="A data set.")]) -> None:
    """Print the folder that holds a data set; several where its files lie in several."""
    from toolkit.data.registry import DataError, find
    from toolkit.data.store import complete

    try:
        entry = find(name)
        files = complete(entry)
        if not files:
            raise DataError(f"data set {entry.name} is not here; 'toolkit data fetch {entry.name}' gets it")
    except DataError as error:
        raise refuse(error) from None
    for folder in dict.fromkeys(next(up for up in file.parents if up.name == entry.name) for file in files):
        typer.echo(str(folder))


def _chosen(names: list[str]) -> list:
    """The data sets that are named, or that the named parts and chapters use, or all.

    Raises:
        DataError: an unknown name, or a part or chapter that uses none.
    """
    from toolkit.catalog import parts
    from toolkit.data.registry import DataError, find, sets

    if "all" in names:
        return list(sets().values())
    used = {part.id: [name for entry in part.chapters for name in entry.full_data] for part in parts().values()}
    used |= {entry.slug: entry.full_data for part in parts().values() for entry in part.chapters}
    chosen = []
    for name in names:
        if name in used and not used[name]:
            raise DataError(f"{name!r} uses no data set that can be fetched")
        chosen += [find(one) for one in used.get(name, [name])]
    return list({entry.name: entry for entry in chosen}.values())
