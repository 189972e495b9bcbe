"""The Marchenko-Pastur law against eigenvalues of large matrices and scipy's integration; ridge against simulation."""

import math

import pytest
import torch
from scipy import integrate

from toolkit.kernels import (
    marchenko_pastur,
    marchenko_pastur_atom,
    marchenko_pastur_density,
    marchenko_pastur_resolvent,
    marchenko_pastur_support,
    ridge_error,
)

RATIOS = (0.25, 0.8, 1.0, 1.25, 4.0)


def integral(f, ratio):
    """Mean of f over the continuous part by scipy, plus the atom; the angle takes away the ends' roots."""
    low, high = marchenko_pastur_support(ratio)

    def integrand(angle):
        x = (low + high) / 2 + (high - low) / 2 * math.cos(angle)
        density = marchenko_pastur_density(torch.tensor(x, dtype=torch.float64), ratio).item()
        return f(x) * density * (high - low) / 2 * math.sin(angle)

    found = integrate.quad(integrand, 0, math.pi, limit=500)[0]
    atom = marchenko_pastur_atom(ratio)
    return found + (atom * f(0.0) if atom else 0.0)


@pytest.mark.parametrize("ratio", RATIOS)
def test_mass_and_moments(ratio):
    assert integral(lambda x: 1.0, ratio) == pytest.approx(1, abs=1e-6)
    # E tr X^T X / N = P / N, and the second moment is ratio + ratio^2
    assert integral(lambda x: x, ratio) == pytest.approx(ratio, abs=1e-6)
    values, weights = marchenko_pastur(ratio, points=300)
    assert float(weights.sum()) == pytest.approx(1, abs=1e-12)
    assert float((weights * values).sum()) == pytest.approx(ratio, abs=1e-10)
    assert float((weights * values**2).sum()) == pytest.approx(ratio + ratio**2, abs=1e-10)
    assert bool((values.diff() > 0).all()) and bool((weights > 0).all())


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("time", [0.3, 10.0, 1000.0])
def test_quadrature_against_scipy(ratio, time):
    values, weights = marchenko_pastur(ratio)
    for f in (
        lambda x: torch.exp(-2 * time * torch.as_tensor(x)),
        lambda x: 1 / (torch.as_tensor(x) + 1 / time),
    ):
        expected = integral(lambda x, f=f: float(f(x)), ratio)
        assert float((weights * f(values)).sum()) == pytest.approx(expected, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("ratio", RATIOS)
def test_eigenvalues_of_a_large_matrix(ratio):
    n = 1000
    generator = torch.Generator().manual_seed(0)
    data = torch.randn(round(ratio * n), n, generator=generator, dtype=torch.float64) / math.sqrt(n)
    found = torch.linalg.eigvalsh(data.T @ data)
    low, high = marchenko_pastur_support(ratio)
    assert float((found < 1e-9).double().mean()) == pytest.approx(marchenko_pastur_atom(ratio), abs=1e-12)
    moving = found[found > 1e-9]
    assert float(moving.max()) == pytest.approx(high, rel=0.03)
    assert float(moving.min()) == pytest.approx(low, abs=0.03)
    values, weights = marchenko_pastur(ratio)
    for point in torch.linspace(max(low, 0.05), high, 7).tolist():
        expected = float(weights[values <= point].sum())
        assert float((found <= point).double().mean()) == pytest.approx(expected, abs=0.01)


def test_density_is_zero_outside():
    low, high = marchenko_pastur_support(4.0)
    assert (low, high) == (1.0, 9.0)
    x = torch.tensor([-1.0, 0.0, 0.5, 1.0, 9.0, 20.0])
    assert marchenko_pastur_density(x, 4.0).tolist() == [0.0] * 6
    # 5 is the middle: sqrt(4 * 4) / (2 pi 5)
    assert marchenko_pastur_density(torch.tensor(5.0), 4.0).item() == pytest.approx(4 / (10 * math.pi))


@pytest.mark.parametrize("ratio", RATIOS)
def test_resolvent_and_ridge_are_means_over_the_law(ratio):
    values, weights = marchenko_pastur(ratio, points=5000)
    shifts = torch.tensor([0.01, 0.3, 2.0, 50.0], dtype=torch.float64)
    expected = (weights / (values + shifts[:, None])).sum(dim=1)
    torch.testing.assert_close(marchenko_pastur_resolvent(shifts, ratio), expected, rtol=1e-6, atol=0)
    for signal, noise in ((1.0, 0.2), (0.5, 2.0), (1.0, 0.0)):
        k = shifts[:, None]
        error = noise + (weights * (signal * k**2 + noise * values) / (values + k) ** 2).sum(dim=1)
        torch.testing.assert_close(ridge_error(shifts, ratio, signal=signal, noise=noise), error, rtol=1e-5, atol=0)


def test_ridge_against_simulation():
    n, draws, noise = 100, 60, 0.5
    generator = torch.Generator().manual_seed(0)
    for ratio, penalty in ((0.5, 0.1), (0.5, 0.5), (2.0, 0.5), (1.0, 0.05)):
        data = torch.randn(draws, round(ratio * n), n, generator=generator, dtype=torch.float64) / math.sqrt(n)
        teacher = torch.randn(draws, n, 1, generator=generator, dtype=torch.float64)
        target = data @ teacher
        target += math.sqrt(noise) * torch.randn(target.shape, generator=generator, dtype=torch.float64)
        gram = data.mT @ data + penalty * torch.eye(n, dtype=torch.float64)
        error = noise + (torch.linalg.solve(gram, data.mT @ target) - teacher).square().mean(dim=(1, 2))
        expected = ridge_error(penalty, ratio, noise=noise).item()
        assert float(error.mean()) == pytest.approx(expected, abs=4 * float(error.std()) / draws**0.5)


def test_best_penalty_is_noise_over_signal():
    grid = torch.logspace(-3, 2, 501, dtype=torch.float64)
    for ratio in RATIOS:
        best = grid[ridge_error(grid, ratio, signal=2.0, noise=0.5).argmin()].item()
        assert best == pytest.approx(0.25, rel=0.02)


@pytest.mark.parametrize("ratio", [0, -1.0, math.nan])
def test_bad_ratios(ratio):
    for call in (marchenko_pastur_support, marchenko_pastur_atom, marchenko_pastur):
        with pytest.raises(ValueError, match="ratio must be above 0"):
            call(ratio)
    with pytest.raises(ValueError, match="ratio must be above 0"):
        marchenko_pastur_density(torch.ones(2), ratio)


def test_bad_numbers():
    with pytest.raises(ValueError, match="points"):
        marchenko_pastur(1.0, points=0)
    with pytest.raises(ValueError, match="shift must be positive"):
        marchenko_pastur_resolvent(0.0, 1.0)
    with pytest.raises(ValueError, match="penalty must be positive"):
        ridge_error(-1.0, 1.0, noise=0.1)
    with pytest.raises(ValueError, match="noise"):
        ridge_error(1.0, 1.0, noise=-0.1)
