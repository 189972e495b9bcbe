"""Graphs of points: each with its nearest, or with all within a distance."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from toolkit.data.bounds import above, at_least, between
from toolkit.data.graphs import Graph


def knn_graph(
    points: Tensor, k: int, *, mutual: bool = False, bandwidth: float | None = None, labels: Tensor | None = None
) -> Graph:
    """The exact graph of k nearest neighbours, made undirected. Nothing in it is random.

    Args:
        points: ``[n, d]``, or images ``[n, ...]``, which are flattened; on any device.
        k: neighbours of each point, itself not counted; between 1 and n - 1. Of neighbours at the same
            distance any may be taken.
        mutual: join two points if each is among the other's neighbours; otherwise if one is.
        bandwidth: if given, an edge of length r has weight ``exp(-r^2 / (2 bandwidth^2))``; otherwise 1.
        labels: ``[n]`` classes for the graph to carry.

    Raises:
        ValueError: points or labels that do not fit, or a number outside its range.
    """
    from sklearn.neighbors import NearestNeighbors

    if points.ndim < 2 or len(points) < 2:
        raise ValueError(f"points must be [n, dimension], at least two of them; got {list(points.shape)}")
    n = len(points)
    between(1, n - 1, k=k)
    if bandwidth is not None:
        above(0, bandwidth=bandwidth)
    places = points.detach().cpu().double().flatten(1).numpy()
    distances, found = NearestNeighbors(n_neighbors=k).fit(places).kneighbors()
    weights = np.ones(n * k) if bandwidth is None else np.exp(-0.5 * (distances.ravel() / bandwidth) ** 2)
    directed = csr_array((weights, (np.repeat(np.arange(n), k), found.ravel())), shape=(n, n))
    both = directed.minimum(directed.T) if mutual else directed.maximum(directed.T)
    return _graph(f"{k} nearest neighbours", both, labels)


def geometric_graph(n: int, *, radius: float, dimension: int = 2, generator: torch.Generator) -> tuple[Graph, Tensor]:
    """Points dropped at random into the unit cube, joined where they are close (Gilbert 1961).

    In the square, two points are joined with probability ``r^2 (pi - 8 r / 3 + r^2 / 2)`` for r up to 1.

    Args:
        n: points.
        radius: r, largest distance of two points that are joined.
        dimension: of the cube.
        generator: source of randomness, on the CPU.

    Returns:
        the graph, which may fall into parts (see ``largest_component``), and the points
        ``[n, dimension]`` float32.

    Raises:
        ValueError: a number outside its range.
    """
    from scipy.spatial import cKDTree

    at_least(1, n=n, dimension=dimension)
    above(0, radius=radius)
    points = torch.rand(n, dimension, generator=generator)
    row, column = cKDTree(points.double().numpy()).query_pairs(radius, output_type="ndarray").T
    upper = csr_array((np.ones(len(row)), (row, column)), shape=(n, n))
    return _graph("random geometric graph", upper + upper.T, None), points


def _graph(name: str, matrix, labels: Tensor | None) -> Graph:
    adjacency = csr_array(matrix, dtype=np.float32)
    adjacency.sort_indices()
    if labels is None:
        return Graph(name, adjacency)
    if labels.shape != (adjacency.shape[0],):
        raise ValueError(f"labels must be [{adjacency.shape[0]}], one per point; got {list(labels.shape)}")
    classes = tuple(str(label) for label in range(int(labels.max()) + 1))
    return Graph(name, adjacency, labels.cpu().long(), classes)
