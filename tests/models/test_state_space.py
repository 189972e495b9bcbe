"""State space kernels against scipy.signal, the step-by-step recurrence, and small matrices known from papers."""

import math

import numpy as np
import pytest
import torch
from scipy import signal

from toolkit.models import state_space as ss


def system(size=5, seed=0):
    """A stable random system."""
    generator = torch.Generator().manual_seed(seed)
    a = torch.randn(size, size, generator=generator, dtype=torch.float64)
    a = a - (torch.linalg.eigvals(a).real.max() + 0.3) * torch.eye(size, dtype=torch.float64)
    b, c = torch.randn(2, size, generator=generator, dtype=torch.float64)
    return a, b, c


def test_hippo_legs_is_the_small_matrix_written_out():
    a, b, p = ss.hippo_legs(3)
    expected = -torch.tensor([[1, 0, 0], [math.sqrt(3), 2, 0], [math.sqrt(5), math.sqrt(15), 3]], dtype=torch.float64)
    torch.testing.assert_close(a, expected)
    torch.testing.assert_close(b, torch.tensor([1, 3, 5], dtype=torch.float64).sqrt())
    torch.testing.assert_close(p, torch.tensor([0.5, 1.5, 2.5], dtype=torch.float64).sqrt())


def test_legs_kernels_are_legendre_polynomials_of_warped_time():
    # Gu et al. (2023), arXiv 2206.12037: the basis of HiPPO-LegS is sqrt(2n+1) P_n(2 exp(-t) - 1) exp(-t)
    a, b, _ = ss.hippo_legs(6)
    found = ss.basis_kernels(*ss.discretize(a, b, 0.05, method="impulse"), 80) / 0.05
    t = 0.05 * np.arange(80)
    for n in range(6):
        legendre = np.polynomial.Legendre.basis(n)(2 * np.exp(-t) - 1)
        np.testing.assert_allclose(found[n].numpy(), math.sqrt(2 * n + 1) * legendre * np.exp(-t), atol=1e-10)


@pytest.mark.parametrize("pairs", [1, 3, 16])
def test_normal_part_has_the_eigenvalues_and_kernels_of_the_matrix(pairs):
    a, b, p = ss.hippo_legs(2 * pairs)
    normal, part = a + torch.outer(p, p), ss.legs_normal_part(pairs)
    eigenvalues = np.linalg.eigvals(normal.numpy())
    np.testing.assert_allclose(eigenvalues.real, -0.5, atol=1e-9)
    np.testing.assert_allclose(part.eigenvalues.imag, np.sort(eigenvalues.imag)[pairs:], rtol=1e-9, atol=1e-9)
    # p exp(t A) b in both bases; half of the eigenvalues are enough, by symmetry
    dense = p @ torch.linalg.matrix_exp(0.1 * normal) @ b
    halves = 2 * (part.p.conj() * (0.1 * part.eigenvalues).exp() * part.b).sum().real
    torch.testing.assert_close(halves, dense)
    paired = ss.paired_matrix(part.eigenvalues)
    found = np.linalg.eigvals(paired.numpy())
    np.testing.assert_allclose(np.sort(found.imag), np.sort(eigenvalues.imag), atol=1e-8)
    weights = 2 * torch.cat([part.p.real, part.p.imag])
    torch.testing.assert_close(
        weights @ torch.linalg.matrix_exp(0.1 * paired) @ torch.cat([part.b.real, part.b.imag]), dense
    )


@pytest.mark.parametrize("method", ["zoh", "bilinear"])
def test_discretization_is_that_of_scipy(method):
    a, b, c = system()
    a_bar, b_bar = ss.discretize(a, b, 0.2, method=method)
    expected = signal.cont2discrete((a.numpy(), b[:, None].numpy(), c[None].numpy(), np.zeros((1, 1))), 0.2, method)
    np.testing.assert_allclose(a_bar, expected[0], atol=1e-12)
    np.testing.assert_allclose(b_bar, expected[1][:, 0], atol=1e-12)


def test_zoh_works_where_the_matrix_has_no_inverse():
    a_bar, b_bar = ss.discretize(torch.tensor([[0.0, 1.0], [0.0, 0.0]]), torch.tensor([0.0, 1.0]), 0.5)
    torch.testing.assert_close(a_bar, torch.tensor([[1.0, 0.5], [0.0, 1.0]]))
    torch.testing.assert_close(b_bar, torch.tensor([0.125, 0.5]))


def test_impulse_method_samples_the_continuous_kernel():
    a, b, c = system()
    time, expected = signal.impulse((a.numpy(), b[:, None].numpy(), c[None].numpy(), 0), T=0.1 * np.arange(40))
    found = ss.impulse_response(*ss.discretize(a, b, 0.1, method="impulse"), c, 40) / 0.1
    np.testing.assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize("length", [1, 2, 16, 17, 100, 256])
