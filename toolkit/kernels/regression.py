"""Regression with a given kernel."""

from __future__ import annotations

import torch
from torch import Tensor


def kernel_regression(kernel: Tensor, across: Tensor, y: Tensor, *, ridge: float = 0.0) -> Tensor:
    """Predictions ``k(x, X) (K + ridge I)^-1 y`` of kernel ridge regression.

    With the tangent kernel of a network at its start and ``ridge=0`` this is where gradient descent on the
    linearized network ends, if the network starts at the function 0 (Jacot et al. 2018, section 5).

    Args:
        kernel: ``[..., n, n]`` between the training points; symmetric, and positive definite if ``ridge`` is 0.
        across: ``[..., m, n]`` between other points (rows) and the training points.
        y: ``[..., n]`` targets; leading axes broadcast.
        ridge: not negative, added to the diagonal.

    Returns:
        ``[..., m]`` of the type of ``y``; computed in float64.

    Raises:
        ValueError: shapes that do not fit, a negative ridge, or a kernel that is not positive definite.
    """
    n = kernel.shape[-1] if kernel.ndim > 1 else 0
    if n < 1 or kernel.shape[-2] != n or across.ndim < 2 or across.shape[-1] != n or y.ndim < 1 or y.shape[-1] != n:
        raise ValueError(
            "kernel must be [..., n, n], across [..., m, n] and y [..., n]; "
            f"got {list(kernel.shape)}, {list(across.shape)} and {list(y.shape)}"
        )
    if not ridge >= 0:
        raise ValueError(f"ridge must not be negative; got {ridge}")
    root, failed = ridge_root(kernel, torch.tensor(ridge, dtype=torch.float64, device=kernel.device))
    if failed:
        raise ValueError(f"the kernel with ridge {ridge} is not positive definite; a larger ridge makes it so")
    lead = torch.broadcast_shapes(kernel.shape[:-2], y.shape[:-1])
    targets = y.double().expand(*lead, n).unsqueeze(-1)
    weights = torch.cholesky_solve(targets, root.expand(*lead, n, n))
    return (across.double() @ weights).squeeze(-1).to(y.dtype)


def ridge_root(kernel: Tensor, ridge: Tensor) -> tuple[Tensor, bool]:
    """Cholesky factor of ``kernel + ridge I`` in float64, ``[..., n, n]``, and whether one of them has none.

    Args:
        kernel: ``[..., n, n]``, symmetric.
        ridge: ``[...]`` float64, added to the diagonal; leading axes broadcast.
    """
    eye = torch.eye(kernel.shape[-1], dtype=torch.float64, device=kernel.device)
    root, failed = torch.linalg.cholesky_ex(kernel.double() + ridge[..., None, None] * eye)
    return root, bool(failed.any())
