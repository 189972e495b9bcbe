"""Held-out validation parts: disjoint, complete, and a matter of the seed alone."""

import pytest
import torch

from toolkit.data.splits import hold_out


def load(*, train, device):
    n = 10 if train else 4
    return torch.full((n, 1, 2, 2), float(train), device=device), torch.arange(n, device=device)


def test_parts_are_disjoint_and_the_test_part_is_the_published_one():
    x, y, (train, val, test) = hold_out(load, 3, [5, 6])
    assert (train.shape, val.shape, test.shape) == ((2, 7), (2, 3), (2, 4))
    for k in range(2):
        assert sorted(torch.cat([train[k], val[k]]).tolist()) == list(range(10))
        assert x[train[k]].eq(1).all() and x[test[k]].eq(0).all() and y[test[k]].tolist() == [0, 1, 2, 3]
    assert not torch.equal(val[0], val[1])
    assert torch.equal(hold_out(load, 3, [6])[2][1][0], val[1])


@pytest.mark.parametrize(("size", "seeds"), [(0, [1]), (10, [1]), (3, [])])
def test_unusable_sizes_are_refused(size, seeds):
    with pytest.raises(ValueError, match="at least one seed and a size between 1 and 9"):
        hold_out(load, size, seeds)
