"""Packing against the full matrices."""

import pytest
import torch

from toolkit.kernels import pack_symmetric, unpack_symmetric


@pytest.fixture
def matrices():
    g = torch.Generator().manual_seed(0)
    half = torch.randn(2, 3, 5, 5, generator=g, dtype=torch.float64)
    return half + half.mT


def test_there_and_back(matrices):
    packed = pack_symmetric(matrices)
    assert packed.shape == (2, 3, 15)
    torch.testing.assert_close(unpack_symmetric(packed), matrices)


def test_inner_products_stay(matrices):
    first, second = matrices
    found = (pack_symmetric(first) * pack_symmetric(second)).sum(-1)
    torch.testing.assert_close(found, (first * second).sum((-2, -1)))


def test_a_quadratic_form_is_linear_in_the_packed_products(matrices):
    x = torch.randn(7, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    products = pack_symmetric(x[:, :, None] * x[:, None, :])
    form = torch.einsum("ni,ij,nj->n", x, matrices[0, 0], x)
    torch.testing.assert_close(products @ pack_symmetric(matrices[0, 0]), form)


def test_one_number():
    assert unpack_symmetric(pack_symmetric(torch.tensor([[3.0]]))).tolist() == [[3.0]]


def test_type_stays(matrices):
    assert pack_symmetric(matrices.float()).dtype == unpack_symmetric(torch.ones(6)).dtype == torch.float32


@pytest.mark.parametrize("wrong", [torch.ones(3), torch.ones(2, 3), torch.ones(0, 0)])
def test_bad_matrices_are_refused(wrong):
    with pytest.raises(ValueError, match=r"matrix must be \[\.\.\., d, d\]"):
        pack_symmetric(wrong)


@pytest.mark.parametrize("wrong", [torch.ones(4), torch.ones(0), torch.tensor(1.0)])
def test_bad_vectors_are_refused(wrong):
    with pytest.raises(ValueError, match="last axis"):
        unpack_symmetric(wrong)
