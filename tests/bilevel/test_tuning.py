"""The loop over rounds, networks as functions of flat vectors, and the count of bytes held."""

from functools import partial

import pytest
import torch
from torch import nn

from toolkit.bilevel import (
    HeldBytes,
    Problem,
    descend,
    flat_ensemble,
    implicit,
    neumann,
    round_cost,
    tune,
    unrolled,
    unrolled_hypergradient,
)
from toolkit.models import CNN, MLP, Ensemble
from toolkit.training import cross_entropy


def quadratic():
    """Inner minimum at w = hyper, outer minimum at w = (1, 2): hyper has to become (1, 2)."""
    goal = torch.tensor([1.0, 2.0])
    return Problem(lambda w, h: (w - h).square().sum(-1), lambda w, h: (w - goal).square().sum(-1)), goal


@pytest.mark.parametrize("method", ["implicit", "unrolled"])
def test_tuning_finds_the_known_hyperparameters(method):
    problem, goal = quadratic()
    go = {
        "implicit": implicit(problem, steps=3, rate=0.3, inverse=partial(neumann, step=0.3, terms=10)),
        "unrolled": unrolled(problem, steps=5, rate=0.3),
    }[method]
    seen = []
    start, hyper = torch.zeros(4, 2), torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
    before = hyper.clone()
    weights, found = tune(
        go, start, hyper, rounds=400, hyper_rate=0.05, callback=lambda number, w, h: seen.append((number, h.clone()))
    )
    assert torch.allclose(found, goal.expand(4, 2), atol=1e-3) and torch.allclose(weights, found, atol=1e-3)
    assert [number for number, _ in seen] == list(range(401))
    assert torch.equal(seen[0][1], before) and torch.equal(hyper, before) and torch.equal(start, torch.zeros(4, 2))


def test_the_step_is_that_of_torch_adam():
    slopes = torch.randn(30, 2, 3, generator=torch.Generator().manual_seed(5))
    parameter = nn.Parameter(torch.ones(2, 3))
    engine = torch.optim.Adam([parameter], lr=0.02)
    for slope in slopes:
        parameter.grad = slope.clone()
        engine.step()
    given = iter(slopes)
    _, found = tune(lambda w, h: (w, next(given)), torch.zeros(2, 4), torch.ones(2, 3), rounds=30, hyper_rate=0.02)
    assert torch.allclose(found, parameter.detach(), atol=1e-6)


def test_members_do_not_touch_each_other():
    data = torch.randn(3, 20, 4, generator=torch.Generator().manual_seed(2))
    starts = torch.randn(3, 4, generator=torch.Generator().manual_seed(3))

    def made(x):
        def inner(w, h):
            return torch.nn.functional.softplus((x @ w[..., None])[..., 0]).mean(-1) + (h.exp() * w.square()).sum(-1)

        return Problem(inner, lambda w, h: ((x @ w[..., None])[..., 0] - 1).square().mean(-1))

    def run(x, w):
        go = implicit(made(x), steps=4, rate=0.1, inverse=partial(neumann, step=0.1, terms=3))
        return tune(go, w, torch.full_like(w, -3.0), rounds=5, hyper_rate=0.1)[1]

    together = run(data, starts)
    for k in range(3):
        assert torch.allclose(run(data[k : k + 1], starts[k : k + 1])[0], together[k], atol=1e-6)


def test_descent_is_that_of_torch():
    problem, _ = quadratic()
    start, hyper = torch.zeros(2, 2), torch.tensor([[1.0, 0.0], [3.0, -1.0]])
    parameter = nn.Parameter(start.clone())
    engine = torch.optim.SGD([parameter], lr=0.1)
    for _ in range(6):
        engine.zero_grad()
        problem.inner(parameter, hyper).sum().backward()
        engine.step()
    found = descend(problem, start, hyper, steps=6, rate=0.1)
    assert torch.allclose(found, parameter.detach()) and torch.equal(start, torch.zeros(2, 2))
    assert torch.allclose(found, unrolled_hypergradient(problem, start, hyper, steps=6, rate=0.1)[1])
    assert torch.equal(descend(problem, start, hyper, steps=0, rate=0.1), start)


