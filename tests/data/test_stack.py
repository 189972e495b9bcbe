"""Draws stacked for an ensemble are those that each seed gives alone."""

from functools import partial

import pytest
import torch

from toolkit.data.graphs import planted_blocks
from toolkit.data.mixtures import two_moons
from toolkit.data.stack import stacked
from toolkit.data.teachers import Lessons, mlp_teacher


def test_members_are_reproducible_one_by_one():
    make = partial(two_moons, 7, noise=0.1)
    points, classes = stacked(make, [4, 9, 4])
    assert points.shape == (3, 7, 2) and classes.shape == (3, 7)
    alone = make(generator=torch.Generator().manual_seed(9))
    assert torch.equal(points[1], alone[0]) and torch.equal(classes[1], alone[1])
    assert torch.equal(points[0], points[2]) and not torch.equal(points[0], points[1])


def test_named_and_nested_tuples_keep_their_form():
    lessons = stacked(partial(mlp_teacher, 6, [3, 4, 1]), range(2))
    assert isinstance(lessons, Lessons)
    assert lessons.inputs.shape == (2, 6, 3)
    assert [tuple(w.shape) for w in lessons.weights] == [(2, 3, 4), (2, 4, 1)]


def test_what_cannot_be_stacked_is_refused():
    with pytest.raises(ValueError, match="at least one member"):
        stacked(partial(two_moons, 7), [])
    with pytest.raises(ValueError, match="the same shape"):
        stacked(lambda generator: torch.rand(int(torch.randint(1, 1000, (), generator=generator))), range(3))
    with pytest.raises(TypeError, match="got Graph"):
        stacked(partial(planted_blocks, 30, 2, degree=6, mixing=0.1), range(2))
