"""Renumbered units leave the function alone, and matching finds what it should."""

from itertools import permutations

import pytest
import torch
from torch.func import vmap

from toolkit.curvature import flatten
from toolkit.landscape import match_units, permute_units
from toolkit.models import MLP

SIZES = [5, 8, 6, 7, 3]


def networks(seeds, sizes=SIZES, **options):
    """With biases that are not zero."""
    vectors, network = flatten(MLP(sizes, seeds, dtype=torch.float64, **options))
    generator = torch.Generator().manual_seed(11)
    return vectors + 0.1 * torch.randn(vectors.shape, generator=generator, dtype=torch.float64), network


def orders(members, sizes=SIZES, seed=3):
    generator = torch.Generator().manual_seed(seed)
    return [torch.stack([torch.randperm(u, generator=generator) for _ in range(members)]) for u in sizes[1:-1]]


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_function_does_not_change(activation):
    vectors, network = networks([0, 1, 2], activation=activation)
    x = torch.randn(30, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    moved = permute_units(SIZES, vectors, orders(3))
    assert (moved != vectors).any(dim=1).all()
    outputs = vmap(network, (0, None))
    torch.testing.assert_close(outputs(moved, x), outputs(vectors, x))


def test_one_network_is_like_one_of_many():
    vectors, _ = networks([0, 1])
    found = orders(2)
    together = permute_units(SIZES, vectors, found)
    torch.testing.assert_close(permute_units(SIZES, vectors[1], [order[1] for order in found]), together[1])
    alone = match_units(SIZES, vectors[0], together[0])
    assert [order.shape for order in alone] == [(8,), (6,), (7,)]


def test_a_hidden_renumbering_is_found():
    sizes = [40, 32, 24, 10]  # in small deep networks the search can stop at an order that is not the best
    vectors, _ = networks([0, 1, 2], sizes)
    moved = permute_units(sizes, vectors, orders(3, sizes))
    found = match_units(sizes, vectors, moved)
    torch.testing.assert_close(permute_units(sizes, moved, found), vectors)


def test_one_hidden_layer_is_matched_as_well_as_any_order_can():
    sizes = [3, 5, 2]
    (one, two), _ = networks([0, 1], sizes)
    found = permute_units(sizes, two, match_units(sizes, one, two))
    every = torch.stack([permute_units(sizes, two, [torch.tensor(order)]) for order in permutations(range(5))])
    assert (one - found).norm().item() == pytest.approx((one - every).norm(dim=1).min().item())


def test_matching_never_moves_networks_apart():
    vectors, _ = networks(range(6))
    others = vectors.roll(1, dims=0)
    moved = permute_units(SIZES, others, match_units(SIZES, vectors, others))
    before, after = (vectors - others).norm(dim=1), (vectors - moved).norm(dim=1)
    assert (after < before).all()
    # a second matching finds nothing more
    again = match_units(SIZES, vectors, moved, most=1)
    assert (vectors - permute_units(SIZES, moved, again)).norm(dim=1).sub(after).abs().max() < 1e-9


def test_without_hidden_layers_nothing_happens():
    vectors, _ = networks([0, 1], [4, 3])
    assert match_units([4, 3], vectors, vectors) == []
    torch.testing.assert_close(permute_units([4, 3], vectors, []), vectors)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v: permute_units([5, 8, 3], v, orders(2)), "networks of sizes"),
        (lambda v: permute_units(SIZES, v, orders(2)[:2]), "one entry per hidden layer"),
        (lambda v: permute_units(SIZES, v, [torch.zeros(8, dtype=int), *orders(2)[1:]]), "each of the 8 units once"),
        (lambda v: permute_units(SIZES, v, orders(2)[::-1]), "each of the 8 units once"),
        (lambda v: match_units(SIZES, v, v[0]), "one shape"),
        (lambda v: match_units(SIZES, v, v, most=0), "at least 1"),
    ],
)
def test_bad_input_is_refused(call, message):
    vectors, _ = networks([0, 1])
    with pytest.raises(ValueError, match=message):
        call(vectors)
