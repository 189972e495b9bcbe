"""Adapters against dense algebra: what a layer computes, learns, and keeps when its update is merged."""

import pytest
import torch
from torch import nn

from toolkit.models import MLP, Ensemble, LanguageModel, LowRankLinear, LowRankMLP, adapters, low_rank_ensemble

G = torch.Generator().manual_seed(0)


def generators(*seeds):
    return [torch.Generator().manual_seed(s) for s in seeds]


def stirred(model):
    """Fills the adapters with numbers, as training would."""
    for adapter in adapters(model):
        nn.init.normal_(adapter.up, generator=G)
    return model


def mlp(seeds=(1, 2, 3)):
    return MLP([6, 8, 7, 3], seeds=seeds, dtype=torch.float64)


def text_models():
    return Ensemble(lambda: LanguageModel(9, 5, 8, 2, 2).double(), [3, 4])


@pytest.mark.parametrize("members", [(), (3,)])
def test_a_layer_is_its_dense_matrix(members):
    weight = torch.randn(*members, 6, 5, dtype=torch.float64, generator=G)
    bias = torch.randn(*members, 1, 5, dtype=torch.float64, generator=G)
    given = generators(1, 2, 3) if members else generators(1)[0]
    layer = stirred(LowRankLinear(weight, bias, 2, generators=given, scale=0.7))
    x = torch.randn(*members, 4, 6, dtype=torch.float64, generator=G)
    dense = (weight + 0.7 * layer.down @ layer.up).detach().requires_grad_()
    torch.testing.assert_close(layer(x), x @ dense + bias)
    (x @ dense + bias).square().sum().backward()
    layer(x).square().sum().backward()
    torch.testing.assert_close(layer.down.grad, 0.7 * dense.grad @ layer.up.mT)  # the chain rule
    torch.testing.assert_close(layer.up.grad, 0.7 * layer.down.mT @ dense.grad)
    assert layer.weight.grad is None and not layer.weight.requires_grad


MAKERS = [
    lambda: LowRankMLP(mlp(), [0, 1], 2, seeds=[1, 2, 3]),
    lambda: low_rank_ensemble(text_models(), ["expand", "out"], 2, seeds=[1, 2]),
]


@pytest.mark.parametrize("make", MAKERS, ids=["mlp", "transformer"])
def test_merging_changes_the_weights_and_not_the_function(make):
    model = stirred(make())
    x = (
        torch.randn(3, 4, 6, dtype=torch.float64, generator=G)
        if isinstance(model, LowRankMLP)
        else torch.randint(9, (2, 4, 5), generator=G)
    )
    before = model(x).detach()
    weights = [a.weight.clone() for a in adapters(model)]
    updates = [a.update().detach() for a in adapters(model)]
    given = generators(*range(model.members))
    for adapter in adapters(model):
        adapter.merge()
        adapter.reinitialize(given)
    torch.testing.assert_close(model(x), before)
    for adapter, weight, update in zip(adapters(model), weights, updates):
        torch.testing.assert_close(adapter.weight, weight + update)
        assert (adapter.up == 0).all() and (adapter.down != 0).any() and update.abs().max() > 0.1
        assert torch.linalg.matrix_rank(update).tolist() == [2] * model.members


def test_the_sum_of_restarts_has_the_sum_of_ranks():
    layer = LowRankLinear(torch.zeros(3, 10, 9, dtype=torch.float64), None, 2, generators=generators(1, 2, 3))
    given = generators(4, 5, 6)
    for restart in range(4):
        stirred(layer).adapter().merge()
        layer.adapter().reinitialize(given)
        assert torch.linalg.matrix_rank(layer.weight).tolist() == [2 * (restart + 1)] * 3


def test_a_new_mlp_computes_the_same_and_learns_all_but_the_frozen_weights():
    net = mlp()
    model = LowRankMLP(net, [0, 1], 2, seeds=[1, 2, 3])
    x = torch.randn(4, 6, dtype=torch.float64, generator=G)
    torch.testing.assert_close(model(x), net(x))
    assert sorted(list(p.shape) for p in model.parameters()) == sorted(
        [[3, 1, 8], [3, 6, 2], [3, 2, 8], [3, 1, 7], [3, 8, 2], [3, 2, 7], [3, 7, 3], [3, 1, 3]]
    )
    with torch.no_grad():
        adapters(model)[0].weight.zero_()
    assert (net.weights[0] != 0).any(), "the model holds copies"


def test_a_new_ensemble_computes_the_same_as_its_members():
    ensemble = text_models()
    model = low_rank_ensemble(ensemble, ["query_key_value", "contract"], 2, seeds=[1, 2])
    tokens = torch.randint(9, (2, 4, 5), generator=G)
    torch.testing.assert_close(model(tokens), ensemble(tokens))
    assert [list(a.weight.shape) for a in adapters(model)] == [[2, 8, 24], [2, 32, 8]] * 2
    stirred(model)
    for k in range(2):
        torch.testing.assert_close(model(tokens)[k], model.alone(k)(tokens[k]))


def test_a_member_is_drawn_from_its_seed_alone():
    together, single = (LowRankMLP(mlp(s), [0], 2, seeds=s) for s in ([4, 9], [9]))
    assert torch.equal(adapters(together)[0].down[1:], adapters(single)[0].down)


def test_initial_law_is_that_of_a_dense_layer():
    layer = LowRankLinear(torch.zeros(400, 300), None, 200, generators=generators(1)[0])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        reference = nn.Linear(400, 200).weight
    assert layer.down.std().item() == pytest.approx(reference.std().item(), rel=0.02)
    assert layer.down.abs().max().item() == pytest.approx(1 / 20, rel=0.01)
    assert (layer.up == 0).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LowRankLinear(torch.zeros(4), None, 1, generators=generators(1)[0]), "weight must be"),
        (lambda: LowRankLinear(torch.zeros(4, 3), None, 4, generators=generators(1)[0]), "between 1 and 3"),
        (lambda: LowRankLinear(torch.zeros(4, 3), None, 2, generators=generators(1)), "a single one"),
        (lambda: LowRankLinear(torch.zeros(2, 4, 3), None, 2, generators=generators(1)), "one per member"),
        (lambda: LowRankMLP(mlp(), [3], 2, seeds=[1, 2, 3]), "some of 0 to 2"),
        (lambda: LowRankMLP(mlp(), [0], 2, seeds=[1]), "one per member"),
        (lambda: LowRankMLP(MLP([4, 3], [0], init="ntk"), [0], 2, seeds=[1]), "ntk"),
        (lambda: low_rank_ensemble(text_models(), ["expand"], 2, seeds=[1]), "one per member"),
        (lambda: low_rank_ensemble(text_models(), ["key"], 2, seeds=[1, 2]), "no dense layer is called 'key'"),
    ],
)
def test_refuses(make, words):
    with pytest.raises(ValueError, match=words):
        make()
