"""Clipping of each member against torch's clipping of one network."""

import copy
from functools import partial

import pytest
import torch

from toolkit.models import MLP
from toolkit.training import ClippedSGD, cross_entropy, train


@pytest.mark.parametrize("length", [0.05, 0.5, 1e6])
def test_each_member_is_clipped_as_if_alone(length):
    x, y = torch.randn(20, 4, generator=torch.Generator().manual_seed(0)).double(), torch.arange(20) % 3
    scale = torch.tensor([0.5, 1.0, 4.0], dtype=torch.float64)
    net = MLP([4, 6, 3], range(3), weight_scale=scale, dtype=torch.float64)
    alone = [copy.deepcopy(net) for _ in range(3)]
    optimizer = partial(ClippedSGD, length=length, momentum=0.9)
    data = iter([(x, y.expand(3, -1))] * 4)
    train(net, data, loss=cross_entropy, steps=4, learning_rate=0.2, optimizer=optimizer)
    for k, other in enumerate(alone):
        engine = torch.optim.SGD(other.parameters(), lr=0.2, momentum=0.9)
        for _ in range(4):
            engine.zero_grad()
            cross_entropy(other(x), y.expand(3, -1))[k].backward()
            torch.nn.utils.clip_grad_norm_(other.parameters(), length)
            engine.step()
        for mine, theirs in zip(net.parameters(), other.parameters()):
            torch.testing.assert_close(mine[k], theirs[k], rtol=1e-5, atol=1e-7)


def test_a_zero_gradient_stays_zero():
    p = torch.nn.Parameter(torch.ones(2, 3))
    p.grad = torch.zeros(2, 3)
    ClippedSGD([p], length=1.0, lr=0.1).step()
    assert torch.equal(p.detach(), torch.ones(2, 3))


@pytest.mark.parametrize(
    ("shapes", "length", "words"), [([(2, 3)], 0.0, "positive"), ([(2, 3), (3, 3)], 1.0, "one K"), ([()], 1.0, "one K")]
)
def test_refuses(shapes, length, words):
    with pytest.raises(ValueError, match=words):
        ClippedSGD([torch.nn.Parameter(torch.ones(s)) for s in shapes], length=length, lr=0.1)
