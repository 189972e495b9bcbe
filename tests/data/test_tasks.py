"""Data sets from priors and from tables."""

from functools import partial

import pytest
import torch

from toolkit.data.tasks import draw_tasks, regression_tasks, table_tasks


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def test_regression_tasks_are_rough_or_smooth_as_asked():
    length = torch.tensor([0.05, 3.0]).repeat(100).double()
    x, y = regression_tasks(200, 300, length=length, noise_variance=1e-4, generator=generators(0)[0])
    assert x.shape == (200, 300, 1) and y.shape == (200, 300) and -1 <= float(x.min()) and float(x.max()) <= 1
    steps = y.gather(1, x[..., 0].argsort(1)).diff(dim=1).square().mean(1)
    assert float(steps[::2].mean()) > 20 * float(steps[1::2].mean())
    assert float(y[:, 0].var()) == pytest.approx(1, abs=0.3)


def test_each_network_has_its_own_stream():
    prior = partial(regression_tasks, length=0.6)
    x, y, known = draw_tasks(prior, 50, 6, generators(1, 2))
    assert x.shape == (2, 50, 6, 1) and y.shape == (2, 50, 6)
    assert int(known.min()) == 1 and int(known.max()) == 4
    alone = draw_tasks(prior, 50, 6, generators(2))
    assert torch.equal(alone[1][0], y[1]) and not torch.equal(y[0], y[1])


@pytest.mark.parametrize(("name", "columns"), [("iris", 4), ("wine", 13), ("breast_cancer", 30)])
def test_tables_are_scaled_and_padded(name, columns):
    x, y = table_tasks(name, 3, 60, 30, 30, generators(1, 2))
    assert x.shape == (2, 3, 60, 30) and set(y.unique().tolist()) == {-1.0, 1.0}
    first = x[..., :30, :columns]
    torch.testing.assert_close(first.mean(-2), torch.zeros(2, 3, columns), atol=1e-4, rtol=0)
    torch.testing.assert_close(first.std(-2), torch.ones(2, 3, columns))
    assert not bool(x[..., columns:].any()) and not torch.equal(y[0], y[1])


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="points must be at least 3; got 2"):
        draw_tasks(regression_tasks, 5, 2, generators(0))
    with pytest.raises(ValueError, match="name must be one of iris, wine, breast_cancer; got 'sonar'"):
        table_tasks("sonar", 1, 60, 30, 30, generators(0))
    with pytest.raises(ValueError, match="iris has 100 rows and 4 columns; got splits 1, rows 101"):
        table_tasks("iris", 1, 101, 30, 30, generators(0))
