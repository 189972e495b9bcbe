"""Runs of a sweep over the base seed, taken together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from toolkit.catalog import UnknownName, chapter
from toolkit.claims.statistics import interval, judge


def aggregate(entries: Sequence[Mapping]) -> list[dict]:
    """One record per chapter, claim and setting, over all base seeds.

    Member k of a run uses ``seed + k``. So where every run has one value per member, a member that two runs share
    counts once, and n is the number of different seeds. Where a run's values are not one per member (a quantity of the
    whole run), each run counts as one value, its mean. The interval is of the kind that the catalogue gives the claim,
    and the verdict is judged anew by the catalogue's bound.

    Args:
        entries: records of a ledger.

    Returns:
        Records with the ledger's fields and ``runs``, the number of runs. ``run`` is null where there are several,
        ``parameters`` leaves the seed out then, ``seconds`` is the sum and ``peak_memory_mb`` the largest. A record
        that stands alone is as it was.
    """
    groups: dict[str, list[Mapping]] = {}
    for entry in entries:
        rest = {name: value for name, value in entry["parameters"].items() if name != "seed"}
        groups.setdefault(repr((entry["slug"], entry["claim"], sorted(rest.items(), key=str))), []).append(entry)
    return [_together(group) for group in groups.values()]


def _together(group: Sequence[Mapping]) -> dict:
    if len(group) == 1:
        return dict(group[0]) | {"runs": 1}
    last = group[-1]  # the newest, should the chapter have changed between runs
    values = _independent(group)
    method, bound, deterministic = "t", None, False
    try:
        claim = chapter(last["slug"]).claim(last["claim"])
        method, bound, deterministic = claim.interval, claim.bound, claim.deterministic
    except UnknownName:  # a ledger of another version of the book
        pass
    mean, low, high = interval(values, method=method)
    if len(values) == 1 and deterministic:
        low = high = mean
    return dict(last) | {
        "run": None,
        "parameters": {name: value for name, value in last["parameters"].items() if name != "seed"},
        "values": values,
        "mean": mean,
        "low": low if math.isfinite(low) else None,
        "high": high if math.isfinite(high) else None,
        "n": len(values),
        "verdict": judge(mean, low, high, bound) if bound else last["verdict"],
        "seconds": round(sum(entry["seconds"] for entry in group), 2),
        "peak_memory_mb": max((entry["peak_memory_mb"] or 0 for entry in group), default=None),
        "runs": len(group),
    }


def _independent(group: Sequence[Mapping]) -> list[float]:
    """The values of a group, none counted twice."""
    if all(len(entry["values"]) == entry["parameters"].get("seeds") for entry in group):
        members = {}
        for entry in group:
            base = entry["parameters"].get("seed", 0)
            members |= {base + k: value for k, value in enumerate(entry["values"])}
        return [members[seed] for seed in sorted(members)]
    return list({entry["parameters"].get("seed"): entry["mean"] for entry in group}.values())
