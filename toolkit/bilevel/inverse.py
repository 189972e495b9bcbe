"""A vector times the inverse of a symmetric matrix, from products with the matrix alone.

Each function takes ``product``, which multiplies a matrix A with vectors ``[..., P]`` (for members, each its own), and
``v`` ``[..., P]``, and returns an approximation of ``A^-1 v``. ``functools.partial`` fixes the settings.
"""

from __future__ import annotations

import torch
from torch import Tensor

from toolkit.curvature.products import Product


def neumann(product: Product, v: Tensor, *, step: float | Tensor, terms: int) -> Tensor:
    """``step * sum over j = 0 ... terms of (I - step A)^j v`` (Lorraine, Vicol and Duvenaud 2020, algorithm 3).

    The limit is ``A^-1 v`` if all eigenvalues of A lie between 0 and ``2 / step``; otherwise the sum grows without
    bound along some direction. With no terms beyond the first, the inverse is replaced by ``step I``.

    Args:
        product, v: see the module.
        step: a positive number, or ``[K]`` with one per member.
        terms: products taken, at least 0.

    Raises:
        ValueError: a negative number of terms, or a step that is not positive.
    """
    if terms < 0:
        raise ValueError(f"terms must be at least 0; got {terms}")
    step = torch.as_tensor(step, dtype=v.dtype, device=v.device)
    if not (step > 0).all():
        raise ValueError(f"step must be positive; got {step.tolist()}")
    step = step[..., None] if step.ndim else step
    power = total = v
    for _ in range(terms):
        power = power - step * product(power)
        total = total + power
    return step * total


def conjugate_gradient(
    product: Product, v: Tensor, *, steps: int, tolerance: float = 0.0, damping: float = 0.0
) -> Tensor:
    """``(A + damping I)^-1 v`` by conjugate gradients (Hestenes and Stiefel 1952), all members side by side.

    A member stops where its residual is at most ``tolerance`` times the length of v, and, since the method needs a
    positive definite matrix, before a direction along which the curvature is not positive. If that is the first
    direction, its answer is v.

    Args:
        product, v: see the module.
        steps: most products taken, at least 1.
        tolerance: between 0 and 1; with 0 only rounding ends a member early.
        damping: added to the diagonal, at least 0.

    Raises:
        ValueError: no step, or a tolerance or damping out of range.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1; got {steps}")
    if not 0 <= tolerance < 1:
        raise ValueError(f"tolerance must be at least 0 and below 1; got {tolerance}")
    if damping < 0:
        raise ValueError(f"damping must be at least 0; got {damping}")
    found, residual, direction = torch.zeros_like(v), v, v
    square = v.square().sum(-1, keepdim=True)
    goal = square * max(tolerance, torch.finfo(v.dtype).eps) ** 2
    going = square > goal
    for step in range(steps):
        image = product(direction) + damping * direction
        curvature = (direction * image).sum(-1, keepdim=True)
        if step == 0:
            found = torch.where(going & (curvature <= 0), v, found)
        going = going & (curvature > 0)
        length = torch.where(going, square / curvature, torch.zeros_like(square))
        found = found + length * direction
        residual = residual - length * image
        new = residual.square().sum(-1, keepdim=True)
        going = going & (new > goal)
        if not going.any():
            break
        direction = torch.where(going, residual + new / square.clamp_min(1e-300) * direction, direction)
        square = new
    return found
