"""The layer-by-layer kernel against the sum over parameters that defines it."""

import pytest
import torch
from torch.func import functional_call, jacrev, vmap

from toolkit.kernels import empirical_ntk
from toolkit.models import MLP


def points(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_jacobian(net: MLP, x1, x2, member: int):
    """``[n, m, o, o]`` for one member: products of derivatives, summed over its parameters."""
    parameters = dict(net.named_parameters())

    def derivatives(x):
        one = lambda p, y: functional_call(net, p, (y[None],))[member, 0]  # noqa: E731
        return [j.flatten(2) for j in vmap(jacrev(one), (None, 0))(parameters, x).values()]

    return sum(torch.einsum("iap,jbp->ijab", a, b) for a, b in zip(derivatives(x1), derivatives(x2)))


def check(net, x1, x2=None):
    kernel = empirical_ntk(net, x1, x2, output=None)
    x2 = x1 if x2 is None else x2
    for k in range(net.members):
        pick = [x if x.ndim == 2 else x[k] for x in (x1, x2)]
        torch.testing.assert_close(kernel[k], by_jacobian(net, *pick, k), rtol=1e-10, atol=1e-12)
    for output in range(net.sizes[-1]):
        alone = empirical_ntk(net, x1, x2, output=output)
        torch.testing.assert_close(alone, kernel[..., output, output], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("activation", ["relu", "erf", "tanh", "linear"])
@pytest.mark.parametrize("bias_scale", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("sizes", [[3, 1], [3, 9, 1], [3, 8, 7, 6, 1]])
def test_agrees_with_the_jacobian(activation, bias_scale, sizes):
    net = MLP(
        sizes,
        [3, 4],
        activation=activation,
        init="ntk",
        bias_scale=bias_scale,
        weight_scale=1.4,
        dtype=torch.float64,
    )
    check(net, points(5, 3))
    check(net, points(5, 3), points(4, 3, seed=1))


@pytest.mark.parametrize("init", ["glorot_normal", "he_normal", "lecun_normal", "ntk"])
def test_any_parametrization_and_several_outputs(init):
    check(MLP([3, 8, 8, 3], [0, 1, 2], init=init, activation="tanh", dtype=torch.float64), points(4, 3))


def test_one_weight_scale_per_member_and_points_of_their_own():
    net = MLP([3, 8, 8, 2], [0, 1], init="ntk", weight_scale=torch.tensor([1.0, 2.0]), dtype=torch.float64)
    check(net, points(2, 4, 3), points(2, 5, 3, seed=1))
    check(net, points(2, 4, 3), points(5, 3, seed=1))


def test_after_training_the_present_parameters_count():
    net = MLP([3, 8, 1], [0], init="ntk", dtype=torch.float64)
    before = empirical_ntk(net, points(4, 3))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(1.5)
    check(net, points(4, 3))
    assert not torch.allclose(before, empirical_ntk(net, points(4, 3)))


def test_members_do_not_depend_on_each_other():
    x = points(4, 3)
    both = empirical_ntk(MLP([3, 16, 1], [5, 6], init="ntk", dtype=torch.float64), x)
    alone = empirical_ntk(MLP([3, 16, 1], [6], init="ntk", dtype=torch.float64), x)
    torch.testing.assert_close(both[1], alone[0])


def test_symmetric_positive_and_without_trace():
    net = MLP([3, 32, 32, 1], [0, 1], init="ntk", dtype=torch.float64)
    kernel = empirical_ntk(net, points(6, 3))
    torch.testing.assert_close(kernel, kernel.mT)
    assert torch.linalg.eigvalsh(kernel).min() > -1e-12
    assert not kernel.requires_grad
    assert all(p.grad is None for p in net.parameters())


def test_single_precision():
    net = MLP([3, 64, 64, 1], [0], init="ntk", dtype=torch.float64)
    exact = empirical_ntk(net, points(5, 3))
    single = empirical_ntk(net.float(), points(5, 3).float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), exact, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(3,), (5, 4), (3, 5, 3), (2, 2, 5, 3)])
def test_bad_points_are_refused(shape):
    with pytest.raises(ValueError, match=r"points must be \[n, 3\] or \[2, n, 3\]"):
        empirical_ntk(MLP([3, 8, 1], [0, 1], init="ntk"), torch.zeros(shape))


@pytest.mark.parametrize("output", [-1, 2])
def test_unknown_outputs_are_refused(output):
    with pytest.raises(IndexError, match="output must lie between 0 and 1"):
        empirical_ntk(MLP([3, 8, 2], [0], init="ntk"), torch.zeros(4, 3), output=output)
