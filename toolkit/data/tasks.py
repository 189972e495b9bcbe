"""Many small data sets drawn from a prior, and small real tables cut in the same form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from toolkit.data.bounds import at_least
from toolkit.data.gaussian_process import gaussian_process, rbf

PAIRS = {"iris": (1, 2), "wine": (0, 1), "breast_cancer": (0, 1)}  # the two classes that are told apart


def regression_tasks(
    count: int,
    points: int,
    *,
    length: float | Tensor = 1.0,
    noise_variance: float | Tensor = 0.0,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Data sets from functions of an RBF Gaussian process with variance 1, at uniform places in [-1, 1].

    Args:
        count, points: how many data sets, and points in each.
        length, noise_variance: numbers, or ``[count]`` with one per data set.
        generator: source of randomness, on the CPU.

    Returns:
        inputs ``[count, points, 1]`` and noisy labels ``[count, points]``, float32, on the CPU.

    Raises:
        ValueError: a number below 1, or see ``gaussian_process`` and ``rbf``.
    """
    at_least(1, count=count, points=points)
    x = 2 * torch.rand(count, points, 1, generator=generator) - 1
    covariance = partial(rbf, length=length)
    return x, gaussian_process(x, covariance=covariance, noise_variance=noise_variance, generator=generator)[0]


def draw_tasks(
    prior: Callable[..., tuple[Tensor, Tensor]],
    count: int,
    points: int,
    generators: Sequence[torch.Generator],
    *,
    device: torch.device | str = "cpu",
) -> tuple[Tensor, Tensor, Tensor]:
    """Data sets for K networks, each from its own stream, and how many labels of each are known.

    Args:
        prior: ``prior(count, points, generator=...)`` -> inputs ``[count, points, d]``, labels ``[count, points]``.
        count, points: how many data sets, and points in each; at least 3 points.
        generators: one per network, on the CPU.
        device: where the result lies.

    Returns:
        inputs ``[K, count, points, d]``, labels ``[K, count, points]``, and the number of known labels
        ``[K, count]``, uniform from 1 to ``points - 2``.

    Raises:
        ValueError: fewer than three points, or no generator.
    """
    at_least(3, points=points)
    at_least(1, generators=len(generators))
    drawn = []
    for g in generators:
        x, y = prior(count, points, generator=g)
        drawn.append((x, y, torch.randint(1, points - 1, (count,), generator=g)))
    x, y, known = (torch.stack(part).to(device) for part in zip(*drawn))
    return x, y, known


def table_tasks(
    name: str,
    splits: int,
    rows: int,
    known: int,
    columns: int,
    generators: Sequence[torch.Generator],
    *,
    device: torch.device | str = "cpu",
) -> tuple[Tensor, Tensor]:
    """Random parts of a small real table with two classes.

    Args:
        name: ``iris`` (versicolor or virginica), ``wine`` (the first two growers) or ``breast_cancer``; they come
            with scikit-learn.
        splits, rows: parts per generator, and rows in each.
        known: columns are scaled to mean 0 and deviation 1 on this many first rows.
        columns: of the result; those that the table lacks hold zeros.
        generators: one per network, on the CPU.
        device: where the result lies.

    Returns:
        ``[K, splits, rows, columns]`` and labels -1 or 1, ``[K, splits, rows]``, float32.

    Raises:
        ValueError: another name, or sizes that the table does not have.
    """
    if name not in PAIRS:
        raise ValueError(f"name must be one of {', '.join(PAIRS)}; got {name!r}")
    from sklearn import datasets

    values, kinds = getattr(datasets, f"load_{name}")(return_X_y=True)
    kept = (kinds == PAIRS[name][0]) | (kinds == PAIRS[name][1])
    x = torch.tensor(values[kept], dtype=torch.float32)
    y = torch.tensor(kinds[kept] == PAIRS[name][1]).float() * 2 - 1
    if not (2 <= known <= rows <= len(x) and x.shape[1] <= columns and splits >= 1):
        raise ValueError(
            f"{name} has {len(x)} rows and {x.shape[1]} columns; "
            f"got splits {splits}, rows {rows}, known {known}, columns {columns}"
        )
    order = torch.stack(
        [torch.stack([torch.randperm(len(x), generator=g)[:rows] for _ in range(splits)]) for g in generators]
    )
    x, y = x[order], y[order]
    first = x[..., :known, :]
    x = (x - first.mean(-2, keepdim=True)) / first.std(-2, keepdim=True).clamp_min(1e-6)
    return torch.nn.functional.pad(x, (0, columns - x.shape[-1])).to(device), y.to(device)
