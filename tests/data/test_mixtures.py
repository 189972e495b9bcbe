"""Mixtures have the means, spreads and label noise that they promise."""

from functools import partial

import numpy as np
import pytest
import torch
from sklearn.datasets import make_blobs, make_moons

from toolkit.data.mixtures import equidistant_means, flip_labels, gaussian_mixture, two_moons, xor_clusters


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("classes", "dimension"), [(2, 1), (2, 5), (4, 3), (5, 20)])
def test_means_have_the_separation(classes, dimension):
    means = equidistant_means(classes, dimension, separation=3.0, generator=generator())
    assert means.shape == (classes, dimension) and means.dtype == torch.float32
    torch.testing.assert_close(torch.pdist(means), torch.full((classes * (classes - 1) // 2,), 3.0))
    torch.testing.assert_close(means.sum(0), torch.zeros(dimension), atol=1e-5, rtol=0)


MATRICES = torch.tensor([[[2.0, 0.9], [0.9, 1.0]], [[0.5, -0.3], [-0.3, 0.4]], [[1.0, 0.0], [0.0, 3.0]]])
COVARIANCES = [
    (2.0, 2 * torch.eye(2).expand(3, 2, 2)),
    (torch.tensor([0.5, 1.0, 2.0]), torch.tensor([0.5, 1.0, 2.0])[:, None, None] * torch.eye(2)),
    (torch.tensor([[1.0, 2], [3, 0], [0.5, 0.1]]), torch.diag_embed(torch.tensor([[1.0, 2], [3, 0], [0.5, 0.1]]))),
    (MATRICES, MATRICES),
]


@pytest.mark.parametrize(("covariance", "expected"), COVARIANCES)
def test_mixture_has_its_moments(covariance, expected):
    n, means = 60_000, torch.tensor([[0.0, 1.0], [5.0, 5.0], [-3.0, 2.0]])
    points, classes = gaussian_mixture(n, means=means, covariance=covariance, generator=generator())
    assert points.dtype == torch.float32 and classes.dtype == torch.int64
    assert classes.bincount().tolist() == [n // 3] * 3
    for k in range(3):
        group = points[classes == k].double()
        variances = expected[k].diagonal().double()
        error = 5 * (variances / len(group)).sqrt() + 1e-6
        assert bool(((group.mean(0) - means[k]).abs() <= error).all())
        # Var of a sample covariance is (S_ii S_jj + S_ij^2) / n
        spread = 5 * ((variances[:, None] * variances + expected[k].double() ** 2) / len(group)).sqrt() + 1e-6
        assert bool(((torch.cov(group.T) - expected[k]).abs() <= spread).all())


def test_classes_follow_the_weights():
    n, weights = 20_000, torch.tensor([3.0, 1.0, 0.0])
    _, classes = gaussian_mixture(n, means=torch.eye(3), weights=weights, generator=generator())
    assert int(classes.max()) == 1
    assert float((classes == 0).double().mean()) == pytest.approx(0.75, abs=5 * (0.75 * 0.25 / n) ** 0.5)


def test_points_come_in_random_order_and_share_classes_out():
    _, classes = gaussian_mixture(1000, means=torch.eye(7), generator=generator())
    assert classes.bincount().tolist() == [143] * 6 + [142]
    assert not torch.equal(classes, classes.sort().values) and len(classes[:100].unique()) == 7


def test_mixture_looks_like_that_of_sklearn():
    centres = np.array([[0.0, 0.0], [4.0, 1.0], [-2.0, 3.0]])
    theirs, _ = make_blobs(9000, centers=centres, cluster_std=[1, 0.5, 2], random_state=0)
    variances = torch.tensor([1, 0.25, 4])
    ours, _ = gaussian_mixture(9000, means=torch.tensor(centres), covariance=variances, generator=generator())
    for moment in (1, 2):
        a, b = ours.double() ** moment, torch.from_numpy(theirs) ** moment
        error = 5 * ((a.var(0) + b.var(0)) / 9000).sqrt()
        assert bool(((a.mean(0) - b.mean(0)).abs() < error).all())


def test_xor_clusters_hold_their_means_labels_and_flips():
    n, p, norm, flip = 20_000, 6, 4.0, 0.1
    points, labels, clusters = xor_clusters(n, p, mean_norm=norm, flip=flip, generator=generator())
    assert points.shape == (n, p) and labels.dtype == torch.float32 and set(labels.tolist()) == {-1.0, 1.0}
    expected = torch.zeros(4, p)
    expected[[0, 1, 2, 3], [0, 0, 1, 1]] = torch.tensor([norm, -norm, norm, -norm])
    for k in range(4):
        group = points[clusters == k]
        assert len(group) / n == pytest.approx(0.25, abs=5 * (0.25 * 0.75 / n) ** 0.5)
        assert bool(((group.mean(0) - expected[k]).abs() < 5 / len(group) ** 0.5).all())
        rest = float((group - expected[k]).std())
        assert rest == pytest.approx(1, abs=5 / (2 * group.numel()) ** 0.5)
    clean = 1 - 2 * (clusters // 2)
    assert float((labels != clean).double().mean()) == pytest.approx(flip, abs=5 * (flip * (1 - flip) / n) ** 0.5)
    assert bool((xor_clusters(50, 2, mean_norm=1, generator=generator())[1].abs() == 1).all())


@pytest.mark.parametrize("n", [2, 9, 100])
def test_moons_are_those_of_sklearn(n):
    points, classes = two_moons(n, generator=generator())
    theirs, their_classes = make_moons(n, shuffle=False)
    assert classes.bincount().tolist() == np.bincount(their_classes).tolist()
    ours = np.concatenate([points[classes == k].numpy() for k in (0, 1)])
    np.testing.assert_allclose(sorted(ours.tolist()), sorted(theirs.tolist()), atol=1e-6)


def test_moons_have_their_noise_and_margin():
    clean, noisy, moved = (
        two_moons(5000, noise=noise, margin=margin, generator=generator())[0]
        for noise, margin in [(0, 0), (0.2, 0), (0, 1)]
    )
    classes = two_moons(5000, generator=generator())[1]
    assert float((noisy - clean).std()) == pytest.approx(0.2, rel=5 / (2 * 10_000) ** 0.5)
    shift = torch.stack([torch.zeros(5000), -classes.float()], dim=1)
    torch.testing.assert_close(moved - clean, shift)


def test_flipped_labels():
    n, share = 30_000, 0.3
    labels = torch.randint(4, (n,), generator=generator(1))
    noisy = flip_labels(labels, share, classes=4, generator=generator())
    step = (noisy - labels) % 4
    assert noisy.dtype == torch.int64 and noisy.shape == labels.shape
    for by, rate in enumerate([1 - share, share / 3, share / 3, share / 3]):
        assert float((step == by).double().mean()) == pytest.approx(rate, abs=5 * (rate * (1 - rate) / n) ** 0.5)
    assert torch.equal(flip_labels(labels, 0, classes=4, generator=generator()), labels)


MAKERS = [
    partial(equidistant_means, 3, 4, separation=2.0),
    partial(gaussian_mixture, 10, means=torch.eye(2)),
    partial(gaussian_mixture, 10, means=torch.eye(2), weights=torch.ones(2)),
    partial(xor_clusters, 10, 3, mean_norm=2, flip=0.5),
    partial(two_moons, 10, noise=0.1),
    partial(flip_labels, torch.zeros(50, dtype=torch.int64), 0.5, classes=3),
]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.func.__name__)
def test_the_draw_depends_on_the_generator_alone(make):
    one, two, other = (make(generator=generator(seed)) for seed in (3, 3, 4))
    first = [draw if isinstance(draw, torch.Tensor) else draw[0] for draw in (one, two, other)]
    assert torch.equal(first[0], first[1]) and not torch.equal(first[0], first[2])


BAD = [
    (partial(equidistant_means, 5, 3, separation=1), "classes must be between 2 and 4; got 5"),
    (partial(equidistant_means, 2, 3, separation=-1), "separation must be at least 0; got -1"),
    (partial(gaussian_mixture, 0, means=torch.eye(2)), "n must be at least 1; got 0"),
    (partial(gaussian_mixture, 5, means=torch.ones(2)), r"means must be \[classes, dimension\]; got \[2\]"),
    (partial(gaussian_mixture, 5, means=torch.eye(2), covariance=torch.ones(3)), r"number or \[2\], \[2, 2\]"),
    (partial(gaussian_mixture, 5, means=torch.eye(2), covariance=-1.0), "no negative variance"),
    (partial(gaussian_mixture, 5, means=torch.eye(2), covariance=torch.zeros(2, 2, 2)), "positive definite"),
    (partial(gaussian_mixture, 5, means=torch.eye(2), weights=torch.zeros(2)), "weights must be 2 numbers"),
    (partial(xor_clusters, 5, 1, mean_norm=1), "dimension must be at least 2; got 1"),
    (partial(xor_clusters, 5, 2, mean_norm=1, flip=2), "flip must be between 0 and 1; got 2"),
    (partial(two_moons, 1), "n must be at least 2; got 1"),
    (partial(two_moons, 5, noise=float("nan")), "noise must be at least 0; got nan"),
    (partial(flip_labels, torch.tensor([3]), 0.1, classes=3), "labels must lie between 0 and 2"),
    (partial(flip_labels, torch.tensor([0]), 0.1, classes=1), "classes must be at least 2; got 1"),
]


@pytest.mark.parametrize(("make", "words"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_bad_input_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make(generator=generator())
