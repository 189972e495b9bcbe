"""Lines, curves and planes against closed forms."""

import pytest
import torch
from torch import nn

from toolkit.curvature import flatten
from toolkit.landscape import barrier, bezier, heights, layer_masks, losses_at, plane_through, segment
from toolkit.models import CNN, MLP, Ensemble
from toolkit.training import cross_entropy

T = torch.linspace(0, 1, 41, dtype=torch.float64)


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def product(w):
    """A network with one unit per layer: it should multiply by one."""
    return 0.5 * (w[0] * w[1] - 1) ** 2


@pytest.mark.parametrize(("a", "b"), [(1.0, 2.0), (1.0, -1.0), (0.5, 3.0)])
def test_the_barrier_of_the_product_model(a, b):
    """Between (a, 1/a) and (b, 1/b) the loss is t^2 (1 - t)^2 r^2 / 2 with r = (a - b)^2 / (a b)."""
    start, end = (torch.tensor([s, 1 / s], dtype=torch.float64) for s in (a, b))
    found = losses_at(product, segment(start, end, T))
    ratio = (a - b) ** 2 / (a * b)
    torch.testing.assert_close(found, 0.5 * (T * (1 - T) * ratio) ** 2)
    assert barrier(T, found).item() == pytest.approx(ratio**2 / 32)


def test_the_barrier_of_a_quadratic_is_zero_and_its_height_known():
    matrix = numbers(6, 6)
    matrix = matrix @ matrix.T
    start, end = numbers(3, 6, seed=1), numbers(3, 6, seed=2)
    losses = losses_at(lambda w: 0.5 * w @ matrix @ w, segment(start, end, T))
    curved = ((end - start) @ matrix * (end - start)).sum(-1)
    torch.testing.assert_close(heights(T, losses), -0.5 * T * (1 - T) * curved[:, None])
    assert (barrier(T, losses) == 0).all()


def test_many_networks_at_once_are_each_alone():
    net = MLP([4, 6, 3], range(3), dtype=torch.float64)
    x, y = numbers(20, 4), torch.arange(20) % 3
    vectors, network = flatten(net)

    def loss(v):
        return cross_entropy(network(v, x), y)

    found = losses_at(loss, vectors, chunk=2)
    torch.testing.assert_close(found, cross_entropy(net(x), y.expand(3, -1)).detach())
    line = losses_at(loss, segment(vectors, vectors.roll(1, 0), T))
    assert line.shape == (3, len(T))
    torch.testing.assert_close(line[1], losses_at(loss, segment(vectors[1], vectors[0], T)))
    torch.testing.assert_close(line[:, [0, -1]], torch.stack([found, found.roll(1)], dim=1))


def test_a_bezier_curve_touches_its_ends_and_halfway_point():
    start, bend, end = numbers(3, 2, 5)
    curve = bezier(start, bend, end, T)
    torch.testing.assert_close(curve[:, 0], start)
    torch.testing.assert_close(curve[:, -1], end)
    torch.testing.assert_close(curve[:, 20], start / 4 + bend / 2 + end / 4)
    torch.testing.assert_close(bezier(start, (start + end) / 2, end, T), segment(start, end, T))


def test_a_bend_goes_around_the_ridge():
    """Along the quarter circle's curve from (1, 0) to (0, 1) the loss of a ring is lower than on the chord."""

    def ring(w):
        return (w.norm() - 1) ** 2

    start, end = torch.eye(2, dtype=torch.float64)
    straight = barrier(T, losses_at(ring, segment(start, end, T)))
    bent = barrier(T, losses_at(ring, bezier(start, start + end, end, T)))
    assert straight.item() == pytest.approx((1 - 0.5**0.5) ** 2)
    assert bent < straight / 10


def test_layers_of_every_kind_of_network():
    names, masks = layer_masks(MLP([4, 6, 3], [0, 1]))
    assert names == ["layer 1", "layer 2"]
    assert masks.sum(1).tolist() == [30, 21]
    names, masks = layer_masks(CNN((1, 4, 4), [2], [5], 3, [0]))
    assert names == ["layer 1", "layer 2", "layer 3", "layer 4"]

    def build():
        return nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3))

    for model in (Ensemble(build, [0, 1]), build()):
        names, masks = layer_masks(model)
        assert names == ["0", "2"]
        assert masks.sum(1).tolist() == [20, 27]
        assert (masks.sum(0) == 1).all()


def test_a_mask_moves_one_layer_alone():
    net = MLP([4, 6, 3], [0, 1])
    (one, two), _ = flatten(net)
    _, masks = layer_masks(net)
    with torch.no_grad():
        net.weights[1][0], net.biases[1][0] = net.weights[1][1], net.biases[1][1]
    torch.testing.assert_close(one + masks[1] * (two - one), flatten(net)[0][0])


def test_a_plane_holds_its_three_networks():
    corners = numbers(3, 7)
    plane = plane_through(*corners)
    torch.testing.assert_close(plane.axes @ plane.axes.T, torch.eye(2, dtype=torch.float64))
    for corner, (u, v) in zip(corners, plane.corners):
        torch.testing.assert_close(plane.points(u[None], v[None])[0, 0], corner)
    torch.testing.assert_close(plane.coordinates(corners), plane.corners)
    grid = plane.points(torch.arange(4).double(), torch.arange(3).double())
    assert grid.shape == (3, 4, 7)
    torch.testing.assert_close(grid[2, 1], plane.origin + plane.axes[0] + 2 * plane.axes[1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: segment(numbers(3), numbers(4), T), "start and end must have one shape"),
        (lambda: segment(numbers(3), numbers(3), T[0]), "t must be"),
        (lambda: bezier(numbers(3), numbers(4), numbers(3), T), "start and bend"),
        (lambda: losses_at(product, numbers(5, 2), chunk=0), "chunk must be at least 1"),
        (lambda: losses_at(lambda w: w, numbers(5, 2)), "loss must give a scalar"),
        (lambda: heights(T[1:], T[1:]), "from 0 to 1"),
        (lambda: heights(T, T[1:]), "losses must be"),
        (lambda: plane_through(numbers(3), 2 * numbers(3), 3 * numbers(3)), "on one line"),
        (lambda: plane_through(numbers(3), numbers(3), numbers(3, seed=1)), "on one line"),
        (lambda: plane_through(numbers(2, 3), numbers(2, 3), numbers(2, 3)), "three networks"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
