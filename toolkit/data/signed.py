"""Signed graphs: edges of trust and of distrust."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import torch

from toolkit.data.store import read

if TYPE_CHECKING:
    from torch_geometric.data import Data

BITCOIN = {"bitcoin-alpha": "bitcoin_alpha.csv", "bitcoin-otc": "bitcoin_otc.csv"}


def bitcoin(name: str) -> Data:
    """Who trusts whom on a market for bitcoin, without direction, strength and time.

    Pairs whose sign is empty in the file are left out; their nodes stay, perhaps without edges.

    Args:
        name: ``bitcoin-alpha`` (3,783 nodes, 14,081 edges, 1,312 negative) or ``bitcoin-otc`` (5,881, 21,434, 3,153).

    Returns:
        ``Data`` with ``edge_index [2, 2 edges]``, every edge in both directions, sorted, and ``edge_sign [2 edges]``
        float32, 1 or -1.

    Raises:
        ValueError: another name.
        DataError: the files cannot be had, or are not the published ones.

    Source: Kumar et al. (2016); in this form, Derr, Ma and Tang (2018), Signed Graph Convolutional Network.
    """
    from torch_geometric.data import Data

    if name not in BITCOIN:
        raise ValueError(f"name must be one of {', '.join(BITCOIN)}; got {name!r}")
    rows = list(csv.reader(read("bitcoin", BITCOIN[name]).decode().splitlines()))[1:]
    nodes = np.unique([int(end) for row in rows for end in row[:2]])
    signs: dict[tuple[int, int], float] = {}
    for one, other, sign in rows:
        if sign and one != other:
            i, j = np.searchsorted(nodes, [int(one), int(other)]).tolist()
            signs[min(i, j), max(i, j)] = float(sign)
    both = sorted([*signs.items(), *(((j, i), sign) for (i, j), sign in signs.items())])
    edge_index = torch.tensor([pair for pair, _ in both]).T.contiguous()
    return Data(edge_index=edge_index, edge_sign=torch.tensor([sign for _, sign in both]), num_nodes=len(nodes))
