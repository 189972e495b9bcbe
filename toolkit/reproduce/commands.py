"""The commands ``toolkit reproduce`` and ``toolkit ledger``."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

FAILED, REFUSED, UNEXPECTED = 1, 2, 3  # exit codes; 0: all ran and every verdict is the expected one
STOPPED = 130  # by Ctrl-C or SIGTERM, as shells have it


class Profile(StrEnum):
    quick = "quick"
    full = "full"


class Format(StrEnum):
    table = "table"
    json = "json"
    csv = "csv"
    parquet = "parquet"
    html = "html"


def refuse(error: Exception) -> typer.Exit:
    typer.echo(f"toolkit: {error}", err=True)
    return typer.Exit(REFUSED)


def console():
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=160)


def reproduce(
    names: Annotated[list[str] | None, typer.Argument(help="Chapters or parts; none means all chapters.")] = None,
    profile: Annotated[Profile | None, typer.Option(help="quick: seconds on a laptop; full: minutes.")] = None,
    parameter: Annotated[list[str] | None, typer.Option("-p", help="key=value, may be repeated.")] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; by default a new one under runs/.")] = None,
    sweep: Annotated[
        list[str] | None, typer.Option(help="key=a,b,c or key=first:end[:step]; repeated: every combination.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and stop.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Also run what the ledger in --out has.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Runs at a time; by default one per core.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds that a run may take.")] = None,
    memory: Annotated[float | None, typer.Option(help="GB of memory that a run may take.")] = None,
    retries: Annotated[int, typer.Option(help="Tries more for a run that was killed from outside.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, or 'local' to start one here.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--store", help="Also store a default run, or a record of a full run, in notebooks/.")
    ] = False,
) -> None:
    """Run chapters and write a ledger of their verdicts. With the --out of an earlier batch, carry it on.

    Exit code: 0 when all ran and every verdict is the expected one, 1 when a chapter failed, 2 when the
    request was refused, 3 when a verdict differs from the expected one, 130 when it was stopped.
    """
    from toolkit.catalog import CatalogError
    from toolkit.reproduce import ledger, lock
    from toolkit.reproduce.batch import execute_all, finished
    from toolkit.reproduce.local import Limits, default_workers
    from toolkit.reproduce.plan import PlanError, parse, parse_sweeps, plan, shared_seeds
    from toolkit.reproduce.store import check_storable, store

    try:
        assignments = parse(parameter or [])
        if profile is not None:
            if assignments.get("profile", profile.value) != profile.value:
                raise PlanError("--profile and -p profile=... say different things; give one")
            assignments["profile"] = profile.value
        runs = plan(names or [], assignments, parse_sweeps(sweep or []))
        if keep:
            check_storable(runs)
        if not runs:
            raise PlanError("there is no chapter to run")
        limits = Limits(timeout, memory, retries)
        folder = out or Path("runs") / datetime.now().strftime("%Y-%m-%d-%H%M%S")
        if folder.exists() and not folder.is_dir():
            raise PlanError(f"{folder} is a file; --out names a folder")
        if not (folder / ledger.NAME).is_file() and (folder / "ledger.json").exists():
            raise PlanError(f"{folder} holds a ledger.json of another kind; give another folder with --out")
        done = {} if fresh else finished(runs, folder)
    except (PlanError, CatalogError, FileNotFoundError, ValueError, OSError) as error:
        raise refuse(error) from None

    missing = [run for run in runs if run.key not in done]
    if workers is None:  # stored seconds are those of a chapter that has the machine to itself
        workers = 1 if keep else default_workers()
    note = shared_seeds(runs)
    if note:
        typer.echo(f"note: {note}", err=True)
    kept = f", {len(done)} of them already in the ledger" if done else ""
    typer.echo(f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}{kept}, results in {folder}", err=True)
    if dry_run:
        for run in runs:
            typer.echo(f"{run.key}  {'done' if run.key in done else 'to run'}  {run.label}")
        return
    try:
        with _progress(missing) as progress:
            outcomes = execute_all(
                runs, folder, workers=workers, limits=limits, fresh=fresh, scheduler=scheduler, progress=progress
            )
    except KeyboardInterrupt:
        typer.echo(f"stopped; what was finished is in the ledger. To carry on: {_again(out, folder)}", err=True)
        raise typer.Exit(STOPPED) from None
    except (lock.FolderInUse, ValueError, ModuleNotFoundError) as error:
        raise refuse(error) from None
    except OSError as error:
        typer.echo(f"toolkit: stopped: {error}. When that is mended, carry on with: {_again(out, folder)}", err=True)
        raise typer.Exit(FAILED) from None
    keys = {outcome.run.key for outcome in outcomes}
    entries = [entry for entry in ledger.read(folder) if entry["run"] in keys]
    _print_ledger(entries)
    failed = [outcome for outcome in outcomes if not outcome.ok]
    for outcome in failed:
        where = f"; see {outcome.notebook}" if outcome.notebook else ""
        typer.echo(f"failed: {outcome.run.label}: {outcome.error}{where}", err=True)
    if keep:
        for outcome in outcomes:
            if outcome.ok:
                try:
                    store(outcome)
                except ValueError as error:
                    raise refuse(error) from None
    if failed:
        raise typer.Exit(FAILED)
    if any(entry["verdict"] != entry["expected"] for entry in entries):
        raise typer.Exit(UNEXPECTED)


def _again(out: Path | None, folder: Path) -> str:
    """The command that carries on with this batch."""
    from shlex import join

    return join(["toolkit", *sys.argv[1:], *([] if out else ["--out", str(folder)])])


def _progress(missing: list):
    from contextlib import nullcontext

    from toolkit.reproduce.progress import Lines, Live

    if sys.stderr.isatty():
        return Live(len(missing), sum(run.seconds or 1.0 for run in missing))
    return nullcontext(Lines(len(missing), lambda text: typer.echo(text, err=True)))


def _print_ledger(entries: list[dict]) -> None:
    """Each record, or one row per claim where a sweep over the seed has left more than a screen."""
    from toolkit.reproduce.aggregate import aggregate

    rows = aggregate(entries)
    if len(entries) > 2 * len(rows) and len(entries) > 50:
        _print_table(rows)
    else:
        _print_table(entries)


def _print_table(entries: list[dict]) -> None:
    from toolkit.reproduce import ledger

    _print_rows(ledger.HEADS, [ledger.row(entry) for entry in entries])


def _print_rows(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.table import Table

    table = Table(*heads)
    for row in rows:
        table.add_row(*row)
    console().print(table)


def show_ledger(
    folder: Annotated[Path, typer.Argument(help="A run folder.")],
    form: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    together: Annotated[bool, typer.Option("--aggregate", help="Runs that differ only in the seed as one.")] = False,
    compare: Annotated[Path | None, typer.Option(help="Another run folder: what moved since?")] = None,
) -> None:
    """Print a run folder's ledger, or what moved since another one.

    Exit code: 0; 2 when the request was refused; 3 when --compare found a verdict or a mean that moved.
    """
    from toolkit.catalog import CatalogError
    from toolkit.reproduce import export, ledger
    from toolkit.reproduce.aggregate import aggregate
    from toolkit.reproduce.compare import HEADS, differences, row

    try:
        entries = ledger.read(folder)
        if together:
            entries = aggregate(entries)
        if compare is not None:
            if form not in (Format.table, Format.json):
                raise ValueError("--compare prints a table or JSON")
            before = ledger.read(compare)
            found = differences(aggregate(before) if together else before, entries)
    except (FileNotFoundError, ValueError, CatalogError) as error:
        raise refuse(error) from None
    if compare is not None:
        moved = [change for change in found if change["moved"]]
        if form is Format.json:
            typer.echo(json.dumps(found, indent=1))
        else:
            _print_rows(HEADS, [row(change) for change in moved])
            typer.echo(f"{len(found)} claims in both or either, {len(moved)} moved", err=True)
        if moved:
            raise typer.Exit(UNEXPECTED)
    elif form is Format.table:
        _print_table(entries)
    elif form is Format.json:
        typer.echo(json.dumps(entries, indent=1))
    elif form is Format.csv:
        typer.echo(export.as_csv(entries), nl=False)
    elif form is Format.html:
        typer.echo(export.as_html(entries), nl=False)
    else:
        if sys.stdout.isatty():
            raise refuse(ValueError("Parquet is not for a terminal; send it to a file with > ledger.parquet"))
        try:
            typer.echo(export.as_parquet(entries), nl=False)
        except ModuleNotFoundError as error:
            raise refuse(error) from None
