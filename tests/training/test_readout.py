"""The fitted readout against scikit-learn's logistic regression."""

import pytest
import torch

from toolkit.training import fit_readout


def test_against_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    g = torch.Generator().manual_seed(0)
    x = 7 * torch.randn(2, 600, 5, generator=g)
    y = (x[..., :3] + 10 * torch.randn(2, 600, 3, generator=g)).argmax(-1)  # noisy, so that the best readout is finite
    weights, biases = fit_readout(x, y, classes=3, steps=600, batch_size=600, learning_rate=0.05)
    for k in range(2):
        reference = LogisticRegression(C=1e6, max_iter=500).fit(x[k], y[k])
        ours = (x[k] @ weights[k] + biases[k]).softmax(1)
        assert (ours - torch.tensor(reference.predict_proba(x[k].numpy()))).abs().max() < 0.01


def test_members_do_not_touch_each_other():
    g = torch.Generator().manual_seed(1)
    x, y = torch.randn(3, 40, 4, generator=g), torch.randint(2, (3, 40), generator=g)
    together, alone = fit_readout(x, y, classes=2, batch_size=20), fit_readout(x[1:2], y[1:2], classes=2, batch_size=20)
    assert all(torch.allclose(a[1], b[0], atol=1e-5) for a, b in zip(together, alone))


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        (torch.zeros(2, 5), {}, r"labels \[K, n\]; got"),
        (torch.full((2, 6), 3), {}, "between 0 and 2; got 3"),
        (torch.zeros(2, 6, dtype=torch.long), {"batch_size": 7}, "between 1 and 6; got 7"),
    ],
)
def test_bad_input_is_refused(labels, options, message):
    with pytest.raises(ValueError, match=message):
        fit_readout(torch.ones(2, 6, 4), labels, classes=3, **options)
