"""Sets of many small graphs, one class for each graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from toolkit.data.form import graph_data
from toolkit.data.store import read

if TYPE_CHECKING:
    from torch_geometric.data import Data

NAMES = ("MUTAG", "PTC", "PROTEINS", "NCI1", "IMDB-BINARY", "IMDB-MULTI", "ENZYMES")


def tu_graphs(name: str, *, attributes: bool = False) -> list[Data]:
    """A set of graphs with one class each, in the published order.

    Args:
        name: molecules: ``MUTAG`` (188 graphs, 2 classes, 7 tags), ``PTC`` (344, 2, 19), ``NCI1`` (4,110, 2, 37);
            proteins: ``PROTEINS`` (1,113, 2, 3), ``ENZYMES`` (600, 6, 3); actors who played together:
            ``IMDB-BINARY`` (1,000, 2) and ``IMDB-MULTI`` (1,500, 3), whose nodes have no tags.
        attributes: of ``ENZYMES``, also the 18 measured attributes of each node, before the tags.

    Returns:
        ``Data`` for each graph: ``edge_index [2, 2 edges]`` undirected, ``x [n, tags]`` float32, one-hot (none for
        IMDB), ``y [1]`` int64.

    Raises:
        ValueError: another name, or attributes of another set than ENZYMES.
        DataError: the files cannot be had, or are not the published ones.

    Source: Debnath et al. (1991); Helma et al. (2001); Wale, Watson and Karypis (2008); Borgwardt et al. (2005);
        Yanardag and Vishwanathan (2015); in this form, Zhang et al. (2018) and, for ENZYMES, Morris et al. (2020).
    """
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(NAMES)}; got {name!r}")
    if attributes and name != "ENZYMES":
        raise ValueError(f"only ENZYMES has attributes; got {name!r}")
    return _enzymes(attributes) if name == "ENZYMES" else _one_file(name.replace("-", ""))


def _one_file(name: str) -> list[Data]:
    """The text form of DGCNN: for each graph "nodes class", then for each node "tag degree neighbours"."""
    lines = iter(read("tu_gin_txt", f"{name}/{name}.txt").decode().splitlines())
    graphs = []
    for _ in range(int(next(lines))):
        n, label = map(int, next(lines).split())
        tags, edges = [], []
        for node in range(n):
            tag, degree, *neighbours = map(int, next(lines).split())
            tags.append(tag)
            edges += [(node, other) for other in neighbours[:degree]]
        graphs.append((n, label, tags, edges))
    tags = _numbers([tag for graph in graphs for tag in graph[2]])
    classes = _numbers([graph[1] for graph in graphs])
    return [
        graph_data(edges, n, x=_one_hot([tags[t] for t in own], len(tags)), y=torch.tensor([classes[label]]))
        for n, label, own, edges in graphs
    ]


def _enzymes(attributes: bool) -> list[Data]:
    edges, graph_of, labels, tags = (
        np.array(read("tu_raw_enzymes", f"ENZYMES_{what}.txt").replace(b",", b" ").split(), dtype=np.int64)
        for what in ("A", "graph_indicator", "graph_labels", "node_labels")
    )
    edges = edges.reshape(-1, 2) - 1
    measured = None
    if attributes:
        text = read("tu_raw_enzymes", "ENZYMES_node_attributes.txt").decode().replace(",", " ")
        measured = torch.tensor(np.array(text.split(), dtype=np.float32).reshape(len(tags), -1))
    first = np.searchsorted(graph_of, np.arange(1, len(labels) + 2))  # the nodes of a graph follow one another
    edges = edges[np.argsort(graph_of[edges[:, 0]], kind="stable")]
    stops = np.searchsorted(graph_of[edges[:, 0]], np.arange(1, len(labels) + 2))
    graphs = []
    for i, label in enumerate(labels):
        start, stop = first[i], first[i + 1]
        x = _one_hot(tags[start:stop] - 1, 3)
        if measured is not None:
            x = torch.cat([measured[start:stop], x], dim=1)
        own = edges[stops[i] : stops[i + 1]] - start
        graphs.append(graph_data(own, int(stop - start), x=x, y=torch.tensor([int(label) - 1])))
    return graphs


def _numbers(values) -> dict[int, int]:
    """What stands there, in order, numbered from 0."""
    return {value: number for number, value in enumerate(sorted(set(values)))}


def _one_hot(tags, count: int) -> Tensor | None:
    """``[n, count]``, or None where all tags are the same."""
    return None if count < 2 else torch.eye(count)[torch.as_tensor(tags)]
