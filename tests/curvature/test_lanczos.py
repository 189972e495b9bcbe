"""Eigenvalues and densities against numpy, scipy and known spectra."""

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import LinearOperator, eigsh

from toolkit.curvature import (
    Lanczos,
    flatten,
    hessian,
    hessian_product,
    spectral_density,
    top_eigenvalues,
)
from toolkit.curvature.lanczos import SEED
from toolkit.models import MLP
from toolkit.training import cross_entropy


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def matrix_with(values, seed=0):
    """A symmetric matrix with these eigenvalues, and a random orthogonal basis."""
    q, _ = torch.linalg.qr(numbers(len(values), len(values), seed=seed))
    return q @ torch.diag(torch.as_tensor(values, dtype=torch.float64)) @ q.mT


def times(matrix):
    """The product of one matrix, or of one for each member."""
    if matrix.ndim == 2:
        return lambda v: v @ matrix
    return lambda v: torch.einsum("k...a,kab->k...b", v, matrix)


@pytest.fixture(scope="module")
def networks():
    vectors, network = flatten(MLP([4, 8, 3], range(3), activation="tanh", dtype=torch.float64))
    x, y = numbers(40, 4), torch.arange(40) % 3

    def loss(v):
        return cross_entropy(network(v, x), y)

    return hessian_product(loss, vectors), vectors, hessian(loss, vectors)


@pytest.mark.parametrize("which", ["largest", "smallest", "magnitude"])
def test_leading_eigenvalues_of_networks_agree_with_eigh_and_eigsh(networks, which):
    product, vectors, matrices = networks
    found = top_eigenvalues(product, vectors, 4, which=which, tolerance=1e-9)
    for k, matrix in enumerate(matrices.numpy()):
        exact = np.linalg.eigvalsh(matrix)
        order = {"largest": -exact, "smallest": exact, "magnitude": -abs(exact)}[which].argsort()[:4]
        np.testing.assert_allclose(found.values[k].numpy(), exact[order], rtol=1e-8)
        operator = LinearOperator(matrix.shape, matvec=lambda v, m=matrix: m @ v, dtype=float)
        theirs = eigsh(operator, 4, which={"largest": "LA", "smallest": "SA", "magnitude": "LM"}[which])[0]
        np.testing.assert_allclose(sorted(found.values[k].tolist()), sorted(theirs), rtol=1e-7)
    away = product(found.vectors) - found.values[..., None] * found.vectors
    scale = matrices.flatten(1).norm(dim=1).max()
    assert away.norm(dim=-1).max() < 2e-9 * scale
    torch.testing.assert_close(found.vectors.norm(dim=-1), torch.ones(3, 4, dtype=torch.float64))


def test_one_matrix_and_the_promise_of_the_residual():
    exact = torch.linspace(-1, 1, 300, dtype=torch.float64) ** 3
    exact[-3:] += torch.tensor([2.0, 3.0, 4.0])
    product = times(matrix_with(exact))
    found = top_eigenvalues(product, exact, 3, tolerance=1e-3)
    assert found.steps < 60
    assert ((found.values - exact[-3:].flip(0)).abs() <= found.residuals + 1e-12).all()
    away = product(found.vectors) - found.values[:, None] * found.vectors
    torch.testing.assert_close(away.norm(dim=-1), found.residuals, atol=1e-10, rtol=1e-6)


def test_single_precision():
    exact = torch.linspace(-1, 1, 200, dtype=torch.float64)
    exact[-2:] += torch.tensor([5.0, 9.0])
    product = times(matrix_with(exact).float())
    found = top_eigenvalues(product, exact.float(), 2)
    torch.testing.assert_close(found.values, torch.tensor([10.0, 5.995]), rtol=1e-3, atol=1e-3)
    density = spectral_density(product, exact.float(), steps=150, probes=2)
    assert abs(density.nodes.max().item() - 10) < 1e-3
    assert (density.nodes > 7).sum() == 2  # without reorthogonalization it would stand there several times


def test_members_do_not_touch_each_other(networks):
    product, vectors, matrices = networks
    both = top_eigenvalues(times(matrices), vectors, 2, tolerance=1e-10)
    starts = torch.randn(vectors.shape, generator=torch.Generator().manual_seed(SEED), dtype=torch.float64)
    alone = Lanczos(times(matrices[1]), starts[1], both.steps)
    for _ in range(both.steps):
        alone.advance()
    torch.testing.assert_close(alone.eigh()[0][-2:].flip(0), both.values[1], rtol=1e-9, atol=1e-12)


