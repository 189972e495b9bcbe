"""Graphs in which neighbours often differ in class, each with ten splits."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import torch

from toolkit.data.citation import ten_splits
from toolkit.data.form import graph_data
from toolkit.data.store import read

if TYPE_CHECKING:
    from torch_geometric.data import Data

TEXT = ("texas", "wisconsin", "chameleon", "squirrel", "film")
ARRAYS = ("cornell", "chameleon_filtered", "squirrel_filtered", "minesweeper")
WORDS_OF_FILM = 932


def heterophilous_graph(name: str) -> Data:
    """A node classification graph with ten splits, its edges taken as undirected and without loops.

    Args:
        name: web pages of a university, linked: ``texas`` (183 nodes, 279 edges), ``wisconsin`` (251, 450),
            ``cornell`` (183, 277); pages of Wikipedia, linked, in five classes of traffic: ``chameleon`` (2,277,
            31,371), ``squirrel`` (5,201, 198,353), or without their many duplicates ``chameleon_filtered`` (890,
            8,854) and ``squirrel_filtered`` (2,223, 46,998); actors who share a page: ``film`` (7,600, 26,659); a grid
            with mines: ``minesweeper`` (10,000, 39,402).

    Returns:
        ``Data`` with ``x [n, features]`` float32, ``y [n]`` int64, ``edge_index [2, 2 edges]``, and bool
        ``train_mask``, ``val_mask``, ``test_mask`` ``[n, 10]``.

    Raises:
        ValueError: another name.
        DataError: the files cannot be had, or are not the published ones.

    Source: Pei et al. (2020), Geom-GCN; Rozemberczki, Allen and Sarkar (2021); Platonov et al. (2023).
    """
    if name in ARRAYS:
        with np.load(io.BytesIO(read("heterophilous", f"{name}.npz")), allow_pickle=False) as arrays:
            x, y, edges = (arrays[key] for key in ("node_features", "node_labels", "edges"))
            masks = {f"{p}_mask": torch.from_numpy(arrays[f"{p}_masks"].T.copy()) for p in ("train", "val", "test")}
    elif name in TEXT:
        rows = [
            line.split(b"\t")
            for line in read("geom_gcn", f"new_data/{name}/out1_node_feature_label.txt").split(b"\n")[1:]
        ]
        rows = sorted((row for row in rows if len(row) == 3), key=lambda row: int(row[0]))
        y = np.array([int(row[2]) for row in rows])
        values = [np.fromstring(row[1].decode(), dtype=np.int64, sep=",") for row in rows]
        if name == "film":  # the features of an actor are numbers of words
            x = np.zeros((len(rows), WORDS_OF_FILM))
            for i, words in enumerate(values):
                x[i, words] = 1
        else:
            x = np.stack(values)
        text = read("geom_gcn", f"new_data/{name}/out1_graph_edges.txt").split(b"\n", 1)[1]
        edges = np.array(text.split(), dtype=np.int64).reshape(-1, 2)
        masks = ten_splits(name)
    else:
        raise ValueError(f"name must be one of {', '.join(TEXT + ARRAYS)}; got {name!r}")
    return graph_data(edges, len(y), x=torch.tensor(x, dtype=torch.float32), y=torch.tensor(y), **masks)
