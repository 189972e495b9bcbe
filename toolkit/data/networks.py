"""Networks without node features: social ones, proteins, documents, flights, and small classic graphs.

Every loader returns torch-geometric ``Data`` (see ``toolkit.data.form``): ``edge_index [2, 2 edges]`` int64 and, where
there are classes, ``y [n]`` int64, or ``y [n, labels]`` float32 of zeros and ones where a node may have several.
``toolkit.data.form.as_graph`` gives the sparse-matrix form. All raise ``DataError`` when the files cannot be had.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import torch

from toolkit.data.form import graph_data
from toolkit.data.store import read

if TYPE_CHECKING:
    from torch_geometric.data import Data


def blogcatalog() -> Data:
    """BlogCatalog: 10,312 bloggers, 333,983 friendships, ``y [10312, 39]``: the groups that each has joined.

    Source: Tang and Liu (2009); in this form, Perozzi, Al-Rfou and Skiena (2014).
    """
    return _labelled_matrix("blogcatalog", "blogcatalog.mat")


def ppi() -> Data:
    """Protein interactions in humans: 3,890 proteins, 37,845 edges, ``y [3890, 50]``: biological states.

    The subgraph that node2vec used, without its 894 loops.

    Source: Breitkreutz et al. (2008); in this form, Grover and Leskovec (2016).
    """
    return _labelled_matrix("ppi_homo_sapiens", "Homo_sapiens.mat")


def _matlab(entry: str, name: str, wanted: list[str]) -> list:
    """Variables of a MATLAB file; only numbers and sparse matrices of numbers are taken."""
    from scipy.io import loadmat
    from scipy.sparse import issparse

    found = loadmat(io.BytesIO(read(entry, name)), variable_names=wanted, spmatrix=False)
    for value in (found[key] for key in wanted):
        if not issparse(value) and value.dtype.kind not in "iufb":
            raise TypeError(f"{name} must hold numbers only; got an array of type {value.dtype}")
    return [found[key] for key in wanted]


def _pairs(matrix) -> np.ndarray:
    """``[m, 2]`` positions of the entries of a sparse matrix."""
    entries = matrix.tocoo()
    return np.stack([entries.row, entries.col], axis=1)


def _labelled_matrix(entry: str, name: str) -> Data:
    network, group = _matlab(entry, name, ["network", "group"])
    return graph_data(_pairs(network), network.shape[0], y=torch.tensor(group.toarray() != 0).float())