def test_impulse_response_is_that_of_scipy_and_of_the_basis(length):
    a, b, c = system(seed=1)
    a_bar, b_bar = ss.discretize(a, b, 0.1)
    discrete = (a_bar.numpy(), b_bar[:, None].numpy(), c[None].numpy(), np.zeros((1, 1)), 0.1)
    expected = signal.dimpulse(discrete, n=length + 1)[1][0][1:, 0]  # scipy's input acts one step later
    found = ss.impulse_response(a_bar, b_bar, c, length)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    torch.testing.assert_close(c @ ss.basis_kernels(a_bar, b_bar, length), found)


@pytest.mark.parametrize("length", [1, 2, 15, 64, 200])
def test_vandermonde_is_the_plain_product(length):
    generator = torch.Generator().manual_seed(3)
    c, z = torch.randn(2, 4, 3, 6, dtype=torch.complex128, generator=generator)
    z = torch.complex(-z.real.abs() / 5, z.imag)
    matrix = np.vander(z.exp().reshape(-1).numpy(), length, increasing=True).reshape(4, 3, 6, length)
    found = ss.vandermonde(c, z, length)
    np.testing.assert_allclose(found, np.einsum("khn,khnl->khl", c.numpy(), matrix), atol=1e-9)


def test_vandermonde_has_the_right_gradient():
    generator = torch.Generator().manual_seed(4)
    c, z = (torch.randn(2, 3, dtype=torch.complex128, generator=generator) * 0.3 for _ in range(2))
    assert torch.autograd.gradcheck(lambda c, z: ss.vandermonde(c, z, 7), (c.requires_grad_(), z.requires_grad_()))


def test_convolution_scan_and_scipy_agree():
    a, b, c = system(seed=2)
    a_bar, b_bar = ss.discretize(a, b, 0.1)
    u = torch.randn(60, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    y = ss.causal_convolution(u, ss.impulse_response(a_bar, b_bar, c, 60))
    torch.testing.assert_close(ss.scan(a_bar, b_bar, c, u), y)
    np.testing.assert_allclose(y, np.convolve(u, ss.impulse_response(a_bar, b_bar, c, 60))[:60], atol=1e-12)
    # zero-order hold is exact for an input that is constant over each step
    held = signal.dlsim((a_bar.numpy(), b_bar[:, None].numpy(), c[None].numpy(), np.zeros((1, 1)), 0.1), u.numpy())
    np.testing.assert_allclose(y[:-1], held[1][1:, 0], atol=1e-12)
    short = torch.tensor([1.0, -0.5], dtype=torch.float64)
    np.testing.assert_allclose(ss.causal_convolution(u, short), signal.lfilter(short, [1.0], u), atol=1e-12)


def test_bilinear_kernel_of_a_pole_is_that_of_lsim():
    # a slow pole driven by a smooth input, against the continuous solution
    a, b, c = torch.tensor([[-0.7]]).double(), torch.ones(1).double(), torch.ones(1).double()
    t = np.arange(400) * 0.02
    u = np.sin(1.3 * t)
    expected = signal.lsim(([[-0.7]], [[1.0]], [[1.0]], [[0.0]]), u, t)[1]
    y = ss.causal_convolution(
        torch.from_numpy(u), ss.impulse_response(*ss.discretize(a, b, 0.02, method="bilinear"), c, 400)
    )
    np.testing.assert_allclose(y, expected, atol=0.02)


def test_members_and_channels_are_independent():
    systems = [system(seed=s) for s in range(6)]
    a, b, c = (torch.stack(parts).unflatten(0, (2, 3)) for parts in zip(*systems))
    step = torch.tensor([[0.1, 0.2, 0.3], [0.05, 0.1, 0.4]], dtype=torch.float64)
    for method in ss.METHODS:
        together = ss.impulse_response(*ss.discretize(a, b, step, method=method), c, 20)
        for k in range(2):
            for h in range(3):
                alone = ss.discretize(a[k, h], b[k, h], step[k, h].item(), method=method)
                torch.testing.assert_close(together[k, h], ss.impulse_response(*alone, c[k, h], 20))


def test_diagonal_scan_is_the_dense_one():
    z = torch.tensor([0.9 * 1j, 0.8, -0.7 + 0.1j], dtype=torch.complex128)
    b, c = torch.randn(2, 3, dtype=torch.complex128, generator=torch.Generator().manual_seed(6))
    u = torch.randn(9, dtype=torch.float64, generator=torch.Generator().manual_seed(7))
    torch.testing.assert_close(ss.scan(z, b, c, u), ss.scan(torch.diag(z), b, c, u))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ss.hippo_legs(0), "size must be at least 1"),
        (lambda: ss.legs_normal_part(0), "pairs must be at least 1"),
        (lambda: ss.discretize(torch.eye(2), torch.ones(2), 0.1, method="euler"), "zoh, bilinear, impulse"),
        (lambda: ss.discretize(torch.eye(2), torch.ones(3), 0.1), "must be"),
        (lambda: ss.vandermonde(torch.ones(2), torch.ones(2), 0), "length must be at least 1"),
        (lambda: ss.basis_kernels(torch.eye(2), torch.ones(2), 0), "length must be at least 1"),
        (lambda: ss.causal_convolution(torch.ones(3), torch.ones(4)), "at most 3"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
