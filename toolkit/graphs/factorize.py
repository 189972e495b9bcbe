"""Embeddings from a dense similarity matrix: slow, exact, for graphs of a few thousand nodes."""

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


def netmf(adjacency: Tensor, dimension: int, *, window: int = 10, negative: float = 1.0) -> Tensor:
    """The matrix that DeepWalk factorizes in the limit of long walks, factorized (Qiu et al. 2018, eq. 3).

    ``U sqrt(s)`` of ``log max(1, vol / (b T) (P + ... + P^T) D^-1)``, P the transition matrix, D the
    degrees, vol their sum, T the window, b the noise nodes per pair.

    Args:
        adjacency: ``[n, n]``, symmetric, sparse or dense, no node without edges.
        dimension: d.
        window: T.
        negative: b.

    Returns:
        ``[n, d]`` on the device of the adjacency.

    Raises:
        ValueError: a node without edges, or a number out of range.
    """
    if window < 1 or negative <= 0:
        raise ValueError(f"window must be at least 1 and negative positive; got {window} and {negative}")
    dense = adjacency.to_dense()
    degree = dense.sum(1)
    if bool((degree <= 0).any()):
        raise ValueError("every node must have an edge; take the largest component first")
    root = degree.sqrt()
    values, vectors = torch.linalg.eigh(dense / root / root[:, None])  # P^r D^-1 = D^-1/2 V L^r V^T D^-1/2
    total = sum(values**r for r in range(1, window + 1))
    vectors = vectors / root[:, None]
    limit = (degree.sum() / (negative * window) * (vectors * total) @ vectors.T).clamp(min=1).log()
    vectors, values = truncated_svd(limit, dimension)
    return vectors * values.sqrt()
