"""Random walks against the transition matrix, and node2vec's against its definition."""

import networkx as nx
import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from toolkit.graphs import random_walks, sparse_tensor


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def weighted_graph():
    return nx.convert_node_labels_to_integers(nx.les_miserables_graph())


def frequencies(walks, n):
    counts = torch.zeros(n, n)
    counts.index_put_((walks[:, :-1].flatten(), walks[:, 1:].flatten()), torch.ones(walks[:, 1:].numel()), True)
    return counts


def assert_frequencies(counts, probabilities):
    """Every frequency within five standard deviations of its probability, and none where there is no edge."""
    visits = counts.sum(1, keepdim=True)
    assert visits.min() > 0
    spread = (probabilities * (1 - probabilities) / visits).sqrt()
    assert ((counts / visits - probabilities).abs() <= 5 * spread + 1e-6).all()


@pytest.mark.parametrize("weight", [None, "weight"])
def test_steps_have_the_frequencies_of_the_transition_matrix(weight):
    graph = weighted_graph()
    matrix = nx.to_scipy_sparse_array(graph, weight=weight, dtype=np.float32)
    walks = random_walks(sparse_tensor(matrix), torch.arange(77).repeat(300), 40, generator=generator())
    dense = torch.from_numpy(matrix.toarray())
    assert_frequencies(frequencies(walks, 77), dense / dense.sum(1, keepdim=True))


def test_long_walks_end_in_proportion_to_the_degree():
    graph = weighted_graph()
    walks = random_walks(sparse_tensor(graph), torch.zeros(20_000, dtype=torch.int64), 60, generator=generator())
    found = torch.bincount(walks[:, -1], minlength=77) / 20_000
    strength = torch.tensor([float(d) for _, d in graph.degree(weight="weight")])
    expected = strength / strength.sum()
    assert ((found - expected).abs() < 5 * (expected / 20_000).sqrt()).all()


@pytest.mark.parametrize(("p", "q"), [(0.25, 4.0), (4.0, 0.25), (1.0, 0.5)])
def test_second_order_steps_against_the_definition(p, q):
    graph = nx.Graph([(0, 1, {"weight": 2.0}), (0, 2), (1, 2), (1, 3), (2, 3, {"weight": 3.0}), (3, 4), (1, 4)])
    walks = random_walks(sparse_tensor(graph), torch.arange(5).repeat(4000), 12, p=p, q=q, generator=generator())
    triples = torch.stack([walks[:, :-2], walks[:, 1:-1], walks[:, 2:]], -1).reshape(-1, 3)
    for before, here in [(a, b) for edge in graph.edges for a, b in (edge, edge[::-1])]:
        after = triples[(triples[:, 0] == before) & (triples[:, 1] == here), 2]
        bias = {
            x: graph[here][x].get("weight", 1.0)
            * (1 / p if x == before else 1.0 if graph.has_edge(before, x) else 1 / q)
            for x in graph[here]
        }
        for x, weight in bias.items():
            expected = weight / sum(bias.values())
            spread = (expected * (1 - expected) / len(after)) ** 0.5
            assert abs((after == x).float().mean() - expected) < 5 * spread, (before, here, x)


def test_the_first_step_of_node2vec_is_an_ordinary_one():
    star = sparse_tensor(nx.star_graph(4))
    walks = random_walks(star, torch.zeros(8000, dtype=torch.int64), 2, p=100.0, q=0.01, generator=generator())
    share = torch.bincount(walks[:, 1], minlength=5)[1:] / 8000
    assert ((share - 0.25).abs() < 0.03).all()


def test_p_and_q_of_one_give_the_plain_walks():
    graph, starts = sparse_tensor(weighted_graph()), torch.arange(77)
    plain = random_walks(graph, starts, 20, generator=generator(1))
    same = random_walks(graph, starts, 20, p=1.0, q=1.0, generator=generator(1))
    other = random_walks(graph, starts, 20, generator=generator(2))
    assert torch.equal(plain, same) and not torch.equal(plain, other)
    assert torch.equal(plain[:, 0], starts) and plain.shape == (77, 20)


def test_a_walker_without_edges_stays():
    graph = nx.path_graph(3)
    graph.add_node(3)
    tensor = sparse_tensor(graph)
    for q in (1.0, 0.5):
        walks = random_walks(tensor, torch.tensor([3, 0]), 5, q=q, generator=generator())
        assert walks[0].tolist() == [3] * 5 and walks[1, 1] == 1
    nothing = sparse_tensor(csr_array((2, 2), dtype=np.float32))
    assert random_walks(nothing, torch.tensor([0, 1]), 3, generator=generator()).tolist() == [[0] * 3, [1] * 3]


def test_no_walkers_and_one_node_walks():
    tensor = sparse_tensor(nx.path_graph(3))
    empty = torch.zeros(0, dtype=torch.int64)
    assert random_walks(tensor, empty, 5, generator=generator()).shape == (0, 5)
    assert random_walks(tensor, torch.tensor([2]), 1, generator=generator()).tolist() == [[2]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"adjacency": torch.eye(3)}, "sparse CSR"),
        ({"starts": torch.tensor([3])}, "between 0 and 2"),
        ({"starts": torch.tensor([-1])}, "between 0 and 2"),
        ({"starts": torch.tensor([[0]])}, "between 0 and 2"),
        ({"length": 0}, "at least 1; got 0"),
        ({"p": 0.0}, "p and q must be positive"),
        ({"q": float("nan")}, "p and q must be positive"),
    ],
)
def test_unusable_input_is_refused(change, message):
    given = {"adjacency": sparse_tensor(nx.path_graph(3)), "starts": torch.tensor([0]), "length": 4} | change
    with pytest.raises(ValueError, match=message):
        random_walks(generator=generator(), **given)


def test_hopeless_rejection_is_reported(monkeypatch):
    monkeypatch.setattr("toolkit.graphs.walks.ROUNDS", 3)
    path = sparse_tensor(nx.path_graph(2))  # the only step turns back, and p forbids it
    with pytest.raises(RuntimeError, match="bring them closer to 1"):
        random_walks(path, torch.tensor([0]), 4, p=1e9, generator=generator())
