"""The common form of real graphs: torch-geometric ``Data``, undirected, each edge once in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from toolkit.data.graphs import Graph

if TYPE_CHECKING:
    from torch_geometric.data import Data


def graph_data(edges, n: int, *, x: Tensor | None = None, y: Tensor | None = None, directed: bool = False, **more):
    """Edges as ``Data``: no loops, no doubles, sorted, and unless ``directed`` every edge in both directions.

    Args:
        edges: ``[m, 2]`` pairs of nodes, an array or what numpy makes one of.
        n: number of nodes.
        x: ``[n, features]``.
        y: ``[n]`` classes, or ``[n, labels]`` memberships.
        directed: keep the directions.
        more: other fields, such as ``train_mask``.

    Raises:
        ValueError: a node outside 0 to n - 1.
    """
    from torch_geometric.data import Data

    pairs = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    if len(pairs) and (pairs.min() < 0 or pairs.max() >= n):
        raise ValueError(f"nodes must lie between 0 and {n - 1}; got {pairs.min()} to {pairs.max()}")
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    if not directed:
        pairs = np.concatenate([pairs, pairs[:, ::-1]])
    edge_index = torch.from_numpy(np.stack(np.divmod(np.unique(pairs[:, 0] * n + pairs[:, 1]), n)))
    fields = {name: value for name, value in {"x": x, "y": y, **more}.items() if value is not None}
    return Data(edge_index=edge_index, num_nodes=n, **fields)


def as_graph(data: Data, name: str, classes: tuple[str, ...] = ()) -> Graph:
    """``Data`` as the sparse-matrix form that embeddings use; ``y`` becomes the labels, weights are 1.

    Args:
        data: undirected.
        name: what to call it in a table or figure.
        classes: the names of the classes, if they have any.
    """
    from scipy.sparse import csr_array

    row, column = data.edge_index.cpu().numpy()
    ones = np.ones(len(row), dtype=np.float32)
    matrix = csr_array((ones, (row, column)), shape=(data.num_nodes, data.num_nodes))
    matrix.sum_duplicates()
    return Graph(name, matrix, data.y, classes)
