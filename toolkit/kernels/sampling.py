"""Random networks with one hidden layer, drawn by the million in batches of bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from toolkit.data.stack import member_generators
from toolkit.models.activations import activation_named

LAWS = ("normal", "uniform")
MOST_NUMBERS = 2**21  # in one batch of weights; 8 MB in float32


def check_law(law: str) -> None:
    """Raises ValueError unless ``law`` is one of ``LAWS``."""
    if law not in LAWS:
        raise ValueError(f"law must be one of {', '.join(LAWS)}; got {law!r}")


def random_layers(
    x: Tensor,
    width: int,
    networks: int,
    *,
    seeds: Sequence[int],
    law: str = "normal",
    most_numbers: int = MOST_NUMBERS,
) -> Iterator[tuple[Tensor, Tensor]]:
    """The random weights of K ensembles of networks ``f(x) = sum_i w_i phi(u_i . x / sqrt(d)) / sqrt(n)``.

    All weights are independent, with mean 0 and variance 1. The activation is left to the caller, so several
    can share the draws. The last batch may be smaller than the others.

    Args:
        x: ``[m, d]`` inputs; they give the type and the device.
        width: hidden units n.
        networks: how many to draw in each ensemble.
        seeds: one per ensemble. Each has its own generator, on the CPU. Other values of ``most_numbers``
            give other draws.
        law: of all weights, ``normal`` or ``uniform`` (on [-sqrt 3, sqrt 3]).
        most_numbers: at most this many weights (or preactivations) in a batch, but at least one network each.

    Yields:
        ``(z, w)``: preactivations ``[K, b, n, m]`` and output weights ``[K, b, n]``.

    Raises:
        ValueError: an unknown law, inputs that are not ``[m, d]``, no seed, or a count below 1.
    """
    check_law(law)
    if x.ndim != 2 or min(x.shape) < 1:
        raise ValueError(f"inputs must be [m, d]; got {list(x.shape)}")
    if len(seeds) == 0:
        raise ValueError("seeds must name at least one ensemble")
    for name, value in (("width", width), ("networks", networks), ("most_numbers", most_numbers)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1; got {value!r}")
    return _draw(x, width, networks, seeds, law, most_numbers)


def _draw(x, width, networks, seeds, law, most_numbers):
    points, inputs = x.shape
    generators = member_generators(seeds)
    batch = max(1, most_numbers // (len(seeds) * width * max(inputs, points)))
    scaled = x / math.sqrt(inputs)

    def fill(shape):
        numbers = torch.empty(shape, dtype=x.dtype)
        for row, generator in zip(numbers, generators):
            if law == "normal":
                row.normal_(generator=generator)
            else:
                row.uniform_(-math.sqrt(3), math.sqrt(3), generator=generator)
        return numbers.to(x.device)

    for start in range(0, networks, batch):
        count = min(batch, networks - start)
        u = fill((len(seeds), count, width, inputs))
        w = fill((len(seeds), count, width))
        yield (u * scaled if points == inputs == 1 else u @ scaled.T), w


def sample_outputs(
    x: Tensor,
    width: int,
    networks: int,
    *,
    seeds: Sequence[int],
    activation: str = "relu",
    law: str = "normal",
    most_numbers: int = MOST_NUMBERS,
) -> Tensor:
    """Outputs ``[K, networks, m]`` of the networks of ``random_layers`` at the inputs ``x``, ``[m, d]``.

    For normal weights their covariance is ``infinite_kernels(x, depth=2, bias_variance=0).nngp`` at every
    width; with growing width they become Gaussian (Neal 1996, section 2.1).

    Raises:
        ValueError: an unknown activation, or what ``random_layers`` refuses.
    """
    phi = activation_named(activation)
    layers = random_layers(x, width, networks, seeds=seeds, law=law, most_numbers=most_numbers)
    return torch.cat([(w.unsqueeze(2) @ phi(z)).squeeze(2) for z, w in layers], dim=1) / math.sqrt(width)
