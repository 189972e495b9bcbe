"""What moved between two ledgers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from toolkit.reproduce.ledger import measured

HEADS = ("chapter", "claim", "parameters", "before", "after", "verdict before", "verdict after", "what moved")


def differences(before: Sequence[Mapping], after: Sequence[Mapping]) -> list[dict]:
    """One record per chapter, claim and set of parameters in either ledger.

    A mean has moved when the two intervals do not overlap; where either has no interval (one value only), when the
    means differ by more than a millionth. Where a ledger has several runs of the same request, its newest counts.

    Returns:
        ``slug``, ``claim``, ``parameters``, ``before`` and ``after`` (the ledger's records, or null), ``moved``:
        ``"verdict"``, ``"mean"``, ``"verdict, mean"``, ``"only before"``, ``"only after"`` or null.
    """
    old, new = {_request(entry): entry for entry in before}, {_request(entry): entry for entry in after}
    found = []
    for request in {**old, **new}:
        left, right = old.get(request), new.get(request)
        entry = right or left
        found.append(
            {
                "slug": entry["slug"],
                "claim": entry["claim"],
                "parameters": entry["parameters"],
                "before": left,
                "after": right,
                "moved": _moved(left, right),
            }
        )
    return found


def _request(entry: Mapping) -> str:
    return json.dumps([entry["slug"], entry["claim"], entry["parameters"]], sort_keys=True)


def _moved(left: Mapping | None, right: Mapping | None) -> str | None:
    if left is None or right is None:
        return "only after" if left is None else "only before"
    words = ["verdict"] if left["verdict"] != right["verdict"] else []
    if None in (left["low"], left["high"], right["low"], right["high"]):
        apart = not math.isclose(left["mean"], right["mean"], rel_tol=1e-6)
    else:
        slack = 1e-6 * max(abs(left["mean"]), abs(right["mean"]))
        apart = left["low"] > right["high"] + slack or right["low"] > left["high"] + slack
    if apart:
        words.append("mean")
    return ", ".join(words) or None


def row(change: Mapping) -> tuple[str, ...]:
    """A record as the columns of a table; of the parameters, those that most readers vary."""
    left, right = change["before"], change["after"]
    shown = ", ".join(f"{name}={value}" for name, value in change["parameters"].items() if name != "device")
    return (
        change["slug"],
        change["claim"],
        shown,
        measured(left) if left else "",
        measured(right) if right else "",
        left["verdict"] if left else "",
        right["verdict"] if right else "",
        change["moved"] or "",
    )
