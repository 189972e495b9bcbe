"""Intervals against scipy, verdicts at their edges, and what is refused."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from toolkit.catalog import Bound
from toolkit.claims import interval, judge


@pytest.mark.parametrize("n", [2, 5, 30])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_t_interval_is_scipys(n, level):
    values = np.random.default_rng(n).normal(3, 2, n)
    mean, low, high = interval(values, level=level)
    wanted = stats.t.interval(level, n - 1, loc=values.mean(), scale=stats.sem(values))
    assert mean == pytest.approx(values.mean())
    assert (low, high) == pytest.approx(wanted)


def test_t_interval_covers_as_often_as_it_says():
    samples = np.random.default_rng(0).normal(0, 1, (2000, 5))
    hits = sum(low < 0 < high for _, low, high in map(interval, samples))
    assert hits / 2000 == pytest.approx(0.95, abs=0.02)


def test_bootstrap_is_scipys_and_the_same_each_time():
    values = np.random.default_rng(1).exponential(1, 25)
    mean, low, high = interval(values, method="bootstrap")
    wanted = stats.bootstrap((values,), np.mean, method="BCa", rng=np.random.default_rng(0)).confidence_interval
    assert (low, high) == (wanted.low, wanted.high)
    assert interval(values, method="bootstrap") == (mean, low, high)
    assert low < mean < high


def test_one_value_has_no_interval_and_equal_values_a_point():
    assert interval([2.0]) == (2.0, -math.inf, math.inf)
    assert interval([2.0, 2.0, 2.0]) == (2.0, 2.0, 2.0)


@pytest.mark.parametrize("kind", [list, tuple, np.asarray, torch.tensor, lambda v: torch.tensor(v, requires_grad=True)])
def test_takes_what_a_chapter_has(kind):
    assert interval(kind([1.0, 2.0, 3.0]))[0] == 2.0
    assert interval([torch.tensor(1.0), torch.tensor(3.0)])[0] == 2.0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], "empty"),
        ([1.0, math.nan], "seed 1 gave nan"),
        ([math.inf, 1.0], "seed 0 gave inf"),
        ([[1.0, 2.0]], "one axis"),
        (["a", "b"], "must be numbers"),
    ],
)
def test_refuses(values, words):
    with pytest.raises(ValueError, match=words):
        interval(values)


def test_refuses_unknown_method_and_level():
    with pytest.raises(ValueError, match="method"):
        interval([1, 2], method="z")
    with pytest.raises(ValueError, match="level"):
        interval([1, 2], level=95)


@pytest.mark.parametrize(
    ("bound", "numbers", "verdict"),
    [
        ({"above": 0}, (1, 0.5, 1.5), "reproduced"),
        ({"above": 0}, (1, -0.5, 2.5), "in doubt"),
        ({"above": 0}, (-1, -2, 0), "not reproduced"),
        ({"above": 0}, (1, 0, 2), "in doubt"),  # the bound itself is not on the claimed side
        ({"below": 2}, (1, 0.5, 1.5), "reproduced"),
        ({"below": 2}, (1, -1, 3), "in doubt"),
        ({"above": 0, "below": 2}, (1, 0.5, 1.5), "reproduced"),
        ({"above": 0, "below": 2}, (1, 0.5, 2.5), "in doubt"),
        ({"above": 0, "below": 2}, (3, 2.5, 3.5), "not reproduced"),
        ({"above": 0}, (1, -math.inf, math.inf), "in doubt"),
    ],
)
def test_verdicts(bound, numbers, verdict):
    assert judge(*numbers, Bound(**bound)) == verdict
