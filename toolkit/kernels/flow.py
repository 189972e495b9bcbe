"""Gradient descent on least squares when the tangent kernel does not move."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def kernel_flow(kernel: Tensor, start: Tensor, y: Tensor, time: float, *, step: float | None = None) -> Tensor:
    """The function at a time t under kernel gradient flow with a fixed kernel.

    Solves ``df(x)/dt = -1/n sum_i kernel(x, x_i) (f(x_i) - y_i)`` from ``f = start`` (Jacot et al. 2018,
    section 5), the flow of the cost ``1/(2n) sum_i (f(x_i) - y_i)^2``. With ``K = kernel / n`` on the
    training points the solution is ``f_t = f_0 - kernel(., X)/n (1 - exp(-K t))/K (f_0(X) - y)``, taken
    by the eigenvalues of K.

    Args:
        kernel: ``[p, p]``, symmetric and positive, between p points of which the first n are the training points.
        start: ``[..., p]``, one or more functions at time 0 on these points.
        y: ``[n]`` targets, or ``[..., n]`` with targets of its own for each function.
        time: t, not negative; ``inf`` gives kernel regression.
        step: solves by explicit Euler steps of this size, which is what gradient descent at this learning
            rate does: ``exp(-lambda t)`` becomes ``(1 - step lambda)^(t / step)``. None: the flow itself.

    Returns:
        ``[..., p]`` of the type of ``start``; computed in float64.

    Raises:
        ValueError: shapes that do not fit, a negative time, or a time that is no whole number of steps.
    """
    p, n = len(kernel), y.shape[-1] if y.ndim else 0
    if kernel.shape != (p, p) or start.ndim < 1 or start.shape[-1] != p or not 1 <= n <= p:
        raise ValueError(
            "kernel must be [p, p], start [..., p] and y [..., n] with 1 <= n <= p; "
            f"got {list(kernel.shape)}, {list(start.shape)} and {list(y.shape)}"
        )
    if not time >= 0:
        raise ValueError(f"time must not be negative; got {time}")
    if step is not None:
        if not step > 0 or not math.isfinite(time) or abs(time / step - round(time / step)) > 1e-6:
            raise ValueError(f"time must be a whole number of positive steps; got {time} and step {step}")
        steps = round(time / step)
    across = kernel[:n].double() / n
    eigenvalues, modes = torch.linalg.eigh(across[:, :n])
    flat = eigenvalues <= eigenvalues[-1] * n * torch.finfo(torch.float64).eps  # zero but for rounding
    safe = eigenvalues.masked_fill(flat, 1.0)
    if step is None:
        advance = -torch.expm1(-safe * time) / safe  # (1 - exp(-lambda t)) / lambda
    else:
        advance = (1 - (1 - step * safe) ** steps) / safe
    advance = advance.masked_fill(flat, 0.0)  # nothing moves along a direction that the kernel does not see
    error = (start[..., :n].double() - y) @ modes
    return (start - (advance * error) @ modes.mT @ across).to(start.dtype)
