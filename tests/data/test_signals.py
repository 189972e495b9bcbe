"""Signals have the shapes, the noise, the band and the delay that they promise."""

from functools import partial

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter1d
from scipy.signal import periodogram

from toolkit.data.signals import FRAME, SHAPES, _smooth, band_limited_noise, delayed_recall, shape_signals


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


QUIET = {"scale": 0, "shift": 0, "slope": 0, "correlated_noise": 0, "noise": 0}


def test_without_noise_a_signal_is_its_shape_stretched_by_the_silence():
    signals, classes = shape_signals(200, length=FRAME, **QUIET, generator=generator())
    shapes = (SHAPES - SHAPES.mean(1, keepdim=True)) / SHAPES.std(1, unbiased=False, keepdim=True)
    for signal, label in zip(signals.numpy(), classes):
        misfit = []
        for silence in range(36, 61):
            padded = np.concatenate([shapes[label].numpy(), np.zeros(silence)])
            there = np.linspace(0, len(padded) - 1, FRAME)
            misfit.append(np.abs(np.interp(there, np.arange(len(padded)), padded) - signal).max())
        assert min(misfit) < 1e-5


def test_classes_are_equally_likely_and_shapes_differ():
    n = 20_000
    _, classes = shape_signals(n, generator=generator())
    assert bool(((classes.bincount(minlength=10) / n - 0.1).abs() < 5 * (0.09 / n) ** 0.5).all())
    correlation = torch.corrcoef(SHAPES)
    assert float(correlation.fill_diagonal_(0).max()) < 0.7


def test_a_shift_turns_the_signal_and_scale_and_slope_stay_in_range():
    still, _ = shape_signals(100, length=FRAME, **QUIET, generator=generator())
    turned, _ = shape_signals(100, length=FRAME, **{**QUIET, "shift": 30}, generator=generator())
    reach = [(turned == still.roll(by, 1)).all(1) for by in range(31)]
    assert torch.stack(reach).any(0).sum() == 100 and len({int(r.sum()) for r in reach}) > 1
    scaled, _ = shape_signals(100, length=FRAME, **{**QUIET, "scale": 0.4}, generator=generator())
    ratio = scaled.abs().amax(1) / still.abs().amax(1)
    assert 0.8 <= float(ratio.min()) < 0.85 and 1.15 < float(ratio.max()) <= 1.2
    tilted, _ = shape_signals(100, length=FRAME, **{**QUIET, "slope": 0.75}, generator=generator())
    rise = (tilted - still)[:, -1] - (tilted - still)[:, 0]
    assert -0.375 <= float(rise.min()) < -0.3 and 0.3 < float(rise.max()) <= 0.375


def test_white_noise_and_smoothed_noise():
    n = 2000
    still, _ = shape_signals(n, length=FRAME, **QUIET, generator=generator())
    noisy, _ = shape_signals(n, length=FRAME, **{**QUIET, "noise": 0.1}, generator=generator())
    assert float((noisy - still).std()) == pytest.approx(0.1, rel=5 / (2 * n * FRAME) ** 0.5)
    rough = torch.randn(3, FRAME, generator=generator())
    np.testing.assert_allclose(_smooth(rough), gaussian_filter1d(rough.numpy(), 2, axis=1), atol=1e-5)
    filled, _ = shape_signals(n, length=FRAME, **{**QUIET, "correlated_noise": 0.25}, generator=generator())
    weights = gaussian_filter1d(np.eye(1, 65, 32)[0], 2)
    silence = (filled - still)[:, 40]  # the shape ends before point 18
    assert float(silence.std()) == pytest.approx(0.25 * (weights**2).sum() ** 0.5, rel=5 / (2 * n) ** 0.5)


@pytest.mark.parametrize(("length", "band"), [(64, 0.25), (64, 1.0), (51, 0.5)])
def test_noise_fills_its_band_evenly(length, band):
    n = 4000
    noise = band_limited_noise(n, length, band=band, generator=generator())
    assert noise.shape == (n, length) and noise.dtype == torch.float32
    waves = int(band * length / 2) * 2 - (band == 1 and length % 2 == 0)
    assert float(noise.square().mean()) == pytest.approx(1, abs=5 * (2 / (n * waves)) ** 0.5)
    assert float(noise[:, 7].mean()) == pytest.approx(0, abs=5 / n**0.5)
    frequency, power = periodogram(noise.numpy(), fs=2, detrend=False)
    power = power.mean(0)
    inside = (frequency > 0) & (frequency <= band) & (frequency < 1)
    assert power[~inside & (frequency < 1)].max(initial=0) < 1e-8
    np.testing.assert_allclose(power[inside] / power[inside].mean(), 1, atol=5 / n**0.5)


def test_recall_is_the_input_later():
    inputs, targets = delayed_recall(3, 50, delay=12, generator=generator())
    assert torch.equal(targets[:, 12:], inputs[:, :-12]) and not targets[:, :12].any()
    assert torch.equal(*delayed_recall(3, 50, delay=0, generator=generator()))


MAKERS = [
    partial(shape_signals, 5),
    partial(band_limited_noise, 2, 20, band=0.5),
    partial(delayed_recall, 2, 20, delay=3),
]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.func.__name__)
def test_the_draw_depends_on_the_generator_alone(make):
    draws = [make(generator=generator(seed)) for seed in (3, 3, 4)]
    one, two, other = (draw if isinstance(draw, torch.Tensor) else draw[0] for draw in draws)
    assert torch.equal(one, two) and not torch.equal(one, other)


BAD = [
    (partial(shape_signals, 0), "n must be at least 1; got 0"),
    (partial(shape_signals, 5, shift=72), "shift must be between 0 and 71; got 72"),
    (partial(shape_signals, 5, noise=-1), "noise must be at least 0; got -1"),
    (partial(band_limited_noise, 5, 20, band=2), "band must be between 0 and 1; got 2"),
    (partial(band_limited_noise, 5, 20, band=0.01), "band must be at least 0.1 to hold a frequency; got 0.01"),
    (partial(delayed_recall, 5, 20, delay=20), "delay must be between 0 and 19; got 20"),
]


@pytest.mark.parametrize(("make", "words"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_bad_input_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make(generator=generator())
