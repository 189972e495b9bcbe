"""Straight lines in double logarithmic axes, one fit per seed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class PowerLaw(NamedTuple):
    """``y = prefactor * x ** slope``, one fit per seed; float64 arrays of the shape that ``y`` has without its last.

    Attributes:
        slope, prefactor: of the fit.
        r_squared: share of the variance of log y that the line explains; 1 where log y does not vary.
    """

    slope: np.ndarray
    prefactor: np.ndarray
    r_squared: np.ndarray


def power_law(x, y, *, errors=None) -> PowerLaw:
    """Least squares in ``log y`` against ``log x``, for each seed by itself.

    Args:
        x: ``[m]``, positive, such as widths; a tensor, array or list.
        y: ``[..., m]``, positive; usually ``[seeds, m]``.
        errors: standard errors of ``y``, ``[m]`` or of its shape. With them a point weighs
            ``(y / error)^2``, the inverse variance of ``log y`` to first order, so that points lost in noise
            hardly count. None: all weigh the same.

    Raises:
        ValueError: fewer than two different ``x``, shapes that do not fit, or a number that is not positive
            and finite; the message names the first.
    """
    x, y = _positive("x", x), _positive("y", y)
    if x.ndim != 1 or np.unique(x).size < 2:
        raise ValueError(f"x must be [m] with at least two different values; got {x.tolist()}")
    if y.ndim < 1 or y.shape[-1] != x.size:
        raise ValueError(f"y must be [..., {x.size}]; got {list(y.shape)}")
    weights = np.ones_like(y)
    if errors is not None:
        errors = _positive("errors", errors)
        if errors.shape not in (x.shape, y.shape):
            raise ValueError(f"errors must be {list(x.shape)} or {list(y.shape)}; got {list(errors.shape)}")
        weights = np.square(y / errors)
    weights = weights / weights.sum(-1, keepdims=True)
    a, b = np.broadcast_to(np.log(x), y.shape), np.log(y)
    mean_a, mean_b = ((weights * v).sum(-1, keepdims=True) for v in (a, b))
    covariance = (weights * (a - mean_a) * (b - mean_b)).sum(-1)
    spread_a, spread_b = ((weights * np.square(v)).sum(-1) for v in (a - mean_a, b - mean_b))
    slope = covariance / spread_a
    varies = spread_b > 0
    r_squared = np.where(varies, slope * covariance / np.where(varies, spread_b, 1.0), 1.0)
    return PowerLaw(slope, np.exp(mean_b[..., 0] - slope * mean_a[..., 0]), r_squared)


def _positive(name: str, values) -> np.ndarray:
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    array = np.asarray(values, dtype=np.float64)
    wrong = np.argwhere(~(np.isfinite(array) & (array > 0)))
    if len(wrong):
        place = tuple(wrong[0].tolist())
        raise ValueError(
            f"{name} must be positive and finite for a fit in logarithms; {name}{list(place)} is {array[place]}"
        )
    return array
