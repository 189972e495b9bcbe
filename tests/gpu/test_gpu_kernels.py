"""Kernels. Float64 is compared to 1e-10; a ReLU's angle between equal points keeps half of the digits."""

import math

import pytest
import torch

from toolkit.kernels import empirical_ntk, infinite_kernels, kernel_flow
from toolkit.models import MLP


def points(n, seed=0):
    return torch.randn(n, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("activation", "tolerance"), [("relu", 1e-7), ("erf", 1e-10), ("linear", 1e-10)])
@pytest.mark.parametrize("across", [False, True])
def test_infinite_kernels(same, activation, tolerance, across):
    def kernels(d):
        other = points(4, seed=1).to(d) if across else None
        return infinite_kernels(points(6).to(d), other, depth=3, activation=activation)

    same(kernels, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("output", [0, None])
def test_empirical_kernel(same, dtype, output):
    def kernel(d):
        net = MLP([3, 64, 64, 2], [0, 1], init="ntk", dtype=dtype, device=d)
        return empirical_ntk(net, points(5).to(d, dtype), points(4, seed=1).to(d, dtype), output=output)

    tolerance = 1e-10 if dtype == torch.float64 else 1e-4
    same(kernel, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("time", "step"), [(3.0, None), (math.inf, None), (3.0, 0.5)])
def test_kernel_flow(same, time, step):
    kernel = infinite_kernels(points(9), depth=3, activation="erf").ntk
    start, targets = torch.randn(2, 2, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def flow(d):
        return kernel_flow(kernel.to(d), start.to(d), targets[0, :6].to(d), time, step=step)

    same(flow, rtol=1e-7, atol=1e-7)  # to solve with the kernel costs as many digits as its condition number has
