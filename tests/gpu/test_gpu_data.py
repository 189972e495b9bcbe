"""Data, claims and figures: made on the CPU, moved, and taken back where they are needed."""

from functools import partial

import pytest
import torch

import toolkit
from toolkit import plots
from toolkit.claims import interval
from toolkit.data.gaussian_process import gaussian_process
from toolkit.data.geometric import contextual_block_model
from toolkit.data.images import mnist_5k, stratified_split
from toolkit.data.mixtures import flip_labels, gaussian_mixture, two_moons
from toolkit.data.neighbours import knn_graph
from toolkit.data.stack import stacked
from toolkit.data.teachers import mlp_teacher
from toolkit.models import MLP
from toolkit.training import squared_error, train


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_bundled_images_and_their_split(same):
    def parts(d):
        images, labels = mnist_5k(device=d)
        return [images, labels, *stratified_split(labels, [100, 50], generator=generator())]

    same(parts)


def test_students_of_moved_teachers(same):
    """20 steps of gradient descent: losses agree to 1e-4."""
    lessons = stacked(partial(mlp_teacher, 30, [5, 8, 1], noise=0.1), range(3))

    def losses(d):
        data = iter([(lessons.inputs.to(d), lessons.targets.to(d))] * 20)
        return train(MLP([5, 16, 1], range(3), device=d), data, loss=squared_error, steps=20, learning_rate=0.01)

    same(losses, rtol=1e-4, atol=1e-5)


def test_makers_take_tensors_from_the_device(same):
    points, classes = two_moons(40, noise=0.1, generator=generator())
    same(lambda d: flip_labels(classes.to(d), 0.3, classes=2, generator=generator()))
    same(lambda d: gaussian_mixture(9, means=points[:3].to(d), generator=generator()), stays=True)
    same(lambda d: gaussian_process(points.to(d), generator=generator()), stays=True)
    same(lambda d: torch.from_numpy(knn_graph(points.to(d), 3).adjacency.toarray()), stays=True)


def test_graphs_with_features_can_be_moved(same):
    pytest.importorskip("torch_geometric")
    data = contextual_block_model(60, 2, 4, degree=5, homophily=0.8, separation=2, generator=generator())
    same(lambda d: [(moved := data.to(d)).x, moved.edge_index, moved.y])


def test_claims_and_figures_take_values_from_the_device(device):
    values = torch.linspace(0.01, 0.02, 5)
    there = values.to(device)
    assert interval(there) == interval(values)
    result = toolkit.paper("fastrp").check("compression", there, against=torch.zeros(5, device=device))
    assert result.mean == pytest.approx(0.015)
    figure, axes = plots.figure()
    plots.band(axes, [1, 2], torch.stack([there, there], dim=1), label="values")
