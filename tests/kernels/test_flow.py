"""The closed solution against an ODE solver, gradient descent and kernel regression."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from toolkit.kernels import infinite_kernels, kernel_flow


@pytest.fixture
def problem():
    """A ReLU tangent kernel on 9 points, 4 of them training points, and two functions at the start."""
    g = torch.Generator().manual_seed(0)
    points = torch.randn(9, 3, generator=g, dtype=torch.float64)
    kernel = infinite_kernels(points, depth=3, weight_variance=2.0).ntk
    start = torch.randn(2, 9, generator=g, dtype=torch.float64)
    return kernel, start, torch.randn(4, generator=g, dtype=torch.float64)


@pytest.mark.parametrize("time", [0.3, 2.0, 20.0])
def test_agrees_with_an_ode_solver(problem, time):
    kernel, start, y = problem
    rows = kernel.numpy()[:, :4] / 4
    for f0, found in zip(start, kernel_flow(kernel, start, y, time)):
        solved = solve_ivp(lambda t, f: -rows @ (f[:4] - y.numpy()), (0, time), f0.numpy(), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(found.numpy(), solved.y[:, -1], rtol=1e-7, atol=1e-8)


def test_is_the_limit_of_small_gradient_steps(problem):
    kernel, start, y = problem
    f = start
    for _ in range(20_000):
        f = f - 1e-4 * (f[:, :4] - y) @ kernel[:4] / 4
    torch.testing.assert_close(kernel_flow(kernel, start, y, 2.0), f, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("step, steps", [(0.01, 1), (0.01, 700), (0.5, 9)])
def test_steps_are_gradient_descent(problem, step, steps):
    """The step 0.5 is so large that the leading error changes sign every time."""
    kernel, start, y = problem
    f = start
    for _ in range(steps):
        f = f - step * (f[:, :4] - y) @ kernel[:4] / 4
    found = kernel_flow(kernel, start, y, step * steps, step=step)
    torch.testing.assert_close(found, f, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("time, step", [(1.0, 0.3), (1.0, 0.0), (1.0, -0.5), (math.inf, 0.1)])
def test_bad_steps_are_refused(problem, time, step):
    with pytest.raises(ValueError, match="a whole number of positive steps"):
        kernel_flow(*problem, time, step=step)


def test_begins_at_the_start_and_ends_in_kernel_regression(problem):
    kernel, start, y = problem
    torch.testing.assert_close(kernel_flow(kernel, start, y, 0.0), start, rtol=0, atol=0)
    end = kernel_flow(kernel, start, y, math.inf)
    weights = torch.linalg.solve(kernel[:4, :4], (y - start[:, :4]).T)
    torch.testing.assert_close(end, start + (kernel[:, :4] @ weights).T, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(end[:, :4], y.expand(2, 4), rtol=1e-9, atol=1e-9)


def test_error_along_an_eigenvector_decays_at_its_eigenvalue(problem):
    kernel, _, y = problem
    eigenvalues, modes = torch.linalg.eigh(kernel[:4, :4] / 4)
    for k in range(4):
        start = torch.cat([y + modes[:, k], torch.zeros(5, dtype=torch.float64)])
        error = kernel_flow(kernel, start, y, 1.7)[:4] - y
        torch.testing.assert_close(error, torch.exp(-1.7 * eigenvalues[k]) * modes[:, k])


def test_a_singular_kernel_leaves_what_it_cannot_reach():
    """Two training points of the same features: their mean is learned, their difference stays."""
    kernel = torch.ones(2, 2, dtype=torch.float64)
    for time in (50.0, math.inf):
        found = kernel_flow(kernel, torch.tensor([1.0, 3.0]), torch.zeros(2), time)
        torch.testing.assert_close(found, torch.tensor([-1.0, 1.0]))


def test_targets_of_its_own_for_each_function_and_single_precision(problem):
    kernel, start, y = problem
    targets = torch.stack([y, 2 * y])
    both = kernel_flow(kernel, start, targets, 1.0)
    torch.testing.assert_close(both[1], kernel_flow(kernel, start[1], 2 * y, 1.0))
    single = kernel_flow(kernel.float(), start.float(), targets.float(), 1.0)
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), both, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kernel, start, y", [
    ((3, 4), (3,), (2,)),
    ((3, 3), (4,), (2,)),
    ((3, 3), (3,), (4,)),
    ((3, 3), (3,), (0,)),
    ((3, 3), (3,), ()),
])  # fmt: skip
def test_bad_shapes_are_refused(kernel, start, y):
    with pytest.raises(ValueError, match=r"kernel must be \[p, p\]"):
        kernel_flow(torch.ones(kernel), torch.ones(start), torch.ones(y), 1.0)


@pytest.mark.parametrize("time", [-1.0, math.nan])
def test_bad_times_are_refused(problem, time):
    with pytest.raises(ValueError, match="time must not be negative"):
        kernel_flow(*problem, time)
