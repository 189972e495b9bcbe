"""Random subspaces against dense matrices, scipy and plain loops."""

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
import torch

from toolkit.landscape import hadamard_transform, random_projection
from toolkit.landscape.subspace import KINDS

SIZE, FEW = 203, 12


def made(kind, seeds=(3, 4, 5), **options):
    return random_projection(kind, SIZE, FEW, seeds, dtype=torch.float64, **options)


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("kind", KINDS)
def test_products_agree_with_the_dense_matrix(kind):
    project = made(kind)
    matrix = project.matrix()
    assert matrix.shape == (3, SIZE, FEW)
    z, theta = numbers(3, 2, 4, FEW), numbers(3, 2, 4, SIZE, seed=1)
    torch.testing.assert_close(project(z), torch.einsum("kpd,kabd->kabp", matrix, z))
    torch.testing.assert_close(project.transpose(theta), torch.einsum("kpd,kabp->kabd", matrix, theta))
    torch.testing.assert_close(project(z[:, 0, 0]), (matrix @ z[:, 0, 0, :, None])[..., 0])


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives_of_first_and_second_order(kind):
    project, z = made(kind, seeds=[1]), numbers(1, 2, FEW).requires_grad_()
    assert torch.autograd.gradcheck(project, (z,))
    assert torch.autograd.gradgradcheck(lambda v: project(v.sin()), (z,))


@pytest.mark.parametrize("kind", KINDS)
def test_a_member_depends_on_its_seed_alone(kind):
    together, alone = made(kind).matrix(), made(kind, seeds=[4]).matrix()
    assert torch.equal(together[1], alone[0])
    assert not torch.equal(together[0], together[1])


@pytest.mark.parametrize("kind", KINDS)
def test_columns_have_length_one_and_random_directions(kind):
    matrices = random_projection(kind, 1024, 64, range(20)).matrix()
    lengths = matrices.norm(dim=1)
    # squared cosines average 1 / D between independent directions, and 2 / D under fastfood: its cosines are means of
    # squares of normal numbers with random signs, of which half are positive
    expected = {"orthonormal": 0, "fastfood": 2}.get(kind, 1)
    cosines = (matrices.mT @ matrices)[:, ~torch.eye(64, dtype=torch.bool)]
    assert abs(cosines.square().mean() * 1024 - expected) < 0.1
    torch.testing.assert_close(lengths, torch.ones_like(lengths))
    assert abs(matrices.mean()) < 1e-3


def test_fastfood_keeps_the_mean_length_when_its_last_block_is_cut():
    matrices = random_projection("fastfood", 1000, 60, range(200)).matrix()
    assert abs(matrices.square().sum(1).mean() - 1) < 0.01


def test_fastfood_is_the_product_of_its_factors():
    project = random_projection("fastfood", 24, 8, [7], dtype=torch.float64)
    h = scipy.linalg.hadamard(8)
    blocks = []
    for block in range(3):
        order = (project._order[0, 0] - 8 * block)[8 * block : 8 * block + 8].numpy()
        permutation = np.eye(8)[order]
        gains, signs = (np.diag(part[0, 0, block].numpy()) for part in (project._gains, project._signs))
        blocks.append(h @ gains @ permutation @ h @ signs)
    np.testing.assert_allclose(project.matrix()[0].numpy(), np.concatenate(blocks), atol=1e-12)


def test_orthonormal_spans_what_the_normalized_columns_span():
    dense, basis = made("normalized").matrix(), made("orthonormal").matrix()
    torch.testing.assert_close(basis.mT @ basis, torch.eye(FEW, dtype=torch.float64).expand(3, -1, -1))
    torch.testing.assert_close(basis @ (basis.mT @ dense), dense)
    for one, other in zip(dense.numpy(), basis.numpy()):
        assert scipy.linalg.subspace_angles(one, other).max() < 1e-7


def test_sparse_has_few_entries_of_one_size():
    project = made("sparse")
    matrix = project.matrix()
    count = round(SIZE**0.5)
    assert ((matrix != 0).sum(dim=1) == count).all()
    assert torch.unique(matrix.abs()).tolist() == pytest.approx([0, count**-0.5])
    theirs = scipy.sparse.block_diag([scipy.sparse.csr_array(one.numpy()) for one in matrix]).tocsr()
    z = numbers(3, FEW)
    np.testing.assert_allclose(project(z).flatten().numpy(), theirs @ z.flatten().numpy(), atol=1e-12)
    np.testing.assert_allclose(
        project.transpose(project(z)).flatten().numpy(), theirs.T @ (theirs @ z.flatten().numpy()), atol=1e-12
    )


def test_sparse_places_are_spread_evenly():
    uses = (random_projection("sparse", 50, 50, range(100)).matrix() != 0).double().mean(dim=(0, 2))
    assert abs(uses - 7 / 50).max() < 5 * (7 / 50 * 43 / 50 / 5000) ** 0.5


@pytest.mark.parametrize("side", [1, 2, 8, 32, 128])
def test_hadamard_transform_agrees_with_scipy(side):
    x = numbers(2, 3, side)
    expected = x.numpy() @ scipy.linalg.hadamard(side)
    np.testing.assert_allclose(hadamard_transform(x).numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size, few", [(1, 1), (2, 2), (5, 4), (9, 1)])
def test_tiny_networks(kind, size, few):
    matrix = random_projection(kind, size, few, range(4)).matrix()
    assert matrix.shape == (4, size, few)
    assert torch.isfinite(matrix).all() and (matrix.abs().sum(1) > 0).all()


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="kind must be one of normalized, orthonormal, sparse, fastfood; got 'dense'"):
        random_projection("dense", 10, 2, [0])
    with pytest.raises(ValueError, match="at least one member"):
        random_projection("sparse", 10, 2, [])
    for directions in (0, 11):
        with pytest.raises(ValueError, match=f"between 1 and the 10 parameters; got {directions}"):
            random_projection("sparse", 10, directions, [0])
    with pytest.raises(ValueError, match=r"expected \[3, ..., 12\]; got \[3, 5\]"):
        made("normalized")(torch.zeros(3, 5))
    with pytest.raises(ValueError, match=r"expected \[3, ..., 203\]; got \[2, 203\]"):
        made("sparse").transpose(torch.zeros(2, SIZE))
    with pytest.raises(ValueError, match="power of two; got 6"):
        hadamard_transform(torch.zeros(6))
