"""The Marchenko-Pastur law, and what it says of ridge regression on a noisy linear teacher."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from toolkit.data.bounds import above, at_least


class Spectrum(NamedTuple):
    """A limiting spectrum as points with weights: ``(weights * f(eigenvalues)).sum()`` is the mean of f.

    Attributes:
        eigenvalues: ``[m]`` float64, ascending; 0 is the first where the law has an atom there.
        weights: ``[m]`` float64, positive, with sum 1.
    """

    eigenvalues: Tensor
    weights: Tensor


def marchenko_pastur_support(ratio: float) -> tuple[float, float]:
    """Ends of the continuous part, ``(sqrt(ratio) -+ 1)^2``.

    The law is that of the eigenvalues of ``X^T X``, ``X [P, N]`` with independent entries of mean 0 and
    variance ``1 / N``, as P and N grow with ``P / N = ratio`` (Marchenko and Pastur 1967; the scale is that of
    Advani, Saxe and Sompolinsky 2020). For the sample covariance, with entries of variance 1 divided by P,
    divide eigenvalues by the ratio.

    Raises:
        ValueError: a ratio that is not positive.
    """
    above(0, ratio=ratio)
    return (math.sqrt(ratio) - 1) ** 2, (math.sqrt(ratio) + 1) ** 2


def marchenko_pastur_atom(ratio: float) -> float:
    """Share of eigenvalues that are exactly 0: ``1 - ratio`` with fewer rows than columns, else 0.

    Raises:
        ValueError: a ratio that is not positive.
    """
    above(0, ratio=ratio)
    return max(0.0, 1 - ratio)


def marchenko_pastur_density(eigenvalues: Tensor, ratio: float) -> Tensor:
    """Density of the continuous part at these eigenvalues; it integrates to ``1 - marchenko_pastur_atom(ratio)``.

    Args:
        eigenvalues: any shape, of ``X^T X`` as in ``marchenko_pastur_support``; outside of it the density is 0.
        ratio: P / N, rows per column.

    Raises:
        ValueError: a ratio that is not positive.
    """
    low, high = marchenko_pastur_support(ratio)
    x = torch.as_tensor(eigenvalues)
    inside = (x > low) & (x < high)
    safe = torch.where(inside, x, (low + high) / 2)
    return torch.where(inside, ((high - safe) * (safe - low)).clamp(min=0).sqrt() / (2 * math.pi * safe), 0.0)


def marchenko_pastur(ratio: float, *, points: int = 2000) -> Spectrum:
    """The law as a quadrature: the midpoint rule in the angle of ``lambda = middle + half width * cos(angle)``.

    For smooth functions the error falls exponentially with the number of points, also at ratio 1, where
    eigenvalues reach down to 0. Functions that vary on a scale s there need more than about ``1 / sqrt(s)``.

    Args:
        ratio: P / N, rows per column.
        points: nodes on the continuous part.

    Raises:
        ValueError: a ratio that is not positive, or no point.
    """
    at_least(1, points=points)
    low, high = marchenko_pastur_support(ratio)
    angle = math.pi * (torch.arange(points, 0, -1, dtype=torch.float64) - 0.5) / points
    nodes = (low + high) / 2 + (high - low) / 2 * angle.cos()
    # density times d lambda, with sqrt((high - x)(x - low)) = (high - low) / 2 sin(angle)
    weights = ((high - low) / 2 * angle.sin()) ** 2 / (2 * nodes) / points
    weights *= (1 - marchenko_pastur_atom(ratio)) / weights.sum()
    if ratio >= 1:
        return Spectrum(nodes, weights)
    zero = torch.zeros(1, dtype=torch.float64)
    return Spectrum(torch.cat([zero, nodes]), torch.cat([zero + 1 - ratio, weights]))


def marchenko_pastur_resolvent(shift: float | Tensor, ratio: float) -> Tensor:
    """Mean of ``1 / (lambda + shift)`` under the law, in closed form.

    It is the positive root m of ``shift m^2 + (ratio - 1 + shift) m - 1 = 0``, the Stieltjes transform at
    ``-shift``.

    Args:
        shift: positive, any shape.
        ratio: P / N, rows per column.

    Returns:
        float64, of the shape of ``shift``.

    Raises:
        ValueError: a number that is not positive.
    """
    above(0, ratio=ratio)
    shift = torch.as_tensor(shift, dtype=torch.float64)
    if not bool((shift > 0).all()):
        raise ValueError("shift must be positive")
    middle = ratio - 1 + shift
    root = (middle.square() + 4 * shift).sqrt()
    # the second form where the first would subtract two nearly equal numbers
    return torch.where(middle > 0, 2 / (middle + root), (root - middle) / (2 * shift))


def ridge_error(penalty: float | Tensor, ratio: float, *, signal: float = 1.0, noise: float) -> Tensor:
    """Mean test error of ridge regression on a noisy linear teacher, in the limit of many dimensions.

    Inputs have N independent entries of variance ``1 / N``, the teacher's N weights variance ``signal``, the
    target's noise variance ``noise``, and ``w = (X^T X + penalty)^-1 X^T y`` is fitted to P samples. The mean
    squared error on new noisy targets is

        noise + E[(signal penalty^2 + noise lambda) / (lambda + penalty)^2]

    over Marchenko-Pastur eigenvalues, here from ``marchenko_pastur_resolvent`` and its derivative. It is smallest
    at ``penalty = noise / signal`` (Advani, Saxe and Sompolinsky 2020, section 2; Dobriban and Wager 2018).

    Args:
        penalty: positive, any shape; towards 0 it gives the solution of least norm.
        ratio: P / N, samples per parameter.
        signal, noise: variances.

    Returns:
        float64, of the shape of ``penalty``.

    Raises:
        ValueError: a penalty or ratio that is not positive, or a negative variance.
    """
    at_least(0, signal=signal, noise=noise)
    penalty = torch.as_tensor(penalty, dtype=torch.float64)
    if not bool((penalty > 0).all()):
        raise ValueError("penalty must be positive")
    first = marchenko_pastur_resolvent(penalty, ratio)  # E 1 / (lambda + penalty)
    # E 1 / (lambda + penalty)^2, from the derivative of the quadratic equation
    second = (first.square() + first) / (2 * penalty * first + ratio - 1 + penalty)
    return noise + noise * first + penalty * (signal * penalty - noise) * second
