"""Alignments against scikit-learn's centring, the definitions written out in numpy, and closed forms."""

import math

import numpy as np
import pytest
import torch
from sklearn.preprocessing import KernelCenterer

from toolkit.kernels import center_kernel, feature_alignment, kernel_alignment, kernel_target_alignment


@pytest.fixture
def features():
    g = torch.Generator().manual_seed(0)
    return [torch.randn(3, 12, p, generator=g, dtype=torch.float64) + 0.7 for p in (5, 8)]


def test_centring_is_scikit_learns(features):
    kernels = features[0] @ features[0].mT
    for kernel, found in zip(kernels, center_kernel(kernels)):
        np.testing.assert_allclose(found, KernelCenterer().fit_transform(kernel.numpy()), atol=1e-10)


def test_centring_takes_the_mean_of_the_features_off(features):
    x = features[0]
    moved = x - x.mean(1, keepdim=True)
    torch.testing.assert_close(center_kernel(x @ x.mT), moved @ moved.mT)


@pytest.mark.parametrize("centered", [True, False])
def test_alignment_is_its_definition(features, centered):
    first, second = (x @ x.mT for x in features)
    found = kernel_alignment(first, second, centered=centered)
    assert found.shape == (3,)
    for k, value in enumerate(found):
        one, two = first[k].numpy(), second[k].numpy()
        if centered:
            h = np.eye(12) - 1 / 12
            one, two = h @ one @ h, h @ two @ h
        expected = np.trace(one @ two) / (np.linalg.norm(one) * np.linalg.norm(two))
        assert value.item() == pytest.approx(expected, rel=1e-12)
    torch.testing.assert_close(found, feature_alignment(*features, centered=centered))


@pytest.mark.parametrize("centered", [True, False])
def test_target_alignment_is_alignment_with_the_kernel_of_the_targets(features, centered):
    kernel, y = features[0] @ features[0].mT, features[1][..., 0]
    found = kernel_target_alignment(kernel, y, centered=centered)
    expected = kernel_alignment(kernel, y[..., :, None] * y[..., None, :], centered=centered)
    torch.testing.assert_close(found, expected)


def test_closed_forms():
    y = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    ideal = torch.outer(y, y)
    assert kernel_target_alignment(ideal, y).item() == pytest.approx(1)
    assert kernel_target_alignment(ideal, y, centered=False).item() == pytest.approx(1)
    eye = torch.eye(4, dtype=torch.float64)
    assert kernel_target_alignment(eye, y, centered=False).item() == pytest.approx(1 / 2)
    # centred, the identity is a projection of rank n - 1
    assert kernel_target_alignment(eye, y).item() == pytest.approx(1 / math.sqrt(3))
    away = torch.tensor([1.0, 1.0, -1.0, -1.0], dtype=torch.float64)
    other = torch.tensor([1.0, -1.0, 1.0, -1.0], dtype=torch.float64)
    assert kernel_target_alignment(torch.outer(away, away), other).item() == pytest.approx(0)


def test_rotation_scale_and_shift_do_not_matter(features):
    x, y = features
    turn = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)).Q
    torch.testing.assert_close(feature_alignment(3 * x @ turn + 2, y), feature_alignment(x, y))
    torch.testing.assert_close(feature_alignment(x, x), torch.ones(3, dtype=torch.float64))
    stretch = torch.tensor([9.0, 1, 1, 1, 1], dtype=torch.float64)
    assert (feature_alignment(x * stretch, y) - feature_alignment(x, y)).abs().max() > 1e-3


def test_one_kernel_with_many_targets(features):
    kernel = features[0][0] @ features[0][0].mT
    found = kernel_target_alignment(kernel, features[1].mT)  # [12, 12], [3, 8, 12]
    assert found.shape == (3, 8)
    torch.testing.assert_close(found[1, 2], kernel_target_alignment(kernel, features[1][1, :, 2]))


def test_a_constant_kernel_has_no_alignment():
    assert torch.isnan(kernel_alignment(torch.ones(3, 3), torch.eye(3)))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: center_kernel(torch.ones(3, 4)), r"kernel must be \[\.\.\., n, n\]; got \[3, 4\]"),
        (lambda: kernel_alignment(torch.eye(3), torch.eye(4)), "same points; got 3 and 4"),
        (lambda: kernel_alignment(torch.eye(3), torch.ones(3)), "second must be"),
        (lambda: kernel_target_alignment(torch.eye(3), torch.ones(4)), r"targets must be \[\.\.\., 3\]; got \[4\]"),
        (lambda: feature_alignment(torch.ones(3, 2), torch.ones(4, 2)), "features must be"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
