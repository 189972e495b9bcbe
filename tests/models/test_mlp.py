"""The batched MLP against torch's own layers, and what it refuses."""

import math

import pytest
import torch
from torch import nn

from toolkit.models import MLP


def alone(net: MLP, k: int, activation=nn.ReLU) -> nn.Sequential:
    """Member k as a plain torch network."""
    layers = []
    for weight, bias in zip(net.weights, net.biases):
        linear = nn.Linear(weight.shape[1], weight.shape[2], dtype=weight.dtype)
        with torch.no_grad():
            linear.weight.copy_(weight[k].T)
            linear.bias.copy_(bias[k, 0])
        layers += [linear, activation()]
    return nn.Sequential(*layers[:-1])


def test_forward_is_that_of_plain_layers():
    net = MLP([5, 7, 6, 3], seeds=[1, 2, 3], dtype=torch.float64)
    shared = torch.randn(4, 5, dtype=torch.float64)
    own = torch.randn(3, 4, 5, dtype=torch.float64)
    for k in range(3):
        torch.testing.assert_close(net(shared)[k], alone(net, k)(shared))
        torch.testing.assert_close(net(own)[k], alone(net, k)(own[k]))


@pytest.mark.parametrize(("name", "activation"), [("gelu", nn.GELU), ("tanh", nn.Tanh)])
def test_activations_are_torchs(name, activation):
    net = MLP([5, 7, 6, 3], seeds=[1, 2], activation=name)
    x = torch.randn(4, 5)
    torch.testing.assert_close(net(x)[1], alone(net, 1, activation)(x))


def test_a_member_depends_on_its_seed_alone():
    together, single = MLP([5, 7, 3], seeds=[4, 9]), MLP([5, 7, 3], seeds=[9])
    for a, b in zip(together.parameters(), single.parameters()):
        assert torch.equal(a[1:], b)


@pytest.mark.parametrize(
    ("init", "variance"), [("glorot_normal", 2 / 700), ("he_normal", 2 / 400), ("lecun_normal", 1 / 400), ("ntk", 1)]
)
def test_initial_variance(init, variance):
    weight = MLP([400, 300], seeds=[0], init=init).weights[0]
    assert weight.var().item() == pytest.approx(variance, rel=0.03)
    assert abs(weight.mean().item()) < 4 * math.sqrt(variance / weight.numel())


def test_weight_scale_per_member():
    plain = MLP([5, 7, 3], seeds=[0, 0])
    scaled = MLP([5, 7, 3], seeds=[0, 0], weight_scale=torch.tensor([1.0, 3.0]))
    torch.testing.assert_close(scaled.weights[0][1], 3 * plain.weights[0][1])
    torch.testing.assert_close(scaled.weights[0][0], plain.weights[0][0])


def test_ntk_parametrization_is_its_formula():
    net = MLP([4, 6, 1], seeds=[3], init="ntk", weight_scale=1.5, bias_scale=0.2, activation="tanh")
    x = torch.randn(5, 4)
    w1, w2, b1, b2 = net.weights[0][0], net.weights[1][0], net.biases[0][0], net.biases[1][0]
    hidden = torch.tanh(1.5 / math.sqrt(4) * x @ w1 + 0.2 * b1)
    torch.testing.assert_close(net(x)[0], 1.5 / math.sqrt(6) * hidden @ w2 + 0.2 * b2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sizes": [5], "seeds": [0]}, "at least input and output"),
        ({"sizes": [5, 0], "seeds": [0]}, "all positive"),
        ({"sizes": [5, 3], "seeds": []}, "at least one member"),
        ({"sizes": [5, 3], "seeds": [0], "activation": "swish"}, "activation must be one of"),
        ({"sizes": [5, 3], "seeds": [0], "init": "zeros"}, "init must be one of"),
        ({"sizes": [5, 3], "seeds": [0], "weight_scale": torch.ones(2)}, "weight_scale"),
    ],
)
def test_refuses(arguments, words):
    with pytest.raises(ValueError, match=words):
        MLP(**arguments)
