"""Signals in time: ten classes of short shapes under noise, band-limited noise, delayed recall."""

from __future__ import annotations

import torch
from torch import Tensor

from toolkit.data.bounds import at_least, between

# twelve heights per class, drawn by hand for this project; each is brought to mean 0 and standard deviation 1
SHAPES = torch.tensor(
    [
        [0, 4, 6, 6, 4, 0, -4, -6, -6, -4, 0, 4],
        [0, 0, 0, 1, 4, 9, 4, 1, 0, 0, 0, 0],
        [6, 5, 4, 3, 2, 1, -1, -2, -3, -4, -5, -6],
        [6, 6, 6, -2, -6, -6, -6, -2, 6, 6, 6, 0],
        [-6, -6, -6, -6, -6, 6, 6, -6, -6, 6, 6, 6],
        [0, 0, -6, -6, -6, 6, 6, 6, -6, -6, -6, 0],
        [0, 0, 0, 0, 0, 0, 9, 9, 0, -9, -9, 0],
        [-6, -4, -2, 0, 2, 4, 6, 4, 2, 0, -2, -4],
        [0, 6, 0, -6, 0, 6, 0, -6, 0, 6, 0, -6],
        [6, 6, -6, -6, -6, 0, 0, 0, -6, -6, -6, 6],
    ],
    dtype=torch.float32,
)
FRAME = 72  # points of the signal before it is brought to its length
PADDING = (36, 60)  # fewest and most points of silence after the shape


def shape_signals(
    n: int,
    *,
    length: int = 40,
    scale: float = 0.4,
    shift: int = 47,
    slope: float = 0.75,
    correlated_noise: float = 0.25,
    noise: float = 0.02,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Ten classes of short shapes, somewhere in a noisy signal, after the recipe of MNIST-1D.

    A shape of 12 points is followed by 36 to 60 points of silence and stretched to 72 points; it is scaled,
    turned round the end of the signal by a random shift, laid into correlated noise and on a random slope,
    and brought to ``length`` points. The recipe is that of Greydanus (2020, arXiv 2011.14439, section 2), the
    shapes are this project's own, so that accuracies differ from published ones.

    Args:
        n: signals; each draws its class, all ten equally likely.
        length: points per signal.
        scale: the amplitude is ``1 + scale * u``, u uniform in [-1/2, 1/2].
        shift: largest shift, of 72 points.
        slope: the line that is taken away rises by ``slope * u`` from first to last point.
        correlated_noise: standard deviation of the white noise that, smoothed by a Gaussian of 2 points
            width, fills the silence.
        noise: standard deviation of white noise everywhere.
        generator: source of randomness, on the CPU.

    Returns:
        signals ``[n, length]`` float32 and classes ``[n]`` int64.

    Raises:
        ValueError: a number outside its range.
    """
    at_least(1, n=n)
    at_least(2, length=length)
    between(0, 2, scale=scale)
    between(0, FRAME - 1, shift=shift)
    at_least(0, correlated_noise=correlated_noise, noise=noise)
    classes = torch.randint(10, (n,), generator=generator)
    silence = torch.randint(PADDING[0], PADDING[1] + 1, (n, 1), generator=generator)
    shifts = torch.randint(shift + 1, (n, 1), generator=generator)
    amplitude, rise = torch.rand(2, n, 1, generator=generator) - 0.5
    rough = torch.randn(n, FRAME, generator=generator)
    white = torch.randn(n, FRAME, generator=generator)

    points = SHAPES.shape[1]
    shapes = (SHAPES - SHAPES.mean(1, keepdim=True)) / SHAPES.std(1, unbiased=False, keepdim=True)
    padded = torch.nn.functional.pad(shapes, (0, PADDING[1] + 1))[classes]
    place = (torch.arange(FRAME) - shifts) % FRAME * (points + silence - 1) / (FRAME - 1)
    signal = _read(padded, place) * (1 + scale * amplitude)
    signal = torch.where(place < points, signal, correlated_noise * _smooth(rough)) + noise * white
    signal = signal - slope * rise * torch.linspace(-0.5, 0.5, FRAME)
    grid = torch.linspace(0, FRAME - 1, length).expand(n, length)
    return _read(signal, grid), classes


def band_limited_noise(n: int, length: int, *, band: float, generator: torch.Generator) -> Tensor:
    """Gaussian noise with a flat spectrum up to a frequency and nothing above, periodic in its length.

    Args:
        n: signals.
        length: points per signal.
        band: highest frequency, as a share of the highest that the points can carry (half a turn per
            point); between 0 and 1.
        generator: source of randomness, on the CPU.

    Returns:
        ``[n, length]`` float32, mean 0 and variance 1 at every point.

    Raises:
        ValueError: a number outside its range, or a band with no frequency in it.
    """
    at_least(1, n=n)
    at_least(2, length=length)
    between(0, 1, band=band)
    spectrum = torch.fft.rfft(torch.randn(n, length, generator=generator))
    kept = torch.arange(spectrum.shape[1]) <= band * length / 2
    kept[0] = False
    alone = length % 2 == 0 and bool(kept[-1])  # the highest frequency of an even length stands for one wave
    waves = 2 * int(kept.sum()) - int(alone)
    if waves < 1:
        raise ValueError(f"band must be at least {2 / length:.3g} to hold a frequency; got {band}")
    return torch.fft.irfft(spectrum * kept, n=length) * (length / waves) ** 0.5


def delayed_recall(
    n: int, length: int, *, delay: int, band: float = 0.25, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Band-limited noise, and the same noise some steps later.

    Args:
        n, length, band: as for ``band_limited_noise``.
        delay: steps; below length.
        generator: source of randomness, on the CPU.

    Returns:
        inputs and targets, ``[n, length]`` float32 each: ``targets[:, t] = inputs[:, t - delay]``, and 0
        where t is below delay.

    Raises:
        ValueError: a number outside its range.
    """
    at_least(2, length=length)
    between(0, length - 1, delay=delay)
    inputs = band_limited_noise(n, length, band=band, generator=generator)
    return inputs, torch.nn.functional.pad(inputs, (delay, 0))[:, :length]


def _read(values: Tensor, place: Tensor) -> Tensor:
    """``[n, m]`` linear interpolation of ``values [n, points]`` at ``place [n, m]``, 0 being the first point."""
    left = place.long().clamp(max=values.shape[1] - 2)
    share = place - left
    return values.gather(1, left) * (1 - share) + values.gather(1, left + 1) * share


def _smooth(values: Tensor) -> Tensor:
    """``[n, m]`` running mean with Gaussian weights of 2 points width, mirrored at the ends."""
    weights = torch.exp(-0.5 * (torch.arange(-8, 9) / 2) ** 2)
    mirrored = torch.cat([values[:, :8].flip(1), values, values[:, -8:].flip(1)], dim=1)
    return torch.nn.functional.conv1d(mirrored[:, None], (weights / weights.sum())[None, None])[:, 0]
