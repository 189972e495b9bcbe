"""Exact inference with a Gaussian process, against scikit-learn's."""

from functools import partial

import numpy as np
import pytest
import torch
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from toolkit.data.gaussian_process import rbf
from toolkit.kernels import gaussian_posterior

G = torch.Generator().manual_seed(0)
X, NEW, Y = (torch.randn(*s, generator=G, dtype=torch.float64) for s in ((3, 7, 2), (3, 4, 2), (3, 7)))


def posterior(k, length, scale, noise):
    covariance = partial(rbf, length=length, variance=scale)
    variance = torch.full((4,), scale, dtype=torch.float64)
    return gaussian_posterior(covariance(X[k], X[k]), covariance(NEW[k], X[k]), variance, Y[k], noise_variance=noise)


@pytest.mark.parametrize(("length", "scale", "noise"), [(0.6, 1.0, 0.01), (1.5, 2.5, 0.3)])
def test_is_that_of_sklearn(length, scale, noise):
    kernel = ConstantKernel(scale) * RBF(length)
    for k in range(3):
        reference = GaussianProcessRegressor(kernel, alpha=noise, optimizer=None).fit(X[k].numpy(), Y[k].numpy())
        mean, deviation = reference.predict(NEW[k].numpy(), return_std=True)
        found = posterior(k, length, scale, noise)
        np.testing.assert_allclose(found.mean, mean, rtol=1e-8)
        np.testing.assert_allclose(found.variance, deviation**2, rtol=1e-7)
        assert float(found.log_evidence) == pytest.approx(reference.log_marginal_likelihood_value_)


def test_data_sets_and_covariances_batch_together():
    lengths, noises = torch.tensor([0.4, 1.0], dtype=torch.float64), torch.tensor([0.1, 0.2], dtype=torch.float64)
    every = [X.expand(2, 3, 7, 2), NEW.expand(2, 3, 4, 2)]
    spread = lengths[:, None].expand(2, 3)
    found = gaussian_posterior(
        rbf(every[0], every[0], length=spread),
        rbf(every[1], every[0], length=spread),
        torch.ones(4, dtype=torch.float64),
        Y,
        noise_variance=noises[:, None],
    )
    assert found.mean.shape == found.variance.shape == (2, 3, 4) and found.log_evidence.shape == (2, 3)
    for g in range(2):
        for k in range(3):
            for together, alone in zip(found, posterior(k, float(lengths[g]), 1.0, float(noises[g]))):
                torch.testing.assert_close(together[g, k], alone)


def test_bad_input_is_refused():
    eye, across, ones, y = torch.eye(3), torch.zeros(2, 3), torch.ones(2), torch.zeros(3)
    with pytest.raises(ValueError, match=r"y \[..., n\]; got \[3, 3\], \[2, 3\], \[2\], \[2\]"):
        gaussian_posterior(eye, across, ones, torch.zeros(2), noise_variance=0.1)
    with pytest.raises(ValueError, match="noise_variance must not be negative; got -1"):
        gaussian_posterior(eye, across, ones, y, noise_variance=-1.0)
    with pytest.raises(ValueError, match="must be positive definite"):
        gaussian_posterior(-eye, across, ones, y, noise_variance=0.1)


def test_without_new_points_the_evidence_remains():
    whole, covariance = posterior(0, 0.6, 1.0, 0.1), partial(rbf, length=0.6)
    none = torch.zeros(0, 7, dtype=torch.float64)
    found = gaussian_posterior(covariance(X[0], X[0]), none, none[:, 0], Y[0], noise_variance=0.1)
    assert found.mean.shape == (0,)
    torch.testing.assert_close(found.log_evidence, whole.log_evidence)
