"""Graphs that come with networkx, and random graphs with blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor


@dataclass(frozen=True)
class Graph:
    """An undirected graph, perhaps with classes of its nodes.

    Attributes:
        name: what to call it in a table or figure.
        adjacency: ``[n, n]`` float32, symmetric, zero diagonal, sorted columns; an entry is the weight of
            an edge, 1 where edges have none.
        labels: ``[n]`` int64 class of each node; ``[n, labels]`` zeros and ones where a node may have several; or None.
        classes: the name of each class.
    """

    name: str
    adjacency: csr_array
    labels: Tensor | None = None
    classes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Number of nodes."""
        return self.adjacency.shape[0]

    @property
    def edges(self) -> int:
        """Number of edges, each counted once."""
        return self.adjacency.nnz // 2

    @property
    def degrees(self) -> Tensor:
        """``[n]`` float32 sums of the weights at each node."""
        return torch.from_numpy(np.asarray(self.adjacency.sum(axis=1), dtype=np.float32))


BUNDLED = {  # name -> (networkx function, title, node attribute that gives the class, value -> class)
    "karate": ("karate_club_graph", "Karate club", "club", {"Mr. Hi": "Mr. Hi", "Officer": "Officer"}),
    "miserables": ("les_miserables_graph", "Les Misérables", None, {}),
    "florentine": ("florentine_families_graph", "Florentine families", None, {}),
    "southern-women": ("davis_southern_women_graph", "Southern women", "bipartite", {0: "women", 1: "events"}),
}


def bundled_graph(name: str, *, weighted: bool = False) -> Graph:
    """A small real graph that comes with networkx, nodes in its order.

    Args:
        name: ``karate`` (34 nodes; Zachary 1977; the classes are the two clubs after the split),
            ``miserables`` (77; Knuth 1993; characters who appear together), ``florentine`` (15; Padgett and
            Ansell 1993; marriages) or ``southern-women`` (32, bipartite; Davis et al. 1941; the classes are
            women and events).
        weighted: keep the edge weights (karate and miserables have them); otherwise all are 1.

    Raises:
        ValueError: another name.
    """
    import networkx as nx

    if name not in BUNDLED:
        raise ValueError(f"name must be one of {', '.join(BUNDLED)}; got {name!r}")
    function, title, attribute, values = BUNDLED[name]
    graph = getattr(nx, function)()
    matrix = nx.to_scipy_sparse_array(graph, weight="weight" if weighted else None, dtype=np.float32, format="csr")
    labels = None
    if attribute is not None:
        order = list(values)
        labels = torch.tensor([order.index(value) for _, value in graph.nodes(data=attribute)])
    return Graph(title, _clean(matrix), labels, tuple(values.values()))


def block_model(
    sizes: Sequence[int],
    edges: Tensor,
    *,
    propensities: Tensor | None = None,
    generator: torch.Generator,
) -> Graph:
    """A degree-corrected stochastic block model, drawn in time proportional to its edges.

    The number of edges between blocks r and s is Poisson with mean ``edges[r, s]``; an end in block r
    falls on node i with probability ``propensities[i]`` over the block's sum (Karrer and Newman 2011).
    Edges drawn twice count once and loops are dropped, so degrees fall a little short of their
    expectation, most of all at hubs.

    Args:
        sizes: nodes in each of the B blocks; nodes of a block are neighbours in the order.
        edges: ``[B, B]``, symmetric: expected edges between two blocks, and within one on the diagonal.
        propensities: ``[n]``, positive; all equal if None (the plain block model).
        generator: source of randomness, on the CPU.

    Returns:
        The graph with its blocks as labels. It may have isolated nodes (see ``largest_component``).

    Raises:
        ValueError: sizes, edges or propensities that do not fit together.
    """
    size = torch.tensor(list(sizes))
    edges = torch.as_tensor(edges, dtype=torch.float64)
    blocks, n = len(size), int(size.sum()) if len(size) else 0
    if blocks == 0 or int(size.min()) < 1:
        raise ValueError(f"sizes must name at least one block, all positive; got {list(sizes)}")
    if edges.shape != (blocks, blocks) or not torch.equal(edges, edges.T) or bool((edges < 0).any()):
        raise ValueError(f"edges must be a symmetric [{blocks}, {blocks}] matrix, nowhere negative")
    weight = torch.ones(n) if propensities is None else torch.as_tensor(propensities)
    if weight.shape != (n,) or not bool((weight > 0).all()):
        raise ValueError(f"propensities must be {n} positive numbers, one per node")
    labels = torch.repeat_interleave(torch.arange(blocks), size)
    weight = weight.double()
    share = weight / torch.zeros(blocks, dtype=torch.float64).index_add_(0, labels, weight)[labels]
    ends = share.cumsum(0)  # block r owns the interval from r to r + 1
    first, second = torch.triu_indices(blocks, blocks)
    counts = torch.poisson(edges[first, second], generator=generator).long()
    pairs = torch.stack([first, second]).repeat_interleave(counts, dim=1)
    position = pairs + torch.rand(pairs.shape, generator=generator, dtype=torch.float64)
    stops = size.cumsum(0)
    node = torch.searchsorted(ends, position)
    node = node.clamp(min=(stops - size)[pairs], max=stops[pairs] - 1)  # rounding at a block's border
    row, column = node.numpy()
    upper = csr_array((np.ones(len(row), dtype=np.float32), (row, column)), shape=(n, n))
    return Graph("block model", _clean(upper + upper.T, binary=True), labels, _numbered(blocks))


