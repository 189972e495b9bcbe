"""The bundled images and their splits."""

import pytest
import torch

from toolkit.data.images import mnist_5k, stratified_split


def test_mnist_is_what_it_says():
    images, labels = mnist_5k()
    assert images.shape == (5000, 1, 28, 28) and images.dtype == torch.float32
    assert images.min() == 0 and images.max() == 1
    assert labels.bincount().tolist() == [500] * 10
    assert 0.12 < images.mean() < 0.14  # the mean of MNIST is 0.1307
    images.zero_()
    assert mnist_5k()[0].max() == 1, "a caller's change must not reach the next one"


def test_split_is_disjoint_balanced_and_reproducible():
    labels = torch.arange(5).repeat_interleave(20)
    parts = stratified_split(labels, [50, 25], generator=torch.Generator().manual_seed(0))
    joined = torch.cat(parts)
    assert len(joined.unique()) == 75
    assert labels[parts[0]].bincount().tolist() == [10] * 5 and labels[parts[1]].bincount().tolist() == [5] * 5
    again = stratified_split(labels, [50, 25], generator=torch.Generator().manual_seed(0))
    assert all(torch.equal(a, b) for a, b in zip(parts, again))


@pytest.mark.parametrize(("sizes", "words"), [([7], "multiple of 5"), ([0], "positive"), ([105], "asks? for 21")])
def test_split_refuses(sizes, words):
    with pytest.raises(ValueError, match=words):
        stratified_split(torch.arange(5).repeat_interleave(20), sizes, generator=torch.Generator())
