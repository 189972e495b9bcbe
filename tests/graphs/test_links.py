"""Hidden links, and the area under the ROC curve against scikit-learn."""

import networkx as nx
import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from sklearn.metrics import roc_auc_score

from toolkit.data.graphs import bundled_graph, planted_blocks
from toolkit.graphs import LinkSplit, area_under_roc, link_auc, split_links


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def pairs(tensor):
    return set(map(tuple, tensor.T.tolist()))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_split_keeps_the_graph_together(share):
    graph = bundled_graph("miserables")
    split = split_links(graph.adjacency, share, generator=generator())
    entries = graph.adjacency.tocoo()
    edges = {(i, j) for i, j in zip(entries.row.tolist(), entries.col.tolist()) if i < j}
    kept = split.adjacency.tocoo()
    left = {(i, j) for i, j in zip(kept.row.tolist(), kept.col.tolist()) if i < j}
    hidden, absent = pairs(split.hidden), pairs(split.absent)
    assert len(hidden) == len(absent) == min(round(share * 254), 254 - 76)
    assert left | hidden == edges and not left & hidden and not absent & edges
    assert all(i < j for i, j in absent)
    assert (split.adjacency != split.adjacency.T).nnz == 0
    assert nx.is_connected(nx.from_scipy_sparse_array(split.adjacency))


def test_weights_stay_with_their_edges():
    graph = bundled_graph("miserables", weighted=True)
    split = split_links(graph.adjacency, 0.3, generator=generator())
    kept = split.adjacency.nonzero()
    np.testing.assert_array_equal(split.adjacency[kept], graph.adjacency[kept])


def test_components_stay_together():
    two = nx.disjoint_union(nx.complete_graph(6), nx.complete_graph(5))
    split = split_links(csr_array(nx.to_scipy_sparse_array(two)), 0.4, generator=generator())
    assert nx.number_connected_components(nx.from_scipy_sparse_array(split.adjacency)) == 2


def test_every_edge_and_every_gap_gets_its_turn():
    cycle = nx.cycle_graph(5)  # one edge can be hidden, five pairs are not linked
    matrix = csr_array(nx.to_scipy_sparse_array(cycle))
    splits = [split_links(matrix, 0.2, generator=generator(seed)) for seed in range(1000)]
    for side in ("hidden", "absent"):
        codes = torch.cat([getattr(s, side)[0] * 5 + getattr(s, side)[1] for s in splits])
        counts = codes.unique(return_counts=True)[1]
        assert len(counts) == 5 and counts.min() > 140 and counts.max() < 260


def test_a_large_graph_takes_no_dense_matrix():
    graph = planted_blocks(30_000, 3, degree=10, mixing=0.2, generator=generator())
    split = split_links(graph.adjacency, 0.1, generator=generator())
    assert split.absent.shape == split.hidden.shape == (2, round(0.1 * graph.edges))


@pytest.mark.parametrize(
    ("matrix", "share", "message"),
    [
        (nx.to_scipy_sparse_array(nx.cycle_graph(5)), 0.0, "between 0 and 1; got 0"),
        (nx.to_scipy_sparse_array(nx.cycle_graph(5)), 1.0, "between 0 and 1"),
        (csr_array(np.triu(np.ones((4, 4)))), 0.5, "symmetric"),
        (nx.to_scipy_sparse_array(nx.path_graph(5)), 0.5, "forest"),
        (nx.to_scipy_sparse_array(nx.complete_graph(5)), 0.5, "only 0 pairs are not linked, fewer than the 5"),
    ],
)
def test_unusable_splits_are_refused(matrix, share, message):
    with pytest.raises(ValueError, match=message):
        split_links(matrix, share, generator=generator())


@pytest.mark.parametrize("seed", range(5))
def test_area_against_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    positive, negative = rng.integers(0, 6, 40) + 1, rng.integers(0, 6, 70)  # with many ties
    truth = np.r_[np.ones(40), np.zeros(70)]
    expected = roc_auc_score(truth, np.r_[positive, negative])
    assert area_under_roc(torch.from_numpy(positive), torch.from_numpy(negative)) == pytest.approx(expected)


def test_area_at_its_ends():
    low, high = torch.zeros(3), torch.ones(4)
    assert area_under_roc(high, low) == 1 and area_under_roc(low, high) == 0 and area_under_roc(low, low) == 0.5
    assert area_under_roc(torch.tensor([float("inf")]), low) == 1


def test_area_refuses_what_has_no_order():
    with pytest.raises(ValueError, match="0 positive and 2 negative"):
        area_under_roc(torch.zeros(0), torch.zeros(2))
    with pytest.raises(ValueError, match="nan"):
        area_under_roc(torch.tensor([float("nan")]), torch.zeros(2))


def test_link_auc_is_the_auc_of_cosines():
    split = split_links(bundled_graph("miserables").adjacency, 0.2, generator=generator())
    embedding = torch.randn(77, 5, generator=generator(1)) + 3
    centred = (embedding - embedding.mean(0)).double().numpy()
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    i, j = torch.cat([split.hidden, split.absent], dim=1).numpy()
    truth = np.repeat([1, 0], split.hidden.shape[1])
    expected = roc_auc_score(truth, (unit[i] * unit[j]).sum(1))
    assert link_auc(embedding, split) == pytest.approx(expected)
    assert link_auc(2 * embedding + 1, split) == pytest.approx(expected)  # only the geometry counts


def test_link_auc_wants_a_row_for_each_node():
    split = LinkSplit(csr_array((3, 3)), torch.tensor([[0], [1]]), torch.tensor([[0], [2]]))
    with pytest.raises(ValueError, match="each of 3 nodes"):
        link_auc(torch.zeros(4, 2), split)
