"""Whole matrices of small networks."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from toolkit.curvature.products import Product, gauss_newton_product, hessian_product

ROWS = 128  # unit vectors multiplied at once; more leave the processor's cache


def hessian(
    loss: Callable[..., Tensor], parameters: Tensor, *data: Tensor, own_data: bool = False, rows: int = ROWS
) -> Tensor:
    """The exact Hessian of a loss: ``[P, P]``, or ``[K, P, P]`` for K networks at once.

    Arguments and errors are those of ``hessian_product``; ``rows`` as for ``as_matrix``. Takes P products and room
    for ``K P^2`` numbers, so it is meant for networks of a few thousand parameters.
    """
    return as_matrix(hessian_product(loss, parameters, *data, own_data=own_data), parameters, rows=rows)


def gauss_newton(
    network: Callable[[Tensor, Tensor], Tensor],
    loss: Callable[[Tensor, Tensor], Tensor],
    parameters: Tensor,
    x: Tensor,
    y: Tensor,
    *,
    own_data: bool = False,
    rows: int = ROWS,
) -> Tensor:
    """The generalized Gauss-Newton matrix: ``[P, P]``, or ``[K, P, P]`` for K networks at once.

    Arguments and errors are those of ``gauss_newton_product``; ``rows`` as for ``as_matrix``.
    """
    return as_matrix(gauss_newton_product(network, loss, parameters, x, y, own_data=own_data), parameters, rows=rows)


def as_matrix(product: Product, parameters: Tensor, *, rows: int = ROWS) -> Tensor:
    """The matrix behind a product, column by column, made exactly symmetric.

    Args:
        product: a function as from ``hessian_product``.
        parameters: ``[P]`` or ``[K, P]``, the point for which the product was made.
        rows: how many unit vectors, over all members, are multiplied at once; fewer take less memory.

    Returns:
        ``[P, P]`` or ``[K, P, P]``.

    Raises:
        ValueError: rows below 1.
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1; got {rows}")
    *lead, size = parameters.shape
    units = torch.eye(size, dtype=parameters.dtype, device=parameters.device)
    step = max(1, rows // (lead[0] if lead else 1))
    matrix = torch.cat([product(part.expand(*lead, *part.shape)) for part in units.split(step)], dim=-2)
    return (matrix + matrix.mT) / 2
