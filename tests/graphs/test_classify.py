"""Node classification against scikit-learn's own pieces."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from toolkit.graphs import node_classification
from toolkit.graphs.classify import _known


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def clouds(n=120, classes=3, gap=4.0):
    labels = torch.arange(n) % classes
    return torch.randn(n, 6, generator=generator()) + gap * torch.eye(classes, 6)[labels], labels


def test_score_is_that_of_a_fully_converged_fit():
    x, y = clouds(gap=1.5)
    found = node_classification(x, y, share=0.4, repeats=3, generator=generator(5))
    centred = (x - x.mean(0)).double()
    centred = (centred / centred.square().mean().sqrt()).numpy()
    splits, expected = generator(5), []
    for _ in range(3):
        known = _known(y.numpy(), 0.4, splits)
        model = LogisticRegression(C=0.03, tol=1e-10, max_iter=10_000).fit(centred[known], y[known].numpy())
        expected.append(model.score(centred[~known], y[~known].numpy()))
    assert found == pytest.approx(np.mean(expected), abs=0.01)


def test_clear_classes_are_found_and_noise_is_not():
    x, y = clouds(gap=12.0)
    assert node_classification(x, y, repeats=2, generator=generator()) == 1.0
    noise = torch.randn(3000, 5, generator=generator())
    assert node_classification(noise, torch.arange(3000) % 3, generator=generator()) == pytest.approx(1 / 3, abs=0.05)


def test_scale_and_shift_do_not_matter():
    x, y = clouds()
    scores = {node_classification(a * x + b, y, repeats=2, generator=generator()) for a, b in ((1, 0), (50, 7))}
    assert len(scores) == 1


def test_known_nodes_are_a_share_of_each_class():
    y = np.repeat([0, 1, 2], [60, 30, 1])
    known = _known(y, 0.3, generator())
    assert [known[y == c].sum() for c in range(3)] == [18, 9, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": torch.zeros(7)}, "one row for each of 7 labels"),
        ({"embedding": torch.zeros(6)}, "one row for each of 6 labels"),
        ({"share": 1.0}, "between 0 and 1; got 1.0"),
        ({"repeats": 0}, "at least 1"),
        ({"embedding": torch.full((6, 2), float("nan"))}, "finite"),
        ({"embedding": torch.ones(6, 2)}, "constant"),
        ({"labels": torch.ones(6)}, "one class only"),
        ({"share": 0.99}, "leaves none to test"),
    ],
)
def test_unusable_input_is_refused(change, message):
    given = {"embedding": torch.randn(6, 2, generator=generator()), "labels": torch.arange(6) % 2} | change
    with pytest.raises(ValueError, match=message):
        node_classification(generator=generator(), **given)
