"""Compression of a dense matrix: exact, slow, for graphs of a few thousand nodes."""

from __future__ import annotations

import torch
from torch import Tensor


def truncated_svd(matrix: Tensor, dimension: int) -> tuple[Tensor, Tensor]:
    """The largest singular values and their left vectors, from the eigenvectors of ``M M^T``.

    Args:
        matrix: ``[n, m]``, dense.
        dimension: d, at most n.

    Returns:
        ``U [n, d]`` and ``s [d]``, largest first; ``U * s`` is the best rank-d stand-in for the rows of M.

    Raises:
        ValueError: not a matrix, or a dimension outside 1..n.
    """
    if matrix.ndim != 2 or not 1 <= dimension <= len(matrix):
        raise ValueError(f"dimension must lie between 1 and the number of rows; got {dimension}, {list(matrix.shape)}")
    values, vectors = torch.linalg.eigh(matrix @ matrix.T)
    return vectors[:, -dimension:].flip(1), values[-dimension:].flip(0).clamp(min=0).sqrt()
