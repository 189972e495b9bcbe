"""Graphs that come with networkx, and the block models against their expectation."""

import networkx as nx
import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from toolkit.data.graphs import BUNDLED, Graph, block_model, bundled_graph, largest_component, planted_blocks


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_graphs_are_those_of_networkx(name):
    graph, theirs = bundled_graph(name), getattr(nx, BUNDLED[name][0])()
    assert graph.n == theirs.number_of_nodes() and graph.edges == theirs.number_of_edges()
    assert (graph.adjacency != graph.adjacency.T).nnz == 0 and graph.adjacency.diagonal().sum() == 0
    assert set(graph.adjacency.data) == {1.0} and graph.adjacency.has_sorted_indices
    torch.testing.assert_close(graph.degrees, torch.tensor([float(d) for _, d in theirs.degree]))
    if graph.labels is not None:
        assert graph.labels.shape == (graph.n,) and int(graph.labels.max()) == len(graph.classes) - 1


def test_classes_of_bundled_graphs():
    karate, women = bundled_graph("karate"), bundled_graph("southern-women")
    clubs = [club for _, club in nx.karate_club_graph().nodes(data="club")]
    assert [karate.classes[i] for i in karate.labels] == clubs
    assert women.labels.sum() == 14  # events, after 18 women
    assert bundled_graph("miserables").labels is None


def test_weights_are_kept_on_request():
    graph = bundled_graph("miserables", weighted=True)
    expected = nx.to_numpy_array(nx.les_miserables_graph())
    np.testing.assert_array_equal(graph.adjacency.toarray(), expected)


def test_unknown_bundled_graph_is_refused():
    with pytest.raises(ValueError, match="one of karate, miserables, florentine, southern-women; got 'cora'"):
        bundled_graph("cora")


def test_block_densities_match_the_rates():
    edges = torch.tensor([[900.0, 300.0, 50.0], [300.0, 600.0, 100.0], [50.0, 100.0, 400.0]])
    sizes, draws = [400, 300, 300], 40
    total = np.zeros((3, 3))
    for seed in range(draws):
        graph = block_model(sizes, edges, generator=generator(seed))
        member = np.eye(3)[graph.labels.numpy()]
        counts = member.T @ (graph.adjacency @ member)
        total += np.where(np.eye(3) == 1, counts / 2, counts)
    # a multi-edge is merged with probability of about rate / 2 per pair, and 1/n of inner edges are loops
    pairs = np.array([[400 * 399 / 2, 400 * 300, 400 * 300], [0, 300 * 299 / 2, 300 * 300], [0, 0, 300 * 299 / 2]])
    pairs = np.triu(pairs) + np.triu(pairs, 1).T
    rates = edges.numpy() * (1 - np.diag(1 / np.array(sizes)))
    expected = pairs * (1 - np.exp(-rates / pairs))
    error = np.sqrt(expected / draws)  # standard error of a Poisson mean
    assert (np.abs(total / draws - expected) < 4.5 * error).all()


