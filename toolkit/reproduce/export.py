"""Ledgers in other formats."""

from __future__ import annotations

import csv
import io
import json
from html import escape

from toolkit.claims.result import badge
from toolkit.reproduce.ledger import FIELDS, HEADS, row


def as_csv(entries: list[dict]) -> str:
    """Comma-separated, one line per record; structured fields as JSON text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    for entry in entries:
        writer.writerow({k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in entry.items()})
    return out.getvalue()


def as_html(entries: list[dict]) -> str:
    """A page of its own with one table."""
    heads = "".join(f"<th>{head}</th>" for head in HEADS)
    lines = []
    for entry in entries:
        slug, claim, paper, numbers, n, _, seconds = map(escape, row(entry))
        verdict = badge(entry["verdict"])
        if entry["expected"] != entry["verdict"]:
            verdict += f" (expected: {escape(entry['expected'])})"
        cells = "".join(f"<td>{cell}</td>" for cell in (slug, claim, paper, numbers, n, verdict, seconds))
        lines.append(f"<tr>{cells}</tr>")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Ledger</title><style>'
        "body{font:15px/1.5 sans-serif;margin:2em;color:#222}table{border-collapse:collapse}"
        "th,td{text-align:left;padding:.3em .8em;border-bottom:1px solid #ccc}</style></head>"
        f"<body><h1>Ledger</h1><table><thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
        "</body></html>\n"
    )


def as_parquet(entries: list[dict]) -> bytes:
    """A Parquet file with typed columns: ``values`` is a list of numbers, ``parameters`` and ``versions`` JSON text.

    Raises:
        ModuleNotFoundError: pyarrow is not installed; the message names the extra that holds it.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise ModuleNotFoundError("Parquet needs pyarrow; install the extra 'parquet'") from None
    types = dict.fromkeys(FIELDS, pa.string())
    types |= dict.fromkeys(("mean", "low", "high", "paper_value", "seconds", "peak_memory_mb"), pa.float64())
    types |= {"values": pa.list_(pa.float64()), "n": pa.int64()}
    columns = {}
    for name, kind in types.items():
        cells = [entry[name] for entry in entries]
        columns[name] = pa.array([json.dumps(c) if isinstance(c, dict) else c for c in cells], type=kind)
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()
