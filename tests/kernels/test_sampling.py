"""Sampled networks against their exact covariance and cumulants; memory and seeds."""

import math

import pytest
import torch

from toolkit.kernels import infinite_kernels, random_layers, sample_outputs, standardized_sum, unit_cumulants

ONE = torch.ones(1, 1)


def test_covariance_is_the_nngp_kernel_at_every_width():
    """Within five standard errors of 2 * 10^5 networks."""
    x = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    wanted = infinite_kernels(x, depth=2, bias_variance=0.0).nngp
    for width in (1, 5):
        f = sample_outputs(x, width, 100_000, seeds=[1, 2]).flatten(0, 1)
        products = f[:, :, None] * f[:, None, :]
        error = products.std(0) / math.sqrt(len(f))
        assert torch.all((products.mean(0) - wanted).abs() < 5 * error)


@pytest.mark.parametrize("law", ["normal", "uniform"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("width", [2, 8])
def test_fourth_cumulant_is_the_closed_form(activation, law, width):
    """Eight ensembles of 10^5 networks; five standard errors over the ensembles."""
    f = sample_outputs(ONE.double(), width, 100_000, seeds=range(8), activation=activation, law=law)[..., 0]
    excess = f.pow(4).mean(1) / f.square().mean(1) ** 2 - 3
    wanted = standardized_sum(unit_cumulants(activation, law), width)[3]
    assert abs(excess.mean() - wanted) < 5 * excess.std() / math.sqrt(8)


def test_weights_have_mean_zero_and_variance_one():
    for law in ("normal", "uniform"):
        z, w = next(random_layers(ONE, 100, 1000, seeds=[3], law=law))
        for numbers in (z, w):
            assert abs(numbers.mean()) < 5 / math.sqrt(1e5)
            assert numbers.var() == pytest.approx(1, abs=0.03)
    assert w.abs().max() <= math.sqrt(3)


def test_batches_are_bounded_and_complete():
    x = torch.ones(3, 2)
    batches = list(random_layers(x, 10, 1001, seeds=[0, 1], most_numbers=6000))
    assert all(z.numel() <= 6000 and z.shape == (2, w.shape[1], 10, 3) and w.shape[2] == 10 for z, w in batches)
    assert sum(w.shape[1] for _, w in batches) == 1001
    assert sample_outputs(x, 10, 1001, seeds=[0, 1]).shape == (2, 1001, 3)
    z, _ = next(random_layers(x, 1000, 2, seeds=[0], most_numbers=1))
    assert z.shape == (1, 1, 1000, 3)


def test_an_ensemble_depends_on_its_own_seed_alone():
    options = dict(x=ONE, width=4, networks=50)
    both = sample_outputs(**options, seeds=[7, 8])
    assert torch.equal(both[1], sample_outputs(**options, seeds=[8])[0])
    assert not torch.equal(both[0], both[1])
    assert torch.equal(both, sample_outputs(**options, seeds=[7, 8]))


@pytest.mark.parametrize(
    "change, words",
    [
        (dict(law="cauchy"), "law must be one of normal, uniform"),
        (dict(x=torch.ones(3)), r"inputs must be \[m, d\]"),
        (dict(seeds=[]), "seeds must name at least one"),
        (dict(width=0), "width must be a whole number"),
        (dict(networks=2.0), "networks must be a whole number"),
        (dict(most_numbers=0), "most_numbers must be a whole number"),
        (dict(activation="sine"), "activation must be one of"),
    ],
)
def test_refuses(change, words):
    with pytest.raises(ValueError, match=words):
        sample_outputs(**{"x": ONE, "width": 2, "networks": 3, "seeds": [0], **change})
