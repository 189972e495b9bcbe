"""Effective resistance against networkx, closed forms and a sketch of a larger graph."""

import networkx as nx
import numpy as np
import pytest
import torch

from toolkit.graphs import commute_time, effective_resistance, sketched_resistance


def dense(graph):
    return torch.from_numpy(nx.to_numpy_array(graph))


def test_a_path_a_ring_and_a_clique_have_known_resistances():
    n = 8
    graphs = torch.stack([dense(g(n)) for g in (nx.path_graph, nx.cycle_graph, nx.complete_graph)])
    found = effective_resistance(graphs)
    hops = (torch.arange(n)[:, None] - torch.arange(n)).abs().double()
    torch.testing.assert_close(found[0], hops)
    torch.testing.assert_close(found[1], hops * (n - hops) / n)
    torch.testing.assert_close(found[2], (2 / n) * (1 - torch.eye(n, dtype=torch.float64)))
    torch.testing.assert_close(commute_time(graphs)[0], 2 * (n - 1) * hops)


def test_weights_are_conductances_as_in_networkx():
    graph = nx.les_miserables_graph()
    found = effective_resistance(dense(graph))
    wanted = nx.resistance_distance(graph, weight="weight", invert_weight=False)
    names = list(graph)
    expected = np.array([[wanted[u][v] for v in names] for u in names])
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_sketch_is_close_on_average_and_more_columns_bring_it_closer():
    graph = nx.connected_watts_strogatz_graph(300, 6, 0.1, seed=1)
    pairs = torch.tensor(list(graph.edges)[:200] + [(i, 299 - i) for i in range(100)]).T
    exact = effective_resistance(dense(graph))[pairs[0], pairs[1]]
    errors = []
    for columns in (50, 1250):
        found = sketched_resistance(graph, pairs, columns=columns, generator=torch.Generator().manual_seed(2))
        errors.append(float(((found - exact) / exact).square().mean().sqrt()))
    assert errors[0] == pytest.approx((2 / 50) ** 0.5, rel=0.25)
    assert errors[1] == pytest.approx((2 / 1250) ** 0.5, rel=0.25)


def test_a_graph_in_two_parts_and_bad_numbers_are_refused():
    parts = nx.disjoint_union(nx.path_graph(3), nx.path_graph(4))
    with pytest.raises(ValueError, match="connected"):
        effective_resistance(dense(parts))
    pairs, generator = torch.tensor([[0], [1]]), torch.Generator()
    with pytest.raises(ValueError, match="connected"):
        sketched_resistance(parts, pairs, columns=2, generator=generator)
    with pytest.raises(ValueError, match="columns"):
        sketched_resistance(nx.path_graph(3), pairs, columns=0, generator=generator)
    with pytest.raises(ValueError, match="tolerance must be between"):
        sketched_resistance(nx.path_graph(3), pairs, columns=1, generator=generator, tolerance=0)
    with pytest.raises(ValueError, match="did not reach the tolerance"):
        sketched_resistance(nx.path_graph(20_000), pairs, columns=1, generator=generator, tolerance=1e-10)
