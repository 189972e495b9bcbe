"""Chains find the density that they are given."""

import pytest
import torch

from toolkit.kernels import metropolis


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_correlated_normal_is_sampled():
    covariance = torch.tensor([[1.0, 0.6], [0.6, 2.0]], dtype=torch.float64)
    law = torch.distributions.MultivariateNormal(torch.tensor([1.0, -1.0], dtype=torch.float64), covariance)
    states = metropolis(law.log_prob, torch.zeros(500, 2).double(), 600, scale=1.2, generator=generator())
    assert states.shape == (600, 500, 2)
    kept = states[100:].flatten(0, 1)
    torch.testing.assert_close(kept.mean(0), law.mean, atol=0.04, rtol=0)
    torch.testing.assert_close(kept.T.cov(), covariance, atol=0.08, rtol=0)


def test_walls_hold():
    def box(u):
        return torch.where(((u > 0) & (u < 1)).all(-1), 0.0, -torch.inf)

    states = metropolis(box, torch.full((400, 1), 0.5), 400, scale=0.5, generator=generator())
    assert bool(((states > 0) & (states < 1)).all())
    counts = torch.histc(states[50:], 5, 0, 1) / states[50:].numel()
    torch.testing.assert_close(counts, torch.full((5,), 0.2), atol=0.01, rtol=0)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="steps must be at least 1 and scale positive; got 0 and 1"):
        metropolis(lambda u: u.sum(-1), torch.zeros(2, 1), 0, scale=1, generator=generator())
    with pytest.raises(ValueError, match="finite where the chains start"):
        metropolis(lambda u: u.log().sum(-1), torch.zeros(2, 1), 3, scale=1, generator=generator())
