"""Link prediction: hide some edges, then ask which pairs of nodes were linked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_array, triu
from torch import Tensor


@dataclass(frozen=True)
class LinkSplit:
    """A graph without some of its edges, and the question about them.

    Attributes:
        adjacency: ``[n, n]``, what is left to learn from.
        hidden: ``[2, k]`` int64, the edges taken out, first node smaller.
        absent: ``[2, k]`` int64, as many pairs that were never linked, all different.
    """

    adjacency: csr_array
    hidden: Tensor
    absent: Tensor


def split_links(adjacency: csr_array, share: float, *, generator: torch.Generator) -> LinkSplit:
    """Hides a random share of the edges, none of a random spanning forest, so that no node or component
    falls off, and draws as many absent pairs.

    Args:
        adjacency: ``[n, n]``, symmetric, zero diagonal.
        share: of the edges to hide, between 0 and 1; at most as many as the forest leaves.
        generator: source of randomness, on the CPU.

    Raises:
        ValueError: a share outside (0, 1), a matrix that is not symmetric, no edge that can be hidden, or
            fewer absent pairs than hidden edges.
    """
    from scipy.sparse.csgraph import minimum_spanning_tree

    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1; got {share}")
    adjacency = csr_array(adjacency)
    n = adjacency.shape[0]
    if adjacency.shape != (n, n) or (adjacency != adjacency.T).nnz:
        raise ValueError("adjacency must be a symmetric matrix")
    upper = triu(adjacency, k=1).tocoo()
    edges, weights = np.stack([upper.row, upper.col]).astype(np.int64), upper.data
    count = edges.shape[1]
    order = 1.0 + torch.rand(count, generator=generator, dtype=torch.float64).numpy()
    forest = minimum_spanning_tree(csr_array((order, tuple(edges)), shape=(n, n))).tocoo()
    code = edges[0] * n + edges[1]
    free = np.flatnonzero(~np.isin(code, forest.row.astype(np.int64) * n + forest.col))
    hide = min(round(share * count), len(free))
    if hide == 0:
        raise ValueError(f"no edge can be hidden: the graph is a forest, or a share of {share} is too small")
    possible = n * (n - 1) // 2 - count
    if possible < hide:
        raise ValueError(f"only {possible} pairs are not linked, fewer than the {hide} edges to hide")
    taken = free[torch.randperm(len(free), generator=generator)[:hide].numpy()]
    kept = np.delete(np.arange(count), taken)
    half = csr_array((weights[kept], tuple(edges[:, kept])), shape=(n, n))
    absent = _absent_pairs(code, n, hide, generator)
    return LinkSplit(csr_array(half + half.T), torch.from_numpy(edges[:, taken]), torch.from_numpy(absent))


def _absent_pairs(code: np.ndarray, n: int, count: int, generator: torch.Generator) -> np.ndarray:
    """``[2, count]`` different pairs i < j whose code i n + j is not in ``code``."""
    found = np.empty(0, dtype=np.int64)
    while len(found) < count:
        pairs = torch.randint(n, (2, 2 * count), generator=generator).sort(dim=0).values.numpy()
        fresh = (pairs[0] * n + pairs[1])[pairs[0] != pairs[1]]
        found = np.concatenate([found, fresh[~np.isin(fresh, code)]])
        _, first = np.unique(found, return_index=True)
        found = found[np.sort(first)]  # in the order drawn, so that cutting does not favour small codes
    return np.stack(np.divmod(found[:count], n))


def area_under_roc(positive: Tensor, negative: Tensor) -> float:
    """The probability that a positive scores above a negative, ties counting half (Hanley and McNeil 1982).

    Args:
        positive, negative: ``[k]`` and ``[l]`` scores.

    Raises:
        ValueError: no score on one side, or a score that is not a number.
    """
    from scipy.stats import rankdata

    sides = [torch.as_tensor(side).detach().cpu().double().flatten() for side in (positive, negative)]
    hits, misses = len(sides[0]), len(sides[1])
    if not hits or not misses:
        raise ValueError(f"both sides need scores; got {hits} positive and {misses} negative")
    scores = torch.cat(sides)
    if bool(scores.isnan().any()):
        raise ValueError("scores must be numbers; got nan")
    ranks = rankdata(scores.numpy())[:hits]
    return float((ranks.sum() - hits * (hits + 1) / 2) / (hits * misses))


def link_auc(embedding: Tensor, split: LinkSplit) -> float:
    """Area under the ROC curve when a pair's score is the cosine of its two vectors, once the mean vector
    is taken out.

    Args:
        embedding: ``[n, d]``.
        split: the question.

    Raises:
        ValueError: an embedding with another number of nodes.
    """
    n = split.adjacency.shape[0]
    if embedding.ndim != 2 or len(embedding) != n:
        raise ValueError(f"embedding must have one row for each of {n} nodes; got {list(embedding.shape)}")
    unit = torch.nn.functional.normalize((embedding - embedding.mean(0)).double().cpu(), dim=1)
    hidden, absent = ((unit[i] * unit[j]).sum(1) for i, j in (split.hidden, split.absent))
    return area_under_roc(hidden, absent)
