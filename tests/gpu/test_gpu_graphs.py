"""Graphs: what is drawn is equal on both devices, since all randomness comes from the CPU."""

import networkx as nx
import numpy as np
import pytest
import torch

from toolkit.data.graphs import bundled_graph
from toolkit.graphs import (
    deepwalk,
    link_auc,
    node_classification,
    random_walks,
    sparse_tensor,
    split_links,
    to_networkx,
    to_scipy,
    truncated_svd,
)

GRAPH = bundled_graph("miserables", weighted=True)
EMBEDDING = torch.randn(34, 6, generator=torch.Generator().manual_seed(0))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("p", "q"), [(1.0, 1.0), (1.0, 0.5), (4.0, 2.0)])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_walk_does_not_depend_on_the_device(same, p, q, weighted):
    graph = bundled_graph("miserables", weighted=weighted).adjacency
    starts = torch.arange(77)
    same(lambda d: random_walks(sparse_tensor(graph, device=d), starts, 30, p=p, q=q, generator=generator()))


def test_a_graph_goes_to_the_device_and_comes_back(device, same):
    dense = torch.randn(77, 5, generator=generator())
    same(lambda d: sparse_tensor(GRAPH.adjacency, device=d) @ dense.to(d), rtol=1e-5, atol=1e-5)
    there = sparse_tensor(GRAPH.adjacency, device=device)
    assert there.device.type == device.type and there.values().device.type == device.type
    assert (to_scipy(there) != GRAPH.adjacency).nnz == 0
    np.testing.assert_array_equal(nx.to_numpy_array(to_networkx(there)), GRAPH.adjacency.toarray())


def test_truncated_svd(same):
    """Vectors are compared by the matrix that they make up, since their signs are free."""
    matrix = torch.randn(40, 30, generator=generator(), dtype=torch.float64)

    def parts(d):
        vectors, values = truncated_svd(matrix.to(d), 5)
        return [values, vectors * values**2 @ vectors.T]

    same(parts, rtol=1e-9, atol=1e-9)


def test_embeddings_are_judged_alike(same):
    """The mean is taken out on the device; rounding there may break a tie or two among 529 pairs."""
    karate = bundled_graph("karate")
    split = split_links(karate.adjacency, 0.3, generator=generator())

    def scores(d):
        there = EMBEDDING.to(d)
        return [
            node_classification(there, karate.labels.to(d), repeats=3, generator=generator()),
            link_auc(there, split),
        ]

    same(scores, atol=0.005, stays=True)


def test_deepwalk(same):
    pytest.importorskip("gensim")

    def embedding(d):
        there = sparse_tensor(GRAPH.adjacency, device=d)
        return deepwalk(there, walks=2, length=10, dimension=8, generator=generator())

    same(embedding, stays=True)
