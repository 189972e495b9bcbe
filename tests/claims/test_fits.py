"""Fits in logarithms against scipy and numpy, exact laws, and what is refused."""

import numpy as np
import pytest
import torch
from scipy.stats import linregress

from toolkit.claims import power_law

WIDTHS = [2, 4, 8, 16, 32]


def noisy(seed=0, seeds=5):
    return np.exp(np.random.default_rng(seed).normal(0, 0.3, (seeds, 5))) * 7 * np.array(WIDTHS) ** -1.3


def test_each_seed_is_scipys_line():
    y = noisy()
    found = power_law(WIDTHS, y)
    for k in range(5):
        wanted = linregress(np.log(WIDTHS), np.log(y[k]))
        assert found.slope[k] == pytest.approx(wanted.slope)
        assert found.prefactor[k] == pytest.approx(np.exp(wanted.intercept))
        assert found.r_squared[k] == pytest.approx(wanted.rvalue**2)


@pytest.mark.parametrize("errors", [np.array([0.1, 0.1, 0.05, 0.2, 0.01]), noisy(1) * 0.1])
def test_weighted_fit_is_numpys(errors):
    y = noisy()
    found = power_law(WIDTHS, y, errors=errors)
    for k in range(5):
        error = np.broadcast_to(errors, y.shape)[k]
        slope, intercept = np.polyfit(np.log(WIDTHS), np.log(y[k]), 1, w=y[k] / error)
        assert found.slope[k] == pytest.approx(slope)
        assert found.prefactor[k] == pytest.approx(np.exp(intercept))


def test_recovers_a_power_law_and_takes_tensors():
    x = torch.tensor([1.0, 3.0, 10.0])
    found = power_law(x, 2.5 * torch.stack([x**-0.5, x**2]))
    assert found.slope == pytest.approx([-0.5, 2.0], rel=1e-6)
    assert found.prefactor == pytest.approx([2.5, 2.5], rel=1e-6)
    assert found.r_squared == pytest.approx([1, 1])
    assert power_law([1, 2], [4.0, 4.0]).r_squared == 1


def test_noisy_points_hardly_count():
    y = 3 / np.array(WIDTHS, dtype=float)
    spoiled = y.copy()
    spoiled[-1] *= 4
    error = y * [0.01, 0.01, 0.01, 0.01, 10]
    assert power_law(WIDTHS, spoiled, errors=error).slope == pytest.approx(-1, abs=0.01)
    assert power_law(WIDTHS, spoiled).slope > -0.8


@pytest.mark.parametrize(
    ("x", "y", "errors", "words"),
    [
        ([1, 2, 3], [1.0, 0.0, 2.0], None, r"y must be positive and finite .* y\[1\] is 0"),
        ([1, 2], [[1.0, 2.0], [1.0, np.nan]], None, r"y\[1, 1\] is nan"),
        ([-1, 2], [1.0, 2.0], None, r"x\[0\] is -1"),
        ([2, 2], [1.0, 2.0], None, "two different values"),
        ([1, 2], [1.0, 2.0, 3.0], None, r"y must be \[..., 2\]"),
        ([1, 2], [1.0, 2.0], [1.0], "errors must be"),
        ([1, 2], [1.0, 2.0], [1.0, 0.0], r"errors\[1\] is 0"),
    ],
)
def test_refuses(x, y, errors, words):
    with pytest.raises(ValueError, match=words):
        power_law(x, y, errors=errors)
