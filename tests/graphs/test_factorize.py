"""Truncated SVD against the full one."""

import pytest
import torch

from toolkit.graphs import truncated_svd


@pytest.mark.parametrize("shape", [(20, 20), (12, 30), (30, 12)])
def test_against_the_full_svd(shape):
    matrix = torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    vectors, values = truncated_svd(matrix, 5)
    torch.testing.assert_close(values, s[:5])
    torch.testing.assert_close((vectors * u[:, :5]).sum(0).abs(), torch.ones(5, dtype=torch.float64))
    best = u[:, :5] * s[:5] @ v[:5]
    torch.testing.assert_close(vectors @ (vectors.T @ matrix), best)


def test_values_of_a_low_rank_matrix_are_not_negative():
    column = torch.arange(1.0, 7)[:, None]
    values = truncated_svd(column @ column.T, 6)[1]
    assert values[0] == pytest.approx(91, rel=1e-5) and (values[1:] < 0.05).all() and (values >= 0).all()


@pytest.mark.parametrize(("matrix", "dimension"), [(torch.zeros(3), 1), (torch.eye(3), 0), (torch.eye(3), 4)])
def test_unusable_input_is_refused(matrix, dimension):
    with pytest.raises(ValueError, match="between 1 and the number of rows"):
        truncated_svd(matrix, dimension)
