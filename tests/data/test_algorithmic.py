"""Parities are products of fair signs, and modular arithmetic has every pair once."""

from functools import partial

import pytest
import torch

from toolkit.data.algorithmic import modular_arithmetic, sparse_parity


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_signs_are_fair_and_only_their_whole_product_tells():
    n, d, order = 20_000, 6, 3
    inputs, labels = sparse_parity(n, d, order=order, generator=generator())
    assert inputs.shape == (n, d) and set(inputs.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(labels, inputs[:, 0] * inputs[:, 1] * inputs[:, 2])
    bound = 5 / n**0.5
    assert bool((inputs.mean(0).abs() < bound).all())
    assert bool(((inputs * labels[:, None]).mean(0).abs() < bound).all())  # no sign alone tells the label
    pairs = inputs.T @ inputs / n - torch.eye(d)
    assert bool((pairs.abs() < bound).all())


@pytest.mark.parametrize(("operation", "result"), [("add", 3), ("subtract", 6), ("multiply", 3)])
def test_every_pair_stands_once_with_its_result(operation, result):
    pairs, results, training = modular_arithmetic(7, share=0.4, operation=operation, generator=generator())
    assert len({tuple(pair) for pair in pairs.tolist()}) == 49
    assert int(results[(pairs == torch.tensor([1, 2])).all(1)].item()) == {"multiply": 2}.get(operation, result)
    assert 0 <= int(results.min()) and int(results.max()) == 6
    assert training.dtype == torch.bool and int(training.sum()) == round(0.4 * 49)


def test_the_split_is_uniform():
    draws, p, share = 2000, 4, 0.5
    masks = [modular_arithmetic(p, share=share, generator=generator(seed))[2] for seed in range(draws)]
    rate = torch.stack(masks).double().mean(0)
    assert bool(((rate - share).abs() < 5 * (share * (1 - share) / draws) ** 0.5).all())


@pytest.mark.parametrize("make", [partial(sparse_parity, 9, 5, order=2), partial(modular_arithmetic, 9, share=0.5)])
def test_the_draw_depends_on_the_generator_alone(make):
    one, two, other = (torch.cat([part.double().flatten() for part in make(generator=generator(s))]) for s in (3, 3, 4))
    assert torch.equal(one, two) and not torch.equal(one, other)


BAD = [
    (partial(sparse_parity, 0, 5, order=2), "n must be at least 1; got 0"),
    (partial(sparse_parity, 5, 5, order=6), "order must be between 1 and 5; got 6"),
    (partial(modular_arithmetic, 1, share=0.5), "modulus must be at least 2; got 1"),
    (partial(modular_arithmetic, 5, share=1.5), "share must be between 0 and 1; got 1.5"),
    (partial(modular_arithmetic, 5, share=0.5, operation="divide"), "one of add, subtract, multiply; got 'divide'"),
]


@pytest.mark.parametrize(("make", "words"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_bad_input_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make(generator=generator())
