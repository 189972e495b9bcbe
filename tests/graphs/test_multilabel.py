"""Multi-label classification against scikit-learn's one-vs-rest logistic regression and its F1."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier

from toolkit.graphs import compare_multilabel, multilabel_f1
from toolkit.graphs.multilabel import f1, most_probable, one_vs_rest


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def several_labels(n=300, d=8, count=5):
    """Points and the labels whose direction they lean to, at least one each."""
    x = torch.randn(n, d, generator=generator())
    lean = x @ torch.randn(d, count, generator=generator(1)) + torch.randn(n, count, generator=generator(2))
    y = (lean > 1).float()
    y[torch.arange(n), lean.argmax(1)] = 1
    return x, y


def test_scores_are_those_of_scikit_learn():
    x, y = several_labels()
    found = multilabel_f1(x, y, shares=[0.3, 0.6], strength=0.5, generator=generator(7))
    order = torch.randperm(len(y), generator=generator(7)).numpy()
    scaled = (x - x.mean(0)).double()
    scaled, right = (scaled / scaled.square().mean().sqrt()).numpy(), y.numpy()
    for row, share in zip(found, (0.3, 0.6)):
        train, test = order[: round(share * 300)], order[round(share * 300) :]
        model = OneVsRestClassifier(LogisticRegression(C=0.5, tol=1e-8, max_iter=5000)).fit(scaled[train], right[train])
        chance, guess = model.predict_proba(scaled[test]), np.zeros((len(test), 5))
        for i, node in enumerate(test):
            guess[i, np.argsort(-chance[i])[: int(right[node].sum())]] = 1
        expected = [f1_score(right[test], guess, average=kind) for kind in ("micro", "macro")]
        assert row.tolist() == pytest.approx(expected, abs=0.005)


def test_weights_are_those_of_scikit_learn():
    x, y = (part.double().numpy() for part in several_labels())
    found = one_vs_rest(x, y, 0.1)
    for label in range(5):
        model = LogisticRegression(C=0.1, tol=1e-10, max_iter=5000).fit(x, y[:, label])
        assert np.allclose(found[:-1, label], model.coef_[0], atol=5e-3)
        assert found[-1, label] == pytest.approx(model.intercept_[0], abs=5e-3)


def test_the_most_probable_labels_are_taken():
    logits = np.array([[1.0, 3.0, 2.0], [0.0, -1.0, 5.0], [1.0, 1.0, 1.0]])
    assert most_probable(logits, np.array([2, 1, 0])).tolist() == [[0, 1, 1], [0, 0, 1], [0, 0, 0]]


def test_f1_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    found, right = (rng.random((2, 40, 6)) < 0.3).astype(float)
    right[:, 5] = found[:, 5] = 0  # a label that nobody has
    expected = [f1_score(right, found, average=kind, zero_division=0) for kind in ("micro", "macro")]
    assert f1(found, right) == pytest.approx(expected)


def test_noise_is_not_classified_and_copies_of_the_labels_are():
    _, y = several_labels()
    noise = torch.randn(300, 4, generator=generator(3))
    micro = multilabel_f1(noise, y, shares=[0.5], generator=generator())[0, 0]
    assert micro < 0.6 < 0.99 < multilabel_f1(y + 0.01 * noise[:, :1], y, strength=100, generator=generator())[1, 0]


def test_methods_are_compared_on_the_same_nodes():
    x, y = several_labels()
    both = compare_multilabel([x, 3 * x + 1, x[:, :2]], y, shares=[0.5], generator=generator(4))
    assert both.shape == (3, 1, 2) and torch.allclose(both[0], both[1], atol=0.01) and (both[2] < both[0]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": torch.zeros(20)}, "zeros and ones"),
        ({"labels": torch.full((20, 2), 0.5)}, "zeros and ones"),
        ({"embedding": torch.zeros(7, 2)}, "one row for each of 20"),
        ({"embedding": torch.ones(20, 2)}, "constant"),
        ({"shares": [1.0]}, "leaves none"),
        ({"shares": [0.001]}, "leaves none"),
    ],
)
def test_unusable_input_is_refused(change, message):
    given = {"embedding": torch.randn(20, 2, generator=generator()), "labels": (torch.arange(40) % 2).view(20, 2)}
    with pytest.raises(ValueError, match=message):
        multilabel_f1(generator=generator(), **(given | change))
