"""Symmetric matrices as vectors of half the size, with the same inner product."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor


def pack_symmetric(matrix: Tensor) -> Tensor:
    """The upper half of symmetric matrices, row by row; entries off the diagonal times sqrt(2).

    Then ``pack(A) @ pack(B)`` is the Frobenius product ``<A, B>``. With ``pack(x x^T)`` as features of a point,
    a quadratic form ``x^T A x`` is a linear function of them, at half the cost of all products.

    Args:
        matrix: ``[..., d, d]``; entries below the diagonal are not read.

    Returns:
        ``[..., d (d + 1) / 2]``.

    Raises:
        ValueError: not square, or without entries.
    """
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2] or matrix.shape[-1] < 1:
        raise ValueError(f"matrix must be [..., d, d]; got {list(matrix.shape)}")
    upper, _, scale = _places(matrix.shape[-1], str(matrix.device), matrix.dtype)
    return _select(matrix.flatten(-2), upper) * scale


def unpack_symmetric(vector: Tensor) -> Tensor:
    """The symmetric matrices that were packed: ``[..., d (d + 1) / 2]`` -> ``[..., d, d]``.

    Raises:
        ValueError: a length that no d gives.
    """
    length = vector.shape[-1] if vector.ndim else 0
    d = (math.isqrt(8 * length + 1) - 1) // 2
    if d < 1 or d * (d + 1) // 2 != length:
        raise ValueError(f"the last axis must be 1, 3, 6, 10 or another d (d + 1) / 2; got {length}")
    _, place, scale = _places(d, str(vector.device), vector.dtype)
    return _select(vector / scale, place).unflatten(-1, (d, d))


def _select(vectors: Tensor, index: Tensor) -> Tensor:
    """Entries of the last axis; torch selects from a table several times faster than from more axes."""
    table = vectors.reshape(-1, vectors.shape[-1])
    return table.index_select(1, index).view(*vectors.shape[:-1], len(index))


@lru_cache(maxsize=16)
def _places(d: int, device: str, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """Of each packed entry its place in the flat matrix, of each matrix entry its place in the vector; the factors."""
    rows, columns = torch.triu_indices(d, d)
    place = torch.zeros(d, d, dtype=torch.long)
    place[rows, columns] = place[columns, rows] = torch.arange(len(rows))
    scale = torch.where(rows == columns, 1.0, math.sqrt(2)).to(dtype)
    return (rows * d + columns).to(device), place.flatten().to(device), scale.to(device)