def test_the_basis_is_orthonormal_and_gives_back_the_matrix():
    matrix = matrix_with(torch.logspace(-8, 2, 40))
    method = Lanczos(times(matrix), numbers(2, 40, seed=3), 40)
    for _ in range(40):
        method.advance()
    eye = torch.eye(40, dtype=torch.float64).expand(2, 40, 40)
    torch.testing.assert_close(method.basis @ method.basis.mT, eye, atol=1e-12, rtol=0)
    values, _ = method.eigh()
    torch.testing.assert_close(values, torch.linalg.eigvalsh(matrix).expand(2, 40), atol=1e-10, rtol=0)


def test_repeated_eigenvalues_when_the_directions_run_out():
    exact = torch.tensor([0.0] * 6 + [1.0, 1.0, 3.0, 3.0], dtype=torch.float64)
    found = top_eigenvalues(times(matrix_with(exact)), exact, 10, tolerance=1e-9)
    torch.testing.assert_close(found.values, exact.flip(0), atol=1e-9, rtol=0)
    zero = torch.zeros(5, 5, dtype=torch.float64)
    assert (top_eigenvalues(times(zero), zero[0], 2).values == 0).all()
    density = spectral_density(times(zero), zero[0], steps=5, probes=2)
    torch.testing.assert_close(density.weights.sum(-1), torch.ones(2, dtype=torch.float64))


def test_quadrature_is_exact_for_low_moments():
    matrix = matrix_with(torch.linspace(-2, 5, 60))
    found = spectral_density(times(matrix), matrix[0], steps=6, probes=3)
    starts = numbers(3, 60, seed=SEED)  # the default generator's
    starts = starts / starts.norm(dim=-1, keepdim=True)
    for power in range(12):
        exact = (starts @ torch.linalg.matrix_power(matrix, power) * starts).sum(-1)
        torch.testing.assert_close((found.weights * found.nodes**power).sum(-1), exact, rtol=1e-8, atol=1e-8)


def test_density_of_a_semicircle():
    size, probes = 500, 20
    noise = numbers(size, size)
    matrix = (noise + noise.mT) / (2 * size) ** 0.5  # spectrum on [-2, 2] (Wigner 1955)
    found = spectral_density(times(matrix), matrix[0], steps=40, probes=probes)
    points = torch.linspace(-2.5, 2.5, 101, dtype=torch.float64)
    law = (4 - points**2).clamp(min=0).sqrt() / (2 * torch.pi)
    density = found.density(points, 0.1)
    assert (density - law).abs()[(points.abs() < 1.7)].max() < 0.03
    torch.testing.assert_close(torch.trapezoid(density, points).item(), 1.0, rtol=1e-3, atol=0)


def test_shares_of_the_spectrum():
    exact = torch.cat([torch.zeros(380), torch.full((20,), 10.0)]).double()
    matrices = torch.stack([matrix_with(exact), 2 * matrix_with(exact, seed=1)])
    found = spectral_density(times(matrices), torch.zeros(2, 400).double(), steps=5, probes=200)
    top = torch.tensor([10.0, 20.0], dtype=torch.float64)
    share = found.share(-0.01 * top, 0.01 * top)
    assert found.nodes.shape == (2, 200, 5) and share.shape == (2,)
    torch.testing.assert_close(share, torch.tensor([0.95, 0.95], dtype=torch.float64), atol=0.005, rtol=0)


def test_what_does_not_fit_is_refused():
    matrix = matrix_with(torch.linspace(0, 1, 50))
    product = times(matrix)
    with pytest.raises(ValueError, match="count must be between 1 and 50"):
        top_eigenvalues(product, matrix[0], 51)
    with pytest.raises(ValueError, match="which must be one of"):
        top_eigenvalues(product, matrix[0], which="top")
    with pytest.raises(RuntimeError, match="after 4 steps a residual is"):
        top_eigenvalues(product, matrix[0], 2, most=4, tolerance=1e-9)
    with pytest.raises(ValueError, match="probes"):
        spectral_density(product, matrix[0], probes=0)
    with pytest.raises(ValueError, match="steps must be between 1 and 50"):
        spectral_density(product, matrix[0], steps=0)
    with pytest.raises(ValueError, match="width"):
        spectral_density(product, matrix[0], steps=3).density(matrix[0], 0.0)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_on_a_gpu():
    matrix = matrix_with(torch.linspace(0, 1, 50) ** 4)
    cpu, gpu = (top_eigenvalues(times(m), m[0], 3, tolerance=1e-9) for m in (matrix, matrix.cuda()))
    torch.testing.assert_close(gpu.values.cpu(), cpu.values)
    spread = spectral_density(times(matrix.cuda()), matrix[0].cuda(), steps=9)
    torch.testing.assert_close(spread.nodes.cpu(), spectral_density(times(matrix), matrix[0], steps=9).nodes)
