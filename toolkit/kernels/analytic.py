"""Closed-form kernels of fully connected networks of infinite width."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Kernels(NamedTuple):
    """Both kernels of an infinitely wide network between the same two sets of points."""

    nngp: Tensor  # [n, m], covariance of the network's output at initialization
    ntk: Tensor  # [n, m], neural tangent kernel of the network's output


def relu_expectations(across: Tensor, left: Tensor, right: Tensor, cosine: Tensor) -> tuple[Tensor, Tensor]:
    """Arc-cosine kernels of order 1 and 0, halved (Cho and Saul 2009, eqs. 3 to 6)."""
    angle = cosine.arccos()
    products = (left * right).sqrt() * (angle.sin() + (math.pi - angle) * cosine) / (2 * math.pi)
    return products, (math.pi - angle) / (2 * math.pi)


def erf_expectations(across: Tensor, left: Tensor, right: Tensor, cosine: Tensor) -> tuple[Tensor, Tensor]:
    """The arc-sine kernel of ``erf`` (Williams 1997, eq. 11) and its derivative."""
    scale = (1 + 2 * left) * (1 + 2 * right)
    products = (2 / math.pi) * (2 * across / scale.sqrt()).clamp(-1, 1).arcsin()
    return products, (4 / math.pi) / (scale - 4 * across.square()).sqrt()


def linear_expectations(across: Tensor, left: Tensor, right: Tensor, cosine: Tensor) -> tuple[Tensor, Tensor]:
    return across, torch.ones_like(across)


EXPECTATIONS = {"relu": relu_expectations, "erf": erf_expectations, "linear": linear_expectations}


def infinite_kernels(
    x1: Tensor,
    x2: Tensor | None = None,
    *,
    depth: int,
    activation: str = "relu",
    weight_variance: float = 1.0,
    bias_variance: float = 0.01,
) -> Kernels:
    """NNGP and NTK of a fully connected network whose hidden layers are infinitely wide.

    The limit of ``toolkit.models.MLP([d, n, ..., n, 1], init="ntk")`` as n grows, with
    ``weight_variance = weight_scale**2`` and ``bias_variance = bias_scale**2`` (defaults agree).
    With (u, v) a centred Gaussian pair of covariance ``S`` at (x, x')::

        S_1   = weight_variance x.x' / d + bias_variance        T_1   = S_1
        S_l+1 = weight_variance E[phi(u) phi(v)] + bias_variance
        T_l+1 = weight_variance E[phi'(u) phi'(v)] T_l + S_l+1

    and ``nngp = S_depth``, ``ntk = T_depth`` (Jacot et al. 2018, proposition 1 and theorem 1).

    Args:
        x1: ``[n, d]`` points.
        x2: ``[m, d]`` points of the same type and device; None means ``x1``, and then the diagonal is exact
            and both kernels are symmetric to the last bit.
        depth: number of weight layers L, the output layer included: ``len(sizes) - 1``.
        activation: ``relu``, ``erf`` (that is ``erf(z)``, not ``erf(z / sqrt(2))``) or ``linear``.
        weight_variance, bias_variance: as above.

    Returns:
        ``Kernels(nngp, ntk)``, ``[n, m]`` each, of the type and on the device of ``x1``. They are computed in
        float64 whatever that type is. Two equal points of different sets lose half the digits where
        the angle is taken, so there ReLU kernels are right to about 1e-8.

    Raises:
        ValueError: an activation without closed form here, a depth below 1, a negative variance, or points
            that are not ``[n, d]`` and ``[m, d]``.
    """
    if activation not in EXPECTATIONS:
        raise ValueError(f"activation must be one of {', '.join(EXPECTATIONS)}; got {activation!r}")
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
        raise ValueError(f"depth must be a whole number of at least 1; got {depth!r}")
    for name, value in (("weight_variance", weight_variance), ("bias_variance", bias_variance)):
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} must be finite and not negative; got {value}")
    same = x2 is None
    x2 = x1 if same else x2
    if x1.ndim != 2 or x2.ndim != 2 or x1.shape[1] != x2.shape[1] or x1.shape[1] < 1:
        raise ValueError(f"points must be [n, d] and [m, d]; got {list(x1.shape)} and {list(x2.shape)}")

    expectations = EXPECTATIONS[activation]
    a, b = x1.double(), x2.double()
    scale = weight_variance / x1.shape[1]
    across = scale * (a @ b.T) + bias_variance
    left = scale * a.square().sum(1, keepdim=True) + bias_variance  # [n, 1], S(x, x)
    right = scale * b.square().sum(1, keepdim=True).T + bias_variance  # [1, m]
    if same:
        across = _symmetric(across, left)
    tangent = across
    for _ in range(depth - 1):
        products, slopes = expectations(across, left, right, _cosine(across, left, right, same))
        across = weight_variance * products + bias_variance
        left, right = (
            weight_variance * expectations(s, s, s, torch.ones_like(s))[0] + bias_variance for s in (left, right)
        )
        if same:
            across = _symmetric(across, left)
        tangent = weight_variance * slopes * tangent + across
    return Kernels(across.to(x1.dtype), tangent.to(x1.dtype))


def _cosine(across: Tensor, left: Tensor, right: Tensor, same: bool) -> Tensor:
    """Correlation of (u, v), kept within [-1, 1]; a point of zero variance has correlation 0 with all."""
    scale = (left * right).sqrt()
    cosine = torch.where(scale > 0, across / scale.where(scale > 0, torch.ones_like(scale)), 0.0)
    cosine = cosine.clamp(-1, 1)
    if same:
        cosine.fill_diagonal_(1.0)
    return cosine


def _symmetric(kernel: Tensor, diagonal: Tensor) -> Tensor:
    """The kernel without the rounding that would make it unsymmetric or its diagonal inexact."""
    kernel = (kernel + kernel.T) / 2
    kernel.diagonal().copy_(diagonal.squeeze(1))
    return kernel