def test_a_hypergradient_that_is_not_finite_is_named():
    def go(w, h):
        slope = torch.zeros_like(h)
        slope[1] = float("nan")
        return w, slope

    with pytest.raises(FloatingPointError, match=r"members \[1\] is not finite in round 1"):
        tune(go, torch.zeros(2, 2), torch.zeros(2, 2), rounds=3, hyper_rate=0.1)
    with pytest.raises(ValueError, match="rounds must be at least 1"):
        tune(go, torch.zeros(2, 2), torch.zeros(2, 2), rounds=0, hyper_rate=0.1)
    with pytest.raises(ValueError, match="steps must be at least 0"):
        descend(quadratic()[0], torch.zeros(2), torch.zeros(2), steps=-1, rate=0.1)


def convolutional():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))


@pytest.mark.parametrize("kind", ["mlp", "ntk", "ensemble"])
def test_flat_ensembles_compute_what_the_model_does(kind):
    if kind != "ensemble":
        init = "ntk" if kind == "ntk" else "glorot_normal"
        model, x = MLP([5, 7, 3], [1, 2], init=init, weight_scale=1.5), torch.randn(2, 6, 5)
    else:
        model, x = Ensemble(convolutional, [1, 2]), torch.randn(2, 6, 1, 4, 4)
    vectors, network = flat_ensemble(model)
    assert vectors.shape == (2, sum(p[0].numel() for p in model.parameters())) and not vectors.requires_grad
    assert torch.allclose(network(vectors, x), model(x), atol=1e-6)
    assert torch.allclose(network(vectors[:1], x[:1]), model(x)[:1], atol=1e-6), "one of the members"
    moved = vectors + 0.1
    with torch.no_grad():
        for p in model.parameters():
            p += 0.1
    assert torch.allclose(network(moved, x), model(x), atol=1e-6)
    y = torch.zeros(2, 6, dtype=torch.long)
    leaf = moved.clone().requires_grad_()
    (slope,) = torch.autograd.grad(cross_entropy(network(leaf, x), y).sum(), leaf)
    expected = torch.autograd.grad(cross_entropy(model(x), y).sum(), list(model.parameters()))
    assert torch.allclose(slope, torch.cat([g.flatten(1) for g in expected], dim=1), atol=1e-6)


def test_flat_ensembles_refuse_other_models():
    with pytest.raises(ValueError, match="model must be an MLP or an Ensemble; got CNN"):
        flat_ensemble(CNN((1, 4, 4), [2], [], 3, [0]))


def test_held_bytes_count_what_autograd_keeps():
    x = torch.randn(1000, requires_grad=True)
    with HeldBytes() as held:
        y = x.exp()  # keeps its result
        assert held.now == 4000
        z = y.exp()
        assert held.now == 8000
        w = y.sin()  # keeps y, which is held already
        assert held.now == 8000 and held.peak == 8000
        del z
        assert held.now == 4000
        del y, w
        assert held.now == 0 and held.peak == 8000
    x.exp()
    assert held.peak == 8000, "nothing is counted outside the context"


def test_unrolling_holds_every_step_and_the_implicit_way_one():
    net = MLP([10, 16, 3], range(2))
    start, network = flat_ensemble(net)
    x, y = torch.randn(2, 12, 10), torch.zeros(2, 12, dtype=torch.long)
    problem = Problem(
        lambda w, h: cross_entropy(network(w, x), y) + (h.exp() * w.square()).sum(-1) / 2,
        lambda w, h: cross_entropy(network(w, x), y),
    )
    peaks = {}
    for steps in (5, 20):
        for name, go in (
            ("implicit", implicit(problem, steps=steps, rate=0.1, inverse=partial(neumann, step=0.1, terms=5))),
            ("unrolled", unrolled(problem, steps=steps, rate=0.1)),
        ):
            expected = go(start, torch.full_like(start, -2.0))[1]
            with HeldBytes() as held:
                found = go(start, torch.full_like(start, -2.0))[1]
            assert torch.equal(found, expected) and held.now == 0, "counting changes nothing and leaves nothing"
            measured = round_cost(go, start, torch.full_like(start, -2.0), repeats=3, rounds=2)
            assert measured.held == held.peak and measured.seconds.shape == (3,) and (measured.seconds > 0).all()
            peaks[name, steps] = held.peak
    assert peaks["implicit", 20] == peaks["implicit", 5]
    assert peaks["unrolled", 20] > 3 * peaks["unrolled", 5] > 3 * peaks["implicit", 5]
    with pytest.raises(ValueError, match="repeats and rounds must be at least 1"):
        round_cost(go, start, start, repeats=0)
