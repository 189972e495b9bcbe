"""Graphs of points, against scikit-learn, networkx and the closed form."""

import math

import networkx as nx
import numpy as np
import pytest
import torch
from sklearn.neighbors import kneighbors_graph

from toolkit.data.neighbours import geometric_graph, knn_graph


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("mutual", [False, True])
def test_neighbours_are_those_of_sklearn(mutual):
    points = torch.randn(80, 3, generator=generator())
    directed = kneighbors_graph(points.numpy(), 5).toarray()
    expected = np.minimum(directed, directed.T) if mutual else np.maximum(directed, directed.T)
    graph = knn_graph(points, 5, mutual=mutual, labels=torch.arange(80) % 3)
    np.testing.assert_array_equal(graph.adjacency.toarray(), expected)
    assert graph.adjacency.dtype == np.float32 and graph.adjacency.has_sorted_indices
    assert graph.classes == ("0", "1", "2") and graph.labels.tolist()[:4] == [0, 1, 2, 0]


def test_weights_fall_with_the_distance():
    points = torch.randn(40, 2, generator=generator())
    graph = knn_graph(points, 4, bandwidth=0.7)
    squared = torch.cdist(points.double(), points.double()) ** 2
    edges = knn_graph(points, 4).adjacency.toarray()
    np.testing.assert_allclose(graph.adjacency.toarray(), edges * torch.exp(-squared / (2 * 0.49)).numpy(), atol=1e-6)
    assert (graph.adjacency != graph.adjacency.T).nnz == 0


def test_images_are_flattened_and_equal_points_are_no_neighbours_of_themselves():
    images = torch.rand(12, 1, 4, 4, generator=generator())
    flat = knn_graph(images.flatten(1), 3).adjacency
    assert (knn_graph(images, 3).adjacency != flat).nnz == 0
    assert knn_graph(torch.zeros(6, 2), 2).adjacency.diagonal().sum() == 0


def test_geometric_graph_joins_what_is_close():
    graph, points = geometric_graph(200, radius=0.13, dimension=3, generator=generator())
    expected = nx.random_geometric_graph(200, 0.13, pos=dict(enumerate(points.double().tolist())))
    np.testing.assert_array_equal(graph.adjacency.toarray(), nx.to_numpy_array(expected))
    assert points.dtype == torch.float32 and 0 <= float(points.min()) and float(points.max()) < 1
    empty, _ = geometric_graph(5, radius=1e-9, generator=generator())
    assert empty.edges == 0 and empty.n == 5


def test_edges_of_geometric_graphs_have_their_expectation():
    n, r, draws = 150, 0.2, 60
    edges = torch.tensor([geometric_graph(n, radius=r, generator=generator(seed))[0].edges for seed in range(draws)])
    expected = n * (n - 1) / 2 * r**2 * (math.pi - 8 * r / 3 + r**2 / 2)
    assert float(edges.double().mean()) == pytest.approx(expected, abs=5 * float(edges.double().std()) / draws**0.5)


def test_the_draw_depends_on_the_generator_alone():
    one, two, other = (geometric_graph(9, radius=0.3, generator=generator(seed))[1] for seed in (3, 3, 4))
    assert torch.equal(one, two) and not torch.equal(one, other)


def test_bad_input_is_refused():
    points = torch.eye(4)
    with pytest.raises(ValueError, match="k must be between 1 and 3; got 4"):
        knn_graph(points, 4)
    with pytest.raises(ValueError, match=r"points must be \[n, dimension\], at least two of them; got \[4\]"):
        knn_graph(points[0], 1)
    with pytest.raises(ValueError, match="bandwidth must be above 0; got 0"):
        knn_graph(points, 1, bandwidth=0)
    with pytest.raises(ValueError, match=r"labels must be \[4\], one per point; got \[3\]"):
        knn_graph(points, 1, labels=torch.arange(3))
    with pytest.raises(ValueError, match="radius must be above 0; got -1"):
        geometric_graph(5, radius=-1, generator=generator())
