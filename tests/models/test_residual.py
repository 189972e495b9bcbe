"""The residual network: shapes, parameters, its start, many at once."""

import pytest
import torch

from toolkit.models import Ensemble, ResNet8
from toolkit.models.residual import Residual


def test_parameters_and_shapes():
    net = ResNet8(width=16)
    # by hand: 3x3 convolutions with biases, 1x1 shortcuts without, a linear layer
    first = 27 * 16 + 16
    blocks = [(i * 9 + 1) * o + (o * 9 + 1) * o + (i * o if i != o else 0) for i, o in ((16, 16), (16, 32), (32, 64))]
    assert sum(p.numel() for p in net.parameters()) == first + sum(blocks) + 650
    assert net(torch.randn(2, 3, 32, 32)).shape == (2, 10)


def test_blocks_start_as_their_shortcut():
    x = torch.rand(2, 4, 6, 6)
    torch.testing.assert_close(Residual(4, 4)(x), x)
    block = Residual(4, 8, stride=2)
    torch.testing.assert_close(block(x), block.shortcut(x).relu())
    assert block(x).shape == (2, 8, 3, 3)


def test_an_ensemble_computes_each_alone():
    net = Ensemble(lambda: ResNet8(width=2, activation="gelu"), [0, 1])
    x = torch.randn(2, 3, 3, 8, 8)
    torch.testing.assert_close(net(x)[1], net.alone(1)(x[1]))


@pytest.mark.parametrize(
    ("arguments", "words"), [({"width": 0}, "must be positive"), ({"activation": "tanh"}, "one of gelu, relu")]
)
def test_refuses(arguments, words):
    with pytest.raises(ValueError, match=words):
        ResNet8(**arguments)