def test_degrees_follow_the_propensities():
    n, draws = 300, 60
    propensities = torch.linspace(1, 5, n)
    degrees = torch.zeros(n)
    for seed in range(draws):
        graph = block_model(
            [n // 2, n // 2],
            torch.tensor([[200.0, 60], [60, 150]]),
            propensities=propensities,
            generator=generator(seed),
        )
        degrees += graph.degrees / draws
    share = propensities / torch.stack([propensities[:150].sum(), propensities[150:].sum()]).repeat_interleave(150)
    ends = torch.tensor([2 * 200.0 + 60, 2 * 150.0 + 60]).repeat_interleave(150)
    expected = ends * share
    # four standard errors of a Poisson mean, and 5 % for edges drawn twice and loops
    assert ((degrees - expected).abs() < 4 * (expected / draws).sqrt() + 0.05 * expected).all()


def test_the_plain_block_model_is_regular_in_distribution():
    graph = block_model([2000], torch.tensor([[10_000.0]]), generator=generator())
    assert graph.degrees.mean() == pytest.approx(10, rel=0.03)
    assert graph.degrees.var() == pytest.approx(10, rel=0.15)  # Poisson
    assert graph.classes == ("block 1",)


def test_block_model_depends_on_its_generator_alone():
    rates = torch.tensor([[50.0, 5], [5, 50]])
    one, two = (block_model([30, 40], rates, generator=generator(3)) for _ in range(2))
    other = block_model([30, 40], rates, generator=generator(4))
    assert (one.adjacency != two.adjacency).nnz == 0 and (one.adjacency != other.adjacency).nnz > 0


@pytest.mark.parametrize(
    ("sizes", "edges", "propensities", "message"),
    [
        ([], [[1.0]], None, "at least one block"),
        ([3, 0], [[1.0, 1], [1, 1]], None, "all positive"),
        ([3, 3], [[1.0]], None, r"symmetric \[2, 2\]"),
        ([3, 3], [[1.0, 2], [1, 1]], None, "symmetric"),
        ([3, 3], [[1.0, -1], [-1, 1]], None, "nowhere negative"),
        ([3], [[1.0]], [1.0, 1.0], "3 positive numbers"),
        ([3], [[1.0]], [1.0, 0.0, 1.0], "3 positive numbers"),
    ],
)
def test_block_model_refuses_what_does_not_fit(sizes, edges, propensities, message):
    given = None if propensities is None else torch.tensor(propensities)
    with pytest.raises(ValueError, match=message):
        block_model(sizes, torch.tensor(edges), propensities=given, generator=generator())


def test_planted_blocks_have_the_mixing_and_degree_asked_for():
    graph = planted_blocks(20_000, 5, degree=8, mixing=0.3, tail=3.5, generator=generator())
    entries = graph.adjacency.tocoo()
    labels = graph.labels.numpy()
    assert (labels[entries.row] != labels[entries.col]).mean() == pytest.approx(0.3, abs=0.01)
    assert graph.degrees.mean() == pytest.approx(8, rel=0.03)
    assert torch.bincount(graph.labels).min() > 3900
    assert nx.is_connected(nx.from_scipy_sparse_array(graph.adjacency))


def test_degrees_have_the_tail_asked_for():
    graph = planted_blocks(50_000, 1, degree=20, mixing=0.0, tail=3.0, generator=generator())
    large = graph.degrees[graph.degrees >= 60]
    hill = 1 + 1 / (large / 60).log().mean()  # Hill's estimator of the density's exponent
    assert hill == pytest.approx(3.0, abs=0.3)


def test_a_million_edges_take_seconds_and_no_loop():
    graph = planted_blocks(100_000, 10, degree=20, mixing=0.4, generator=generator())
    assert 950_000 < graph.edges < 1_000_000 and graph.n > 99_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"blocks": 0}, "between 1 and 50; got 0"),
        ({"blocks": 51}, "between 1 and 50"),
        ({"degree": 0.0}, "degree must be positive"),
        ({"mixing": 1.5}, "mixing between 0 and 1"),
        ({"tail": 2.0}, "tail above 2"),
        ({"blocks": 1, "mixing": 0.1}, "only one block"),
    ],
)
def test_planted_blocks_refuses_numbers_out_of_range(options, message):
    given = {"blocks": 2, "degree": 4.0, "mixing": 0.2} | options
    with pytest.raises(ValueError, match=message):
        planted_blocks(50, generator=generator(), **given)


def test_largest_component_against_networkx():
    theirs = nx.disjoint_union(nx.path_graph(4), nx.cycle_graph(6))
    matrix = csr_array(nx.to_scipy_sparse_array(theirs, dtype=np.float32))
    graph = Graph("two", matrix, torch.arange(10))
    part = largest_component(graph)
    assert part.labels.tolist() == list(range(4, 10)) and part.edges == 6
    assert largest_component(part) is part
