"""Teachers have the moments, noise and singular values that they promise."""

from functools import partial

import pytest
import torch

from toolkit.data.stack import stacked
from toolkit.data.teachers import linear_teacher, mlp_teacher, single_index_teacher


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_inputs_are_standard_normal_and_targets_are_the_linear_map_plus_noise():
    n, d, noise = 20_000, 5, 0.5
    inputs, targets, clean, (weight,) = linear_teacher(n, d, 3, noise=noise, generator=generator())
    assert inputs.shape == (n, d) and targets.shape == clean.shape == (n, 3) and weight.shape == (d, 3)
    torch.testing.assert_close(clean, inputs @ weight)
    assert float(inputs.mean()) == pytest.approx(0, abs=5 / (n * d) ** 0.5)
    assert float(inputs.var()) == pytest.approx(1, abs=5 * (2 / (n * d)) ** 0.5)
    assert float((targets - clean).std()) == pytest.approx(noise, rel=5 / (2 * 3 * n) ** 0.5)


def test_signal_to_noise_over_teachers():
    lessons = stacked(partial(linear_teacher, 20, 50, noise=0.5**0.5), range(400))
    signal = lessons.clean.square().mean(dim=(1, 2))
    assert float(signal.mean()) == pytest.approx(1, abs=5 * float(signal.std()) / 20)
    residual = (lessons.targets - lessons.clean).square().mean(dim=(1, 2))
    assert float(residual.mean()) == pytest.approx(0.5, abs=5 * float(residual.std()) / 20)


def test_linear_teacher_has_its_singular_values():
    (weight,) = linear_teacher(1, 8, 6, singular_values=[3.0, 2.0, 0.5], generator=generator()).weights
    values = torch.linalg.svdvals(weight)
    torch.testing.assert_close(values, torch.tensor([3.0, 2, 0.5, 0, 0, 0]), atol=1e-5, rtol=1e-5)


def test_single_index_teacher_looks_in_one_direction():
    n = 50_000
    lessons = single_index_teacher(n, 10, link=lambda z: z**2 / 2, generator=generator())
    (beta,) = lessons.weights
    assert float(beta.norm()) == pytest.approx(1, abs=1e-6)
    torch.testing.assert_close(lessons.targets, (lessons.inputs @ beta) ** 2 / 2)
    # z^2 / 2 has mean 1/2 and variance 1/2; its fourth central moment is 15/4
    assert float(lessons.clean.mean()) == pytest.approx(0.5, abs=5 * (0.5 / n) ** 0.5)
    assert float(lessons.clean.var()) == pytest.approx(0.5, abs=5 * ((15 / 4 - 1 / 4) / n) ** 0.5)


@pytest.mark.parametrize(("activation", "moment"), [("relu", 0.5), ("linear", 1.0), ("tanh", 0.394294)])
def test_second_moment_of_mlp_teachers(activation, moment):
    draws = stacked(partial(mlp_teacher, 20, [15, 30, 1], activation=activation), range(400))
    second = draws.clean.square().mean(dim=(1, 2))
    assert float(second.mean()) == pytest.approx(moment, abs=5 * float(second.std()) / 20)


def test_mlp_teacher_computes_what_its_weights_say():
    inputs, targets, clean, weights = mlp_teacher(7, [3, 4, 5, 2], activation="tanh", generator=generator())
    first, second, last = weights
    torch.testing.assert_close(clean, torch.tanh(torch.tanh(inputs @ first) @ second) @ last)
    assert torch.equal(targets, clean)


MAKERS = [
    partial(linear_teacher, 5, 3),
    partial(linear_teacher, 5, 3, 2, singular_values=[1.0]),
    partial(single_index_teacher, 5, 3, link=torch.sin, noise=1),
    partial(mlp_teacher, 5, [3, 2, 1]),
]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.func.__name__)
def test_the_draw_depends_on_the_generator_alone(make):
    one, two, other = (make(generator=generator(seed)).targets for seed in (3, 3, 4))
    assert torch.equal(one, two) and not torch.equal(one, other)


BAD = [
    (partial(linear_teacher, 0, 3), "n must be at least 1; got 0"),
    (partial(linear_teacher, 5, 3, noise=-1), "noise must be at least 0; got -1"),
    (partial(linear_teacher, 5, 3, 2, singular_values=[1.0, 1, 1]), "singular_values must be 1 to 2 numbers"),
    (partial(single_index_teacher, 5, 0, link=torch.sin), "dimension must be at least 1; got 0"),
    (partial(single_index_teacher, 5, 2, link=torch.sum), r"entry by entry; it turned \[5, 1\] into \[\]"),
    (partial(mlp_teacher, 5, [3]), "sizes must name at least input and output"),
    (partial(mlp_teacher, 5, [3, 1], activation="sin"), "one of relu, tanh, erf, linear; got 'sin'"),
]


@pytest.mark.parametrize(("make", "words"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_bad_input_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make(generator=generator())
