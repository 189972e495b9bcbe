"""The density of bars and tails: its mass, its tails against torch's half-normal, its inverse."""

import pytest
import torch
from torch.distributions import HalfNormal

from toolkit.models import Riemann

G = torch.Generator().manual_seed(0)
BORDERS = torch.tensor([-2.0, -1.5, -0.2, 0.3, 1.0, 3.0], dtype=torch.float64)
LOGITS = torch.randn(4, 5, generator=G, dtype=torch.float64)
DENSITY = Riemann(BORDERS)


def on_a_line(low=-60.0, high=60.0, points=2_400_001):
    y = torch.linspace(low, high, points, dtype=torch.float64)
    logits = LOGITS[0].expand(points, 5)
    return y, logits, DENSITY.log_prob(logits, y).exp()


def test_it_integrates_to_one_and_has_its_mean():
    y, logits, density = on_a_line()
    assert float(torch.trapezoid(density, y)) == pytest.approx(1, abs=1e-4)
    assert float(torch.trapezoid(y * density, y)) == pytest.approx(float(DENSITY.mean(LOGITS)[0]), abs=1e-4)


def test_the_cdf_is_the_integral_of_the_density():
    y, logits, density = on_a_line()
    steps = torch.cumulative_trapezoid(density, y)
    torch.testing.assert_close(DENSITY.cdf(logits, y)[1:], steps, atol=1e-4, rtol=0)


def test_bars_are_the_probability_over_the_width():
    y = torch.tensor([-1.0, 0.0, 0.5, 0.9], dtype=torch.float64)
    bins = torch.tensor([1, 2, 3, 3])
    expected = LOGITS.softmax(-1)[torch.arange(4), bins] / BORDERS.diff()[bins]
    torch.testing.assert_close(DENSITY.log_prob(LOGITS, y).exp(), expected)


def test_tails_are_those_of_torch_and_half_of_their_mass_lies_in_the_bin():
    half = HalfNormal(torch.tensor(1.0, dtype=torch.float64)).icdf(torch.tensor(0.5, dtype=torch.float64))
    for bin, inner, sign, width in ((0, -1.5, -1, 0.5), (4, 1.0, 1, 2.0)):
        tail = HalfNormal(width / half)
        beyond = torch.tensor([0.1, 1.0, 3.0, 8.0], dtype=torch.float64)
        expected = LOGITS.log_softmax(-1)[:, bin] + tail.log_prob(beyond)
        torch.testing.assert_close(DENSITY.log_prob(LOGITS, inner + sign * beyond), expected)
        mass, edge = LOGITS.softmax(-1)[:, bin], torch.full((4,), inner + sign * width, dtype=torch.float64)
        outside = DENSITY.cdf(LOGITS, edge) if sign < 0 else 1 - DENSITY.cdf(LOGITS, edge)
        torch.testing.assert_close(outside, mass / 2)


def test_quantiles_invert_the_cdf():
    for level in (0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.999):
        found = DENSITY.cdf(LOGITS, DENSITY.quantile(LOGITS, level))
        torch.testing.assert_close(found, torch.full((4,), level, dtype=torch.float64))
    certain = torch.tensor([[50.0, 0, 0, 0, 0], [0, 0, 0, 0, 50.0]])
    assert bool(Riemann(BORDERS.float()).quantile(certain, 0.999999).isfinite().all())


def test_bins_of_values_have_equal_mass_tails_included():
    values = torch.randn(200_000, generator=G)
    density = Riemann.of_values(values, 20)
    assert density.bins == 20
    counts = torch.bincount(torch.bucketize(values, density.borders[1:-1]), minlength=20) / len(values)
    assert bool((counts - 0.05).abs().max() < 1e-3)
    assert float((values > density.borders[-1]).float().mean()) == pytest.approx(0.025, abs=1e-3)
    loss = -density.log_prob(torch.zeros(len(values), 20), values).mean()
    entropy = torch.distributions.Normal(0.0, 1.0).entropy()
    assert float(entropy) < float(loss) < float(entropy) + 0.02  # bars of equal mass fit the normal well


def test_gradients_reach_the_logits():
    logits = LOGITS.clone().requires_grad_()
    y = torch.tensor([-5.0, 0.0, 0.5, 7.0], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda z: DENSITY.log_prob(z, y), logits)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="at least three increasing numbers"):
        Riemann(torch.tensor([0.0, 1.0, 1.0]))
    with pytest.raises(ValueError, match="bins must be at least 2 and values twice as many; got 9 and 10"):
        Riemann.of_values(torch.zeros(10), 9)
    with pytest.raises(ValueError, match=r"logits must be \[..., 5\] and y \[...\]; got \[4, 5\] and \[3\]"):
        DENSITY.log_prob(LOGITS, torch.zeros(3, dtype=torch.float64))
    with pytest.raises(ValueError, match="level must be between 0 and 1; got 1"):
        DENSITY.quantile(LOGITS, 1)
