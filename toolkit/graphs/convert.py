"""One graph, three forms: a networkx graph, a scipy sparse matrix, a torch sparse tensor."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from scipy.sparse import csr_array, issparse
from torch import Tensor


def to_scipy(graph, *, dtype=np.float32) -> csr_array:
    """The adjacency matrix as a scipy CSR array with sorted columns.

    Args:
        graph: a networkx graph (nodes in its order, entries its ``weight``, 1 where there is none), a scipy
            sparse matrix, or a torch tensor ``[n, n]``, sparse or dense, on any device.
        dtype: of the entries.

    Raises:
        TypeError: another kind of object.
        ValueError: not a square matrix.
    """
    if isinstance(graph, Tensor):
        if graph.ndim != 2:
            raise ValueError(f"an adjacency matrix must be square; got shape {list(graph.shape)}")
        entries = graph.detach().to_sparse_coo().coalesce().cpu()
        matrix = csr_array((entries.values().numpy(), tuple(entries.indices().numpy())), shape=tuple(graph.shape))
    elif issparse(graph):
        matrix = csr_array(graph)
    elif hasattr(graph, "adjacency") and hasattr(graph, "nodes"):
        import networkx as nx

        matrix = csr_array(nx.to_scipy_sparse_array(graph, format="csr"))
    else:
        raise TypeError(f"expected a networkx graph, a scipy or a torch matrix; got {type(graph).__name__}")
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"an adjacency matrix must be square; got shape {list(matrix.shape)}")
    matrix = csr_array(matrix, dtype=dtype, copy=True)
    matrix.sum_duplicates()
    return matrix


def sparse_tensor(graph, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Tensor:
    """The adjacency matrix as a torch CSR tensor ``[n, n]``, for products ``A @ X`` with dense ``X [n, d]``.

    Args:
        graph: as for ``to_scipy``.
        device, dtype: of the tensor.

    Raises:
        TypeError, ValueError: as ``to_scipy``.
    """
    matrix = to_scipy(graph, dtype=np.float64 if dtype == torch.float64 else np.float32)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        warnings.filterwarnings("ignore", message="Sparse invariant checks are implicitly disabled")
        return torch.sparse_csr_tensor(
            torch.from_numpy(matrix.indptr.astype(np.int64)),
            torch.from_numpy(matrix.indices.astype(np.int64)),
            torch.from_numpy(matrix.data).to(dtype),
            size=matrix.shape,
            device=device,
        )


def to_networkx(graph, *, labels=None):
    """An undirected networkx graph on nodes 0 to n - 1; weights other than 1 become ``weight``.

    Args:
        graph: as for ``to_scipy``; its matrix must be symmetric.
        labels: ``[n]``; if given, node i gets the attribute ``label``.

    Raises:
        TypeError, ValueError: as ``to_scipy``, or a matrix that is not symmetric, or labels that do not fit.
    """
    import networkx as nx

    matrix = to_scipy(graph, dtype=np.float64)
    if (matrix != matrix.T).nnz:
        raise ValueError("an undirected graph needs a symmetric adjacency matrix")
    if labels is not None and len(labels) != matrix.shape[0]:
        raise ValueError(f"labels must have one entry per node, {matrix.shape[0]}; got {len(labels)}")
    entries = matrix.tocoo()
    made = nx.Graph()
    made.add_nodes_from(range(matrix.shape[0]))
    upper = entries.row <= entries.col
    rows, columns, weights = (part[upper].tolist() for part in (entries.row, entries.col, entries.data))
    made.add_edges_from((i, j, {} if w == 1 else {"weight": w}) for i, j, w in zip(rows, columns, weights))
    if labels is not None:
        nx.set_node_attributes(made, {i: int(label) for i, label in enumerate(labels)}, "label")
    return made
