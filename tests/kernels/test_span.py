"""The best readout of ReLU units, against least squares on very many sampled inputs and against known cases."""

import pytest
import torch

from toolkit.kernels import relu_readout_error


def test_against_least_squares_on_samples():
    g = torch.Generator().manual_seed(0)
    units, target = torch.randn(12, 4, generator=g).double(), torch.randn(4, generator=g).double()
    x = torch.randn(200_000, 4, generator=g).double()
    hidden, wanted = (x @ units.T).relu(), (x @ target).relu()
    found = relu_readout_error(units, target)
    for n in (1, 5, 12):
        readout = torch.linalg.lstsq(hidden[:, :n], wanted).solution
        sampled = ((hidden[:, :n] @ readout - wanted).square().mean() / wanted.square().mean()).sqrt()
        assert abs(sampled - found[n - 1]) < 0.01


def test_known_cases():
    w = torch.tensor([1.0, 2.0, -1.0])
    other = torch.tensor([[0.3, 0.0, 1.0]])
    assert relu_readout_error(torch.cat([other, 3 * w[None]]), w)[-1] < 2e-3, "the unit itself, three times as large"
    assert relu_readout_error(-w[None], w)[0] == pytest.approx(1.0, abs=1e-3), "its mirror is never on with it"
    errors = relu_readout_error(torch.randn(50, 3, generator=torch.Generator().manual_seed(1)), w)
    assert (errors.diff() <= 1e-6).all(), "one more unit never hurts"


@pytest.mark.parametrize("units", [torch.ones(3, 2), torch.zeros(3, 4), torch.ones(4)])
def test_bad_input_is_refused(units):
    with pytest.raises(ValueError, match="units must be|not all zero"):
        relu_readout_error(units, torch.ones(4))
