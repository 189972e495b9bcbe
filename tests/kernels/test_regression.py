"""Kernel regression against scikit-learn and against the end of the kernel flow."""

import math

import numpy as np
import pytest
import torch
from sklearn.kernel_ridge import KernelRidge

from toolkit.kernels import infinite_kernels, kernel_flow, kernel_regression


@pytest.fixture
def problem():
    """A ReLU tangent kernel: 6 training points, 5 others, three sets of targets."""
    g = torch.Generator().manual_seed(0)
    points = torch.randn(11, 3, generator=g, dtype=torch.float64)
    kernel = infinite_kernels(points, depth=2).ntk
    return kernel, torch.randn(3, 6, generator=g, dtype=torch.float64)


@pytest.mark.parametrize("ridge", [1e-3, 0.5])
def test_is_scikit_learns(problem, ridge):
    kernel, y = problem
    found = kernel_regression(kernel[:6, :6], kernel[6:, :6], y, ridge=ridge)
    reference = KernelRidge(alpha=ridge, kernel="precomputed").fit(kernel[:6, :6].numpy(), y.T.numpy())
    np.testing.assert_allclose(found, reference.predict(kernel[6:, :6].numpy()).T, rtol=1e-8)


def test_is_the_end_of_the_flow(problem):
    kernel, y = problem
    found = kernel_regression(kernel[:6, :6], kernel[:, :6], y)
    torch.testing.assert_close(found, kernel_flow(kernel, torch.zeros(3, 11, dtype=torch.float64), y, math.inf))
    torch.testing.assert_close(found[:, :6], y)  # it interpolates


def test_a_kernel_for_each_target(problem):
    kernel, y = problem
    kernels = torch.stack([kernel, 2 * kernel + kernel**2, kernel + 1])
    found = kernel_regression(kernels[:, :6, :6], kernels[:, 6:, :6], y)
    for k in range(3):
        alone = kernel_regression(kernels[k, :6, :6], kernels[k, 6:, :6], y[k])
        torch.testing.assert_close(found[k], alone)


def test_single_precision_stays(problem):
    kernel, y = (part.float() for part in problem)
    assert kernel_regression(kernel[:6, :6], kernel[6:, :6], y).dtype == torch.float32


def test_bad_input_is_refused():
    eye = torch.eye(3)
    with pytest.raises(ValueError, match="kernel must be"):
        kernel_regression(eye, eye[:, :2], torch.ones(3))
    with pytest.raises(ValueError, match="ridge must not be negative; got -1"):
        kernel_regression(eye, eye, torch.ones(3), ridge=-1)
    with pytest.raises(ValueError, match="not positive definite"):
        kernel_regression(torch.ones(3, 3), eye, torch.ones(3))
