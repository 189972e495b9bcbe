"""Averages over hyper-parameters: against scikit-learn one by one, and two ways against each other."""

import math

import numpy as np
import pytest
import torch
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from toolkit.data.gaussian_process import gaussian_process
from toolkit.kernels import HyperPrior, NormalMixture, predict_labels

G = torch.Generator().manual_seed(0)
X = torch.rand(40, 10, 1, generator=G)
Y = gaussian_process(X, noise_variance=0.05, generator=G)[0]
KNOWN, NEW = (X[:, :6], Y[:, :6]), X[:, 6:]
PRIOR = HyperPrior(length=(0.2, 1.5), noise=(0.01, 0.2))


def test_a_grid_is_the_weighted_mean_of_its_processes():
    found = PRIOR.average_over_grid(*KNOWN, NEW, (2, 3)).log_prob(Y[:, 6:])
    lengths = [0.2 * 7.5 ** ((i + 0.5) / 2) for i in range(2)]
    noises = [0.01 * 20 ** ((j + 0.5) / 3) for j in range(3)]
    for k in (0, 17):
        total, weights = np.zeros(4), []
        for length in lengths:
            for noise in noises:
                gp = GaussianProcessRegressor(RBF(length), alpha=noise, optimizer=None).fit(
                    X[k, :6].double().numpy(), Y[k, :6].double().numpy()
                )
                mean, deviation = gp.predict(NEW[k].double().numpy(), return_std=True)
                variance = deviation**2 + noise
                density = np.exp(-0.5 * (Y[k, 6:].numpy() - mean) ** 2 / variance) / np.sqrt(2 * np.pi * variance)
                weights.append(math.exp(gp.log_marginal_likelihood_value_))
                total += weights[-1] * density
        np.testing.assert_allclose(found[k].exp(), total / sum(weights), rtol=1e-5)


def test_a_long_chain_agrees_with_a_fine_grid():
    grid = PRIOR.average_over_grid(*KNOWN, NEW, (24, 16)).log_prob(Y[:, 6:])
    chain = PRIOR.average_over_chain(*KNOWN, NEW, 4000, generator=G).log_prob(Y[:, 6:])
    # a chain of 4,000 dependent steps is worth some 250 independent draws
    assert float((grid - chain).abs().mean()) < 0.03 and abs(float((grid - chain).mean())) < 0.005


def test_a_point_is_exact_inference():
    mean, variance, _ = predict_labels(*KNOWN, NEW, 0.5, 0.1)
    lonely = HyperPrior((0.5, 0.5), (0.1, 0.1)).average_over_grid(*KNOWN, NEW, (1, 1))
    torch.testing.assert_close(lonely.mean[0], mean)
    torch.testing.assert_close(lonely.variance[0], variance)


def test_the_most_likely_component_is_kept():
    mixture = NormalMixture(
        torch.tensor([[[0.0]], [[5.0]]]), torch.ones(2, 1, 1), torch.tensor([[0.2], [0.8]]).log()
    ).most_likely()
    expected = torch.distributions.Normal(5.0, 1.0).log_prob(torch.tensor(4.0))
    assert float(mixture.log_prob(torch.tensor([[4.0]]))) == pytest.approx(float(expected))


def test_the_cdf_is_the_integral_of_the_density():
    mixture = NormalMixture(torch.tensor([[0.0], [3.0]]), torch.tensor([[1.0], [0.25]]), torch.tensor([0.3, 0.7]).log())
    y = torch.linspace(-8, 8, 4001)[:, None]
    many = NormalMixture(*(part[:, None].expand(2, 4001, *part.shape[1:]) for part in mixture))
    density = many.log_prob(y).exp()[:, 0]
    torch.testing.assert_close(many.cdf(y)[1:, 0], torch.cumulative_trapezoid(density, y[:, 0]), atol=1e-4, rtol=0)


def test_draws_are_log_uniform_between_the_bounds():
    drawn = PRIOR.draw(20_000, torch.Generator().manual_seed(5))
    for name, (low, high) in (("length", PRIOR.length), ("noise_variance", PRIOR.noise)):
        place = (drawn[name] / low).log() / math.log(high / low)
        assert float(place.min()) >= 0 and float(place.max()) <= 1
        assert float(place.mean()) == pytest.approx(0.5, abs=0.01) and float(place.var()) == pytest.approx(
            1 / 12, abs=0.003
        )
