"""Closed forms against quadrature, Monte Carlo, sampled networks and known identities."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import erf

from toolkit.kernels import empirical_ntk, infinite_kernels
from toolkit.models import MLP

VARIANCES = [(1.0, 0.01), (2.0, 0.0), (1.7, 0.3)]


def points(n=6, d=3, seed=0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def circle_average(g, covariance):
    """E[g(u, v)] for a centred Gaussian pair and g homogeneous of degree p, as ``(angular mean, p)``."""
    (a, c), (_, b) = covariance
    theta = math.acos(max(-1.0, min(1.0, c / math.sqrt(a * b))))
    breaks = [math.pi / 2, 3 * math.pi / 2, theta + math.pi / 2, theta - math.pi / 2, theta + 3 * math.pi / 2]
    breaks = [p for p in breaks if 0 < p < 2 * math.pi]
    angular = quad(
        lambda phi: g(math.sqrt(a) * math.cos(phi), math.sqrt(b) * math.cos(phi - theta)),
        0,
        2 * math.pi,
        points=breaks,
        epsabs=1e-13,
    )[0]
    return angular / (2 * math.pi)


def relu_reference(covariance):
    """By quadrature over the angle; E[r^2] = 2 for the radius of a planar standard Gaussian."""
    products = 2 * circle_average(lambda u, v: max(u, 0) * max(v, 0), covariance)
    return products, circle_average(lambda u, v: float(u > 0 and v > 0), covariance)


def erf_reference(covariance):
    """By the trapezoid rule in the plane, which converges exponentially for smooth decaying integrands."""
    nodes = np.linspace(-9, 9, 301)
    weights = np.exp(-(nodes**2) / 2)
    weights = weights / weights.sum()
    root = np.linalg.cholesky(np.array(covariance) + 1e-14 * np.eye(2))
    u = root[0, 0] * nodes[:, None]
    v = root[1, 0] * nodes[:, None] + root[1, 1] * nodes[None, :]
    slopes = 4 / math.pi * np.exp(-(u**2) - v**2)
    return float(weights @ (erf(u) * erf(v)) @ weights), float(weights @ slopes @ weights)


def linear_reference(covariance):
    return covariance[0][1], 1.0


REFERENCES = {"relu": relu_reference, "erf": erf_reference, "linear": linear_reference}


def recursion_by_quadrature(x, y, *, depth, activation, weight_variance, bias_variance):
    """(S, T) at one pair of points, every Gaussian expectation taken numerically."""
    expect = REFERENCES[activation]

    def start(u, v):
        return weight_variance * float(u @ v) / len(u) + bias_variance

    def follow(a, b, c):
        return weight_variance * expect([[a, c], [c, b]])[0] + bias_variance

    a, b, c = start(x, x), start(y, y), start(x, y)  # S(x, x), S(y, y), S(x, y)
    t = c
    for _ in range(depth - 1):
        slopes = expect([[a, c], [c, b]])[1]
        a, b, c = follow(a, a, a), follow(b, b, b), follow(a, b, c)
        t = weight_variance * slopes * t + c
    return c, t


@pytest.mark.parametrize("activation", ["relu", "erf", "linear"])
@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize("weight_variance, bias_variance", VARIANCES)
def test_agrees_with_quadrature(activation, depth, weight_variance, bias_variance):
    x, y = points(2), points(2, seed=1)
    options = dict(depth=depth, activation=activation, weight_variance=weight_variance, bias_variance=bias_variance)
    kernels = infinite_kernels(x, y, **options)
    for i in range(2):
        for j in range(2):
            nngp, ntk = recursion_by_quadrature(x[i], y[j], **options)
            assert kernels.nngp[i, j].item() == pytest.approx(nngp, rel=1e-8, abs=1e-10)
            assert kernels.ntk[i, j].item() == pytest.approx(ntk, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize(
    "activation, slope",
    [
        ("relu", lambda z: (z > 0).double()),
        ("erf", lambda z: 2 / math.sqrt(math.pi) * torch.exp(-z.square())),
    ],
)
def test_agrees_with_monte_carlo(activation, slope):
    """Depth 2 by 10^6 Gaussian pairs in float64, within five standard errors."""
    x = points(2)
    phi = {"relu": torch.relu, "erf": torch.erf}[activation]
    covariance = 1.3 * x @ x.T / 3 + 0.2
    draws = torch.randn(10**6, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    u, v = (draws @ torch.linalg.cholesky(covariance).T).unbind(1)
    kernels = infinite_kernels(x, depth=2, activation=activation, weight_variance=1.3, bias_variance=0.2)
    nngp = 1.3 * phi(u) * phi(v) + 0.2
    ntk = 1.3 * slope(u) * slope(v) * covariance[0, 1] + nngp
    for found, sampled in ((kernels.nngp, nngp), (kernels.ntk, ntk)):
        error = sampled.std() / math.sqrt(len(sampled))
        assert abs(found[0, 1] - sampled.mean()) < 5 * error


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_is_the_limit_of_wide_networks(activation):
    """60 networks of width 512 in float64: output covariance and mean tangent kernel at depth 3.

    Tolerance: five standard errors, and 2 % of the largest entry for the bias of order 1 / width.
    """
    x, draws = points(4), 60
    net = MLP(
        [3, 512, 512, 1],
        range(draws),
        activation=activation,
        init="ntk",
        weight_scale=1.3,
        bias_scale=0.4,
        dtype=torch.float64,
    )
    limit = infinite_kernels(x, depth=3, activation=activation, weight_variance=1.69, bias_variance=0.16)
    tangent = empirical_ntk(net, x)
    error = tangent.std(0) / math.sqrt(draws)
    assert torch.all((tangent.mean(0) - limit.ntk).abs() < 5 * error + 0.02 * limit.ntk.max())
    # the covariance of f given the last hidden layer, which has far less noise than f itself
    hidden = net.activation(net.preactivations(x)[-2])
    covariance = 1.69 * hidden @ hidden.mT / 512 + 0.16
    error = covariance.std(0) / math.sqrt(draws)
    assert torch.all((covariance.mean(0) - limit.nngp).abs() < 5 * error + 0.02 * limit.nngp.max())


def test_default_variances_are_those_of_the_network():
    x = points(3)
    net = MLP([3, 4096, 1], range(20), init="ntk", dtype=torch.float64)
    assert torch.allclose(empirical_ntk(net, x).mean(0), infinite_kernels(x, depth=2).ntk, rtol=0.05)


def test_relu_with_variance_two_preserves_the_diagonal_and_its_ntk_grows_with_depth():
    x = points()
    size = 2 * x.square().sum(1) / 3
    for depth in (1, 2, 5, 40):
        kernels = infinite_kernels(x, depth=depth, weight_variance=2.0, bias_variance=0.0)
        torch.testing.assert_close(kernels.nngp.diagonal(), size, rtol=1e-12, atol=0)
        torch.testing.assert_close(kernels.ntk.diagonal(), depth * size, rtol=1e-12, atol=0)


def test_two_layers_give_the_arc_cosine_kernels():
    """Cho and Saul 2009: k_0 = 1 - t/pi, k_1 = |x||y| (sin t + (pi - t) cos t) / pi; orthogonal points."""
    x = torch.eye(2, dtype=torch.float64)
    kernels = infinite_kernels(x, depth=2, weight_variance=2.0, bias_variance=0.0)
    assert kernels.nngp[0, 1].item() == pytest.approx(1 / math.pi, rel=1e-12)
    assert kernels.ntk[0, 1].item() == pytest.approx(1 / math.pi, rel=1e-12)
    y = torch.tensor([[math.cos(1.0), math.sin(1.0)]], dtype=torch.float64)
    kernels = infinite_kernels(x[:1], y, depth=2, weight_variance=2.0, bias_variance=0.0)
    k1 = (math.sin(1) + (math.pi - 1) * math.cos(1)) / math.pi
    assert kernels.nngp.item() == pytest.approx(k1, rel=1e-12)
    assert kernels.ntk.item() == pytest.approx(k1 + (1 - 1 / math.pi) * math.cos(1), rel=1e-12)


def test_relu_kernels_scale_with_the_points():
    x, y = points(), points(4, seed=1)
    options = dict(depth=4, weight_variance=1.5, bias_variance=0.0)
    for plain, scaled in zip(infinite_kernels(x, y, **options), infinite_kernels(3 * x, y, **options)):
        torch.testing.assert_close(scaled, 3 * plain, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("activation", ["relu", "erf", "linear"])
def test_symmetric_and_positive(activation):
    x = points(30, 5)
    for kernel in infinite_kernels(x, depth=4, activation=activation, weight_variance=1.8, bias_variance=0.1):
        assert torch.equal(kernel, kernel.T)
        assert torch.linalg.eigvalsh(kernel).min() > -1e-12 * kernel.diagonal().max()


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_one_set_twice_agrees_with_one_set(activation):
    x = points(5)
    one = infinite_kernels(x, depth=3, activation=activation)
    two = infinite_kernels(x, x.clone(), depth=3, activation=activation)
    for a, b in zip(one, two):
        torch.testing.assert_close(a, b, rtol=1e-7, atol=0)


def test_antipodal_collinear_and_zero_points_stay_finite():
    x = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [1e-3, 0.0], [0.0, 0.0]], dtype=torch.float64)
    nngp, ntk = infinite_kernels(x, depth=4, weight_variance=2.0, bias_variance=0.0)
    assert torch.isfinite(nngp).all() and torch.isfinite(ntk).all()
    assert torch.all(nngp[3] == 0) and torch.all(ntk[3] == 0)
    assert nngp[0, 2].item() == pytest.approx(1e-3, rel=1e-9)


def test_precision_and_device_follow_the_points():
    x = points(5)
    exact = infinite_kernels(x, depth=6)
    single = infinite_kernels(x.float(), depth=6)
    assert single.ntk.dtype == torch.float32
    torch.testing.assert_close(single.ntk.double(), exact.ntk, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(activation="tanh"), "activation must be one of relu, erf, linear"),
        (dict(depth=0), "depth must be a whole number of at least 1"),
        (dict(depth=2.0), "depth must be a whole number"),
        (dict(weight_variance=-1.0), "weight_variance must be finite and not negative"),
        (dict(bias_variance=-0.1), "bias_variance must be finite and not negative"),
        (dict(bias_variance=math.nan), "bias_variance must be finite"),
    ],
)
def test_bad_settings_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        infinite_kernels(points(), **{"depth": 3, **change})


@pytest.mark.parametrize(
    "x, y",
    [
        (torch.zeros(3), None),
        (torch.zeros(3, 2), torch.zeros(3, 4)),
        (torch.zeros(2, 3, 2), None),
        (torch.zeros(3, 0), None),
    ],
)
def test_bad_shapes_are_refused(x, y):
    with pytest.raises(ValueError, match=r"points must be \[n, d\] and \[m, d\]"):
        infinite_kernels(x, y, depth=2)
