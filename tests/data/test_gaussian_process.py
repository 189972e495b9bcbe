"""Functions of a Gaussian process have its covariance."""

from functools import partial

import numpy as np
import pytest
import torch
from sklearn.gaussian_process.kernels import RBF

from toolkit.data.gaussian_process import gaussian_process, rbf


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_rbf_is_that_of_sklearn():
    x, y = torch.rand(5, 3, generator=generator(), dtype=torch.float64), torch.zeros(2, 3, dtype=torch.float64)
    expected = 1.5 * RBF(0.6)(x.numpy(), y.numpy())
    np.testing.assert_allclose(rbf(x, y, length=0.6, variance=1.5), expected, rtol=1e-12)
    lengths = torch.tensor([0.3, 2.0], dtype=torch.float64)
    both = rbf(x.expand(2, 5, 3), x.expand(2, 5, 3), length=lengths)
    for k in range(2):
        np.testing.assert_allclose(both[k], RBF(float(lengths[k]))(x.numpy()), rtol=1e-12)


def test_values_have_the_covariance_and_the_noise():
    draws, points, noise = 20_000, torch.tensor([[0.0], [0.3], [1.0], [2.0]]), 0.25
    covariance = partial(rbf, length=0.6, variance=2.0)
    inputs = points.expand(draws, 4, 1)
    noisy, clean = gaussian_process(inputs, covariance=covariance, noise_variance=noise, generator=generator())
    assert noisy.shape == clean.shape == (draws, 4) and clean.dtype == torch.float32
    expected = covariance(points, points)
    for values, matrix in ((clean, expected), (noisy, expected + noise * torch.eye(4))):
        diagonal = matrix.diagonal()
        error = 5 * ((torch.outer(diagonal, diagonal) + matrix**2) / draws).sqrt()
        assert bool(((values.T @ values / draws - matrix).abs() < error).all())
        assert bool((values.mean(0).abs() < 5 * (diagonal / draws).sqrt()).all())


def test_every_task_may_have_its_own_points_and_length():
    inputs = torch.linspace(0, 2, 14).expand(2, 14)[..., None]
    lengths = torch.tensor([0.05, 5.0])
    _, clean = gaussian_process(inputs, covariance=partial(rbf, length=lengths), generator=generator())
    roughness = clean.diff(dim=1).square().mean(1)
    assert float(roughness[0]) > 100 * float(roughness[1])


def test_every_task_may_have_its_own_noise():
    noise = torch.tensor([0.01, 4.0])
    noisy, clean = gaussian_process(torch.zeros(2, 5000, 1), noise_variance=noise, generator=generator())
    torch.testing.assert_close((noisy - clean).var(1), noise, rtol=0.1, atol=0)


def test_repeated_points_get_the_same_value():
    _, clean = gaussian_process(torch.zeros(1, 6, 2), generator=generator())
    assert float(clean.std()) < 1e-3


def test_the_draw_depends_on_the_generator_alone():
    one, two, other = (gaussian_process(torch.zeros(3, 2, 1), generator=generator(seed))[0] for seed in (3, 3, 4))
    assert torch.equal(one, two) and not torch.equal(one, other)


BAD = [
    (partial(gaussian_process, torch.ones(3)), r"inputs must be \[..., points, dimension\]; got \[3\]"),
    (partial(gaussian_process, torch.ones(3, 1), noise_variance=-1), "noise_variance must be at least 0; got -1"),
    (partial(gaussian_process, torch.ones(3, 1), covariance=partial(rbf, length=0)), "length must be above 0"),
    (partial(gaussian_process, torch.ones(3, 1), covariance=lambda x, y: x), r"must give \[3, 3\]; got \[3, 1\]"),
    (partial(gaussian_process, torch.ones(3, 1), covariance=lambda x, y: -rbf(x, y)), "positive matrices"),
]


@pytest.mark.parametrize(("make", "words"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_bad_input_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make(generator=generator())