def planted_blocks(
    n: int,
    blocks: int,
    *,
    degree: float,
    mixing: float,
    tail: float = 3.0,
    generator: torch.Generator,
) -> Graph:
    """Equal blocks that hold most of their edges, with power-law degrees; the largest component of it.

    Args:
        n: nodes before the few outside the largest component are dropped.
        blocks: number of blocks, at most n.
        degree: expected mean degree, before edges drawn twice are merged.
        mixing: expected share of edges that join two different blocks.
        tail: exponent of the degrees' law: propensities are Pareto, with density ~ x^-tail; above 2.
        generator: source of randomness, on the CPU.

    Raises:
        ValueError: a number outside its range.
    """
    if not 1 <= blocks <= n:
        raise ValueError(f"blocks must be between 1 and {n}; got {blocks}")
    if degree <= 0 or not 0 <= mixing <= 1 or tail <= 2:
        raise ValueError(
            f"degree must be positive, mixing between 0 and 1, tail above 2; got {degree}, {mixing}, {tail}"
        )
    if blocks == 1 and mixing:
        raise ValueError("mixing must be 0 where there is only one block")
    total = n * degree / 2
    within = torch.eye(blocks, dtype=torch.float64) * (1 - mixing) * total / blocks
    between = 1 - torch.eye(blocks, dtype=torch.float64)
    if blocks > 1:
        within = within + between * mixing * total / (blocks * (blocks - 1) / 2)
    uniform = torch.rand(n, generator=generator, dtype=torch.float64)
    propensities = (1 - uniform) ** (-1 / (tail - 1))
    sizes = [n // blocks + (block < n % blocks) for block in range(blocks)]
    return largest_component(block_model(sizes, within, propensities=propensities, generator=generator))


def largest_component(graph: Graph) -> Graph:
    """The graph on the nodes of its largest connected component, in their old order."""
    from scipy.sparse.csgraph import connected_components

    count, component = connected_components(graph.adjacency, directed=False)
    if count == 1:
        return graph
    keep = np.flatnonzero(component == np.bincount(component).argmax())
    labels = None if graph.labels is None else graph.labels[torch.from_numpy(keep)]
    return replace(graph, adjacency=_clean(graph.adjacency[keep][:, keep]), labels=labels)


def _clean(matrix, *, binary: bool = False) -> csr_array:
    """Float32, no loops, no stored zeros, sorted columns; with ``binary`` all weights 1."""
    entries = matrix.tocoo()
    keep = (entries.row != entries.col) & (entries.data != 0)
    pairs = (entries.row[keep], entries.col[keep])
    clean = csr_array((entries.data[keep].astype(np.float32), pairs), shape=matrix.shape)
    clean.sum_duplicates()
    if binary:
        clean.data[:] = 1
    return clean


def _numbered(blocks: int) -> tuple[str, ...]:
    return tuple(f"block {block + 1}" for block in range(blocks))
