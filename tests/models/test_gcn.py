"""Graph convolutional networks against torch-geometric, and member by member."""

from functools import partial

import networkx as nx
import pytest
import torch

from toolkit.graphs import normalized_adjacency, propagate, to_scipy
from toolkit.models import GCN, MLP
from toolkit.training import EarlyStopping, accuracy, cross_entropy, pick, train

GRAPH = nx.karate_club_graph()
X = torch.randn(34, 6, generator=torch.Generator().manual_seed(0))
Y = torch.tensor([int(GRAPH.nodes[v]["club"] == "Officer") for v in GRAPH])
SPREAD = partial(propagate, normalized_adjacency(to_scipy(GRAPH).astype(bool)))


def test_two_layers_compute_what_torch_geometric_computes():
    layer = pytest.importorskip("torch_geometric.nn").GCNConv
    model = GCN([6, 16, 2], [3, 4], SPREAD)
    edges = torch.tensor(list(GRAPH.to_directed().edges)).T
    for k in range(2):
        h = X
        for index, (weight, bias) in enumerate(zip(model.weights, model.biases)):
            peer = layer(*weight.shape[1:])
            with torch.no_grad():
                peer.lin.weight.copy_(weight[k].T)
                peer.bias.copy_(bias[k, 0])
            h = peer(h.relu() if index else h, edges)
        torch.testing.assert_close(model(X)[k], h)


def test_a_member_does_not_depend_on_the_others_and_begins_as_an_mlp():
    several, alone = GCN([6, 8, 2], [5, 6, 7], SPREAD), GCN([6, 8, 2], [6], SPREAD)
    torch.testing.assert_close(several(X)[1], alone(X)[0])
    assert all(torch.equal(a, b) for a, b in zip(several.weights, MLP([6, 8, 2], [5, 6, 7]).weights))
    without = GCN([6, 8, 2], [5, 6, 7], lambda h: h)
    torch.testing.assert_close(without(X), MLP([6, 8, 2], [5, 6, 7])(X))


def test_it_learns_the_clubs_from_a_few_known_members():
    rows = torch.stack([torch.randperm(34, generator=torch.Generator().manual_seed(k)) for k in range(4)])
    known, rest = rows[:, :8], rows[:, 8:]
    model = GCN([6, 16, 2], range(4), SPREAD, drop=0.5)
    stopping = EarlyStopping(X, Y[rest], every=10, rows=rest)
    data = iter(lambda: (X, Y[known]), None)
    train(model, data, loss=lambda o, y: cross_entropy(pick(o, known), y), steps=200, learning_rate=0.01,
          callbacks=[stopping])  # fmt: skip
    assert model.training
    stopping.restore(model)
    chance = torch.maximum(Y[rest].float().mean(1), 1 - Y[rest].float().mean(1))
    assert bool((accuracy(model, X, Y[rest], rows=rest) > chance).all())
    torch.testing.assert_close(stopping.best_loss, cross_entropy(pick(model.eval()(X), rest), Y[rest]).detach())


def test_dropout_acts_only_while_training():
    model = GCN([6, 8, 2], [1], SPREAD, drop=0.5)
    assert not torch.equal(model(X), model(X))
    model.eval()
    assert torch.equal(model(X), model(X))


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="drop"):
        GCN([6, 2], [1], SPREAD, drop=1.0)
    with pytest.raises(ValueError, match="at least one member"):
        GCN([6, 2], [], SPREAD)
