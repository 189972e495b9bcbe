"""Tables labelled by random networks."""

import pytest
import torch

from toolkit.data.network_tables import network_tables


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_classes_are_balanced_and_columns_differ_in_number():
    x, y = network_tables(200, 40, 10, generator=generator())
    assert x.shape == (200, 40, 10) and y.shape == (200, 40)
    assert bool((y.sum(1) == 0).all()) and set(y.unique().tolist()) == {-1.0, 1.0}
    used = (x != 0).any(1).sum(1)
    assert int(used.min()) == 2 and int(used.max()) == 10 and not bool((x[used < 10][..., -1] != 0).any())


def test_labels_can_be_learned_from_the_columns():
    x, y = network_tables(50, 2000, 3, generator=generator(1))
    weights = torch.linalg.lstsq(x[:, :1000], y[:, :1000, None]).solution
    right = ((x[:, 1000:] @ weights)[..., 0].sign() == y[:, 1000:]).float().mean(1)
    assert float(right.mean()) > 0.75


def test_the_draw_depends_on_the_generator_alone():
    one, two, other = (network_tables(3, 8, 4, generator=generator(seed))[0] for seed in (3, 3, 4))
    assert torch.equal(one, two) and not torch.equal(one, other)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="rows must be at least 2; got 1"):
        network_tables(3, 1, 4, generator=generator())
