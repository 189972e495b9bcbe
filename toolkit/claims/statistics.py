"""Intervals over seeds and the verdict they give."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from toolkit.catalog import Bound

LEVEL = 0.95


def as_seed_axis(values, *, name: str = "values") -> np.ndarray:
    """``values`` as a float64 array ``[n]``, one number per seed.

    Takes an array, a tensor on any device, a list or a single number.

    Raises:
        ValueError: empty, not one-dimensional, or with an entry that is not finite.
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    elif isinstance(values, Sequence) and not isinstance(values, str):
        values = [v.detach().cpu().numpy() if hasattr(v, "detach") else v for v in values]
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers, one per seed") from None
    if array.ndim == 0:
        array = array[None]
    if array.ndim != 1:
        raise ValueError(f"{name} must have one axis, the seeds; got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} are empty; give one number per seed")
    wrong = np.flatnonzero(~np.isfinite(array))
    if wrong.size:
        raise ValueError(f"{name} must be finite; seed {wrong[0]} gave {array[wrong[0]]}")
    return array


def interval(values, *, method: str = "t", level: float = LEVEL) -> tuple[float, float, float]:
    """Mean over seeds and its confidence interval.

    Args:
        values: ``[n]``, one number per seed.
        method: ``"t"``, Student's interval for the mean of independent seeds, or ``"bootstrap"``, the
            bias-corrected and accelerated bootstrap (Efron 1987) with 9,999 resamples and a fixed generator.
        level: coverage, between 0 and 1.

    Returns:
        ``(mean, low, high)``. A single value has an unbounded interval; equal values have one of width zero.

    Raises:
        ValueError: the values are unusable, or the method or level is unknown.
    """
    array = as_seed_axis(values)
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1; got {level}")
    if method not in ("t", "bootstrap"):
        raise ValueError(f"method must be 't' or 'bootstrap'; got {method!r}")
    mean = float(array.mean())
    if array.size == 1:
        return mean, -math.inf, math.inf
    if np.ptp(array) == 0:
        return mean, mean, mean
    from scipy import stats

    if method == "t":
        half = float(stats.t.ppf((1 + level) / 2, array.size - 1) * stats.sem(array))
        return mean, mean - half, mean + half
    found = stats.bootstrap(
        (array,), np.mean, confidence_level=level, method="BCa", rng=np.random.default_rng(0)
    ).confidence_interval
    return mean, float(found.low), float(found.high)


def judge(mean: float, low: float, high: float, bound: Bound) -> str:
    """The verdict: ``reproduced`` when the whole interval lies on the claimed side of the bound,
    ``in doubt`` when only the mean does, ``not reproduced`` when the mean does not."""
    if not bound.holds(mean):
        return "not reproduced"
    return "reproduced" if bound.holds(low) and bound.holds(high) else "in doubt"
