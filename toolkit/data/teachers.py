"""Regression data made by a teacher, a known function whose output carries noise.

All inputs are standard normal. A student that is to be tested on other inputs than it learns from needs the
same teacher for both: draw both at once and cut, ``inputs[:train]`` and ``inputs[train:]``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from toolkit.data.bounds import at_least

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "erf": torch.erf, "linear": lambda x: x}


class Lessons(NamedTuple):
    """What a teacher gives.

    Attributes:
        inputs: ``[n, d]`` float32, standard normal.
        targets: ``[n, outputs]`` float32, ``clean`` plus noise.
        clean: ``[n, outputs]`` float32, the teacher's own output.
        weights: the teacher's matrices ``[in, out]``, input first.
    """

    inputs: Tensor
    targets: Tensor
    clean: Tensor
    weights: tuple[Tensor, ...]


def linear_teacher(
    n: int,
    dimension: int,
    outputs: int = 1,
    *,
    noise: float = 0.0,
    singular_values: Sequence[float] | Tensor | None = None,
    generator: torch.Generator,
) -> Lessons:
    """A linear teacher, ``y = W^T x + noise`` (Advani, Saxe and Sompolinsky 2020; Saxe et al. 2014).

    Args:
        n: examples.
        dimension: d, numbers per input.
        outputs: numbers per target.
        noise: standard deviation of the noise on every target. With random weights the signal-to-noise
            ratio is ``1 / noise^2``.
        singular_values: at most ``min(dimension, outputs)`` of them, none negative: W has these, the rest
            0, between random orthonormal directions. It is what a deep linear network has to learn, mode
            by mode. If None, the entries of W are normal with variance ``1 / dimension``, so that a clean
            target has variance 1 in the mean over teachers.
        generator: source of randomness, on the CPU.

    Raises:
        ValueError: a number outside its range, or singular values that do not fit the sizes.
    """
    at_least(1, n=n, dimension=dimension, outputs=outputs)
    at_least(0, noise=noise)
    if singular_values is None:
        weight = torch.randn(dimension, outputs, generator=generator) / math.sqrt(dimension)
    else:
        values = torch.as_tensor(singular_values, dtype=torch.float32, device="cpu")
        most = min(dimension, outputs)
        if values.ndim != 1 or not 1 <= len(values) <= most or not bool((values >= 0).all()):
            raise ValueError(f"singular_values must be 1 to {most} numbers, none negative; got {values.tolist()}")
        left, right = (
            torch.linalg.qr(torch.randn(size, len(values), generator=generator)).Q for size in (dimension, outputs)
        )
        weight = left * values @ right.T
    inputs = torch.randn(n, dimension, generator=generator)
    return _lessons(inputs, inputs @ weight, (weight,), noise, generator)


def single_index_teacher(
    n: int,
    dimension: int,
    *,
    link: Callable[[Tensor], Tensor],
    noise: float = 0.0,
    generator: torch.Generator,
) -> Lessons:
    """A teacher that looks in one direction, ``y = link(beta . x) + noise``.

    Args:
        n: examples.
        dimension: d, numbers per input.
        link: a function of a tensor, entry by entry, such as ``lambda z: z**2 / 2``. Its argument is
            standard normal.
        noise: standard deviation of the noise on every target.
        generator: source of randomness, on the CPU.

    Returns:
        Lessons with one output; ``weights`` holds beta as ``[d, 1]``, uniform on the unit sphere.

    Raises:
        ValueError: a number outside its range, or a link that changes the shape.
    """
    at_least(1, n=n, dimension=dimension)
    at_least(0, noise=noise)
    beta = torch.randn(dimension, 1, generator=generator)
    beta = beta / beta.norm()
    inputs = torch.randn(n, dimension, generator=generator)
    clean = link(inputs @ beta)
    if clean.shape != (n, 1):
        raise ValueError(f"link must act entry by entry; it turned [{n}, 1] into {list(clean.shape)}")
    return _lessons(inputs, clean, (beta,), noise, generator)


def mlp_teacher(
    n: int,
    sizes: Sequence[int],
    *,
    activation: str = "relu",
    noise: float = 0.0,
    generator: torch.Generator,
) -> Lessons:
    """A random multilayer perceptron without biases as teacher.

    Args:
        n: examples.
        sizes: units of each layer, input first, ``[15, 30, 1]``.
        activation: ``relu``, ``tanh``, ``erf`` or ``linear``, between layers.
        noise: standard deviation of the noise on every target.
        generator: source of randomness, on the CPU.

    Returns:
        Lessons; the weights are normal with variance ``1 / in``. With one hidden layer and activation f, a
        clean target has second moment ``E f(z)^2``, z standard normal, in the mean over teachers.

    Raises:
        ValueError: fewer than two sizes, an unknown activation, or a number outside its range.
    """
    at_least(1, n=n)
    at_least(0, noise=noise)
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes must name at least input and output, all positive; got {list(sizes)}")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}; got {activation!r}")
    weights = tuple(
        torch.randn(fan_in, fan_out, generator=generator) / math.sqrt(fan_in)
        for fan_in, fan_out in zip(sizes, sizes[1:])
    )
    inputs = torch.randn(n, sizes[0], generator=generator)
    hidden = inputs
    for weight in weights[:-1]:
        hidden = ACTIVATIONS[activation](hidden @ weight)
    return _lessons(inputs, hidden @ weights[-1], weights, noise, generator)


def _lessons(inputs: Tensor, clean: Tensor, weights: tuple[Tensor, ...], noise: float, generator) -> Lessons:
    targets = clean + noise * torch.randn(clean.shape, generator=generator)
    return Lessons(inputs, targets, clean, weights)
