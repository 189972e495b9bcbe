"""Hypergradients and inverses against closed forms, finite differences and autograd through unrolled optimizers."""

from functools import partial

import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge

from toolkit.bilevel import (
    Problem,
    conjugate_gradient,
    implicit_hypergradient,
    neumann,
    penalized_regression,
    unrolled_hypergradient,
)

MEMBERS, SIZE = 3, 6


def drawn(seed=4):
    generator = torch.Generator().manual_seed(seed)
    return partial(torch.randn, generator=generator, dtype=torch.float64)


@pytest.fixture
def ridge():
    """Ridge regression with a log penalty for each weight: problem, minimum, log penalties, Hessians, data."""
    draw = drawn()
    x, y, held_x, held_y = draw(MEMBERS, 40, SIZE), draw(MEMBERS, 40), draw(MEMBERS, 25, SIZE), draw(MEMBERS, 25)
    hyper = 0.5 * draw(MEMBERS, SIZE) - 1
    problem, minimum, hessian = penalized_regression((x, y), (held_x, held_y), hyper, kind="ridge")
    return problem, minimum, hyper, hessian, (x, y, held_x, held_y)


def solved(hessian):
    return lambda product, v: torch.linalg.solve(hessian, v)


def closed_form(hyper, data):
    """The outer loss at the exact minimum, differentiated by autograd: no implicit function theorem."""
    x, y, held_x, held_y = data
    h = hyper.clone().requires_grad_()
    w = torch.linalg.solve(x.mT @ x / 40 + torch.diag_embed(h.exp()), (x.mT @ y[..., None])[..., 0] / 40)
    outer = (torch.einsum("knd,kd->kn", held_x, w) - held_y).square().mean(-1) / 2
    return torch.autograd.grad(outer.sum(), h)[0]


def test_ridge_regression_is_that_of_scikit_learn(ridge):
    problem, minimum, hyper, _, (x, y, held_x, held_y) = ridge
    scale = hyper[0].exp().rsqrt()  # a penalty for each weight is a common one after scaling the columns
    model = Ridge(alpha=40.0, fit_intercept=False).fit((x[0] * scale).numpy(), y[0].numpy())
    assert torch.allclose(torch.tensor(model.coef_) * scale, minimum[0], atol=1e-10)
    misses = torch.tensor(model.predict((held_x[0] * scale).numpy())) - held_y[0]
    assert problem.outer(minimum, hyper)[0].item() == pytest.approx(misses.square().mean().item() / 2)


def test_logistic_regression_is_that_of_scikit_learn():
    draw = drawn(8)
    x, hyper = draw(2, 60, 4), 0.5 * draw(2, 4) - 3
    y = (draw(2, 60) + x[..., 0] > 0).double()
    problem, minimum, hessian = penalized_regression((x, y), (x, y), hyper, kind="logistic")
    for k in range(2):
        scale = hyper[k].exp().rsqrt()
        model = LogisticRegression(C=1 / 60, fit_intercept=False, tol=1e-10).fit((x[k] * scale).numpy(), y[k].numpy())
        assert torch.allclose(torch.tensor(model.coef_[0]) * scale, minimum[k], atol=1e-6)
    inner = torch.func.hessian(lambda w: problem.inner(w, hyper).sum())(minimum)
    for k in range(2):
        assert torch.allclose(inner[k, :, k], hessian[k], atol=1e-10)


def test_regressions_refuse_what_does_not_fit():
    x, y = torch.zeros(2, 5, 3), torch.zeros(2, 5)
    with pytest.raises(ValueError, match="kind must be one of ridge, logistic"):
        penalized_regression((x, y), (x, y), torch.zeros(2, 3), kind="lasso")
    with pytest.raises(ValueError, match="x, y and hyper must be"):
        penalized_regression((x, y), (x, y), torch.zeros(3), kind="ridge")


def test_the_implicit_hypergradient_of_ridge_regression_is_exact(ridge):
    problem, minimum, hyper, hessian, data = ridge
    expected = closed_form(hyper, data)
    found = implicit_hypergradient(problem, minimum, hyper, inverse=solved(hessian))
    assert found.shape == (MEMBERS, SIZE)
    assert torch.allclose(found, expected, atol=1e-12)
    many = implicit_hypergradient(problem, minimum, hyper, inverse=partial(neumann, step=0.3, terms=2000))
    assert torch.allclose(many, expected, atol=1e-10)
    solver = partial(conjugate_gradient, steps=SIZE)
    assert torch.allclose(implicit_hypergradient(problem, minimum, hyper, inverse=solver), expected, atol=1e-10)


def test_one_member_alone_gets_the_same(ridge):
    problem, minimum, hyper, _, _ = ridge
    inverse = partial(neumann, step=0.2, terms=7)
    together = implicit_hypergradient(problem, minimum, hyper, inverse=inverse)

    def only(loss):
        return lambda w, h: loss(w.expand(MEMBERS, -1), h.expand(MEMBERS, -1))[1]

    alone = Problem(only(problem.inner), only(problem.outer))
    assert torch.allclose(implicit_hypergradient(alone, minimum[1], hyper[1], inverse=inverse), together[1], atol=1e-12)
    unrolled, weights = unrolled_hypergradient(alone, minimum[1], hyper[1], steps=4, rate=0.2)
    both = unrolled_hypergradient(problem, minimum, hyper, steps=4, rate=0.2)
    assert torch.allclose(unrolled, both[0][1], atol=1e-12) and torch.allclose(weights, both[1][1], atol=1e-12)


def test_a_direct_dependence_of_the_outer_loss_is_added(ridge):
    problem, minimum, hyper, hessian, _ = ridge
    with_term = Problem(problem.inner, lambda w, h: problem.outer(w, h) + h.square().sum(-1))
    plain = implicit_hypergradient(problem, minimum, hyper, inverse=solved(hessian))
    found = implicit_hypergradient(with_term, minimum, hyper, inverse=solved(hessian))
    assert torch.allclose(found, plain + 2 * hyper, atol=1e-12)
    only_direct = Problem(problem.inner, lambda w, h: h.square().sum(-1))
    assert torch.equal(implicit_hypergradient(only_direct, minimum, hyper, inverse=solved(hessian)), 2 * hyper)


@pytest.mark.parametrize("terms", [0, 1, 5, 40])
def test_neumann_terms_are_steps_unrolled_at_the_minimum(ridge, terms):
    problem, minimum, hyper, _, _ = ridge
    implicit = implicit_hypergradient(problem, minimum, hyper, inverse=partial(neumann, step=0.2, terms=terms))
    unrolled, weights = unrolled_hypergradient(problem, minimum, hyper, steps=terms + 1, rate=0.2)
    assert torch.allclose(implicit, unrolled, atol=1e-12)
    assert torch.allclose(weights, minimum, atol=1e-12), "gradient descent stays at the minimum"


def test_unrolling_agrees_with_autograd_through_an_optimizer():
    """Against torch's own differentiable SGD, away from the minimum, on a loss that is not quadratic."""
    generator = torch.Generator().manual_seed(9)
    w0, h0 = (torch.randn(5, generator=generator, dtype=torch.float64) for _ in range(2))
    x = torch.randn(12, 5, generator=generator, dtype=torch.float64)
    problem = Problem(
        lambda w, h: torch.nn.functional.softplus(-(x[:6] @ w)).mean() + (h.exp() * w.square()).sum(),
        lambda w, h: (x[6:] @ w - 1).square().mean() + h.square().sum(),
    )
    found, weights = unrolled_hypergradient(problem, w0, h0, steps=7, rate=0.05)
    h = h0.clone().requires_grad_()
    leaf = w0.clone().requires_grad_()
    w = leaf.clone()
    engine = torch.optim.SGD([w], lr=0.05, differentiable=True)
    for _ in range(7):
        place = w.clone()  # the optimizer changes w itself
        (w.grad,) = torch.autograd.grad(problem.inner(place, h), place, create_graph=True)
        engine.step()
    (expected,) = torch.autograd.grad(problem.outer(w, h), h)
    assert torch.allclose(found, expected, atol=1e-12) and torch.allclose(weights, w.detach(), atol=1e-12)
    step = 1e-6
    for i in range(5):  # and against finite differences
        ends = []
        for sign in (1, -1):
            moved = h0.clone()
            moved[i] += sign * step
            end = unrolled_hypergradient(problem, w0, moved, steps=7, rate=0.05)[1]
            ends.append(problem.outer(end, moved))
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(found[i].item(), abs=1e-7)


def test_long_unrolling_from_anywhere_becomes_exact(ridge):
    problem, minimum, hyper, _, data = ridge
    found, weights = unrolled_hypergradient(problem, torch.zeros_like(minimum), hyper, steps=800, rate=0.2)
    assert torch.allclose(weights, minimum, atol=1e-9)
    assert torch.allclose(found, closed_form(hyper, data), atol=1e-9)


def test_a_step_for_each_member(ridge):
    problem, minimum, hyper, hessian, _ = ridge
    steps = 1 / torch.linalg.eigvalsh(hessian)[:, -1]
    found = implicit_hypergradient(problem, minimum, hyper, inverse=partial(neumann, step=steps, terms=3))
    for k in range(MEMBERS):
        own = partial(neumann, step=steps[k].item(), terms=3)
        assert torch.allclose(implicit_hypergradient(problem, minimum, hyper, inverse=own)[k], found[k], atol=1e-14)
    unrolled, _ = unrolled_hypergradient(problem, minimum, hyper, steps=4, rate=steps)
    assert torch.allclose(unrolled, found, atol=1e-12)


def test_the_neumann_series_is_stable_below_two_over_the_largest_eigenvalue():
    matrix = torch.diag(torch.tensor([0.5, 4.0], dtype=torch.float64))
    v = torch.ones(2, dtype=torch.float64)
    near = neumann(lambda u: matrix @ u, v, step=0.49, terms=2000)
    assert torch.allclose(near, torch.tensor([2.0, 0.25], dtype=torch.float64), atol=1e-9)
    assert neumann(lambda u: matrix @ u, v, step=0.51, terms=2000).abs().max() > 1e6


def test_conjugate_gradients_stop_early_and_before_negative_curvature():
    generator = torch.Generator().manual_seed(1)
    root = torch.randn(2, 30, 30, generator=generator, dtype=torch.float64)
    matrix = root @ root.mT / 30 + torch.eye(30, dtype=torch.float64)
    v = torch.randn(2, 30, generator=generator, dtype=torch.float64)
    taken = []

    def product(u):
        taken.append(1)
        return (matrix @ u[..., None])[..., 0]

    exact = torch.linalg.solve(matrix, v)
    assert torch.allclose(conjugate_gradient(product, v, steps=60), exact, atol=1e-12)
    taken.clear()
    rough = conjugate_gradient(product, v, steps=60, tolerance=0.01)
    assert len(taken) < 15 and ((product(rough) - v).norm(dim=-1) <= 0.0101 * v.norm(dim=-1)).all()
    damped = conjugate_gradient(product, v, steps=60, damping=2.0)
    assert torch.allclose(damped, torch.linalg.solve(matrix + 2 * torch.eye(30, dtype=torch.float64), v), atol=1e-12)
    one = conjugate_gradient(lambda u: torch.stack([u[0], -u[1]]), v, steps=10)
    assert torch.allclose(one, v), "identity for the first member, negative curvature at once for the second"
    assert torch.equal(conjugate_gradient(product, torch.zeros_like(v), steps=3), torch.zeros_like(v))
    signs = torch.tensor([1.0] * 29 + [-0.01], dtype=torch.float64)
    assert conjugate_gradient(lambda u: signs * u, v, steps=30).isfinite().all()


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda p, v: neumann(p, v, step=0.1, terms=-1), "terms must be at least 0"),
        (lambda p, v: neumann(p, v, step=0.0, terms=1), "step must be positive"),
        (lambda p, v: conjugate_gradient(p, v, steps=0), "steps must be at least 1"),
        (lambda p, v: conjugate_gradient(p, v, steps=1, tolerance=1.0), "tolerance must be"),
        (lambda p, v: conjugate_gradient(p, v, steps=1, damping=-1.0), "damping must be"),
    ],
)
def test_inverses_refuse_bad_settings(call, words):
    with pytest.raises(ValueError, match=words):
        call(lambda v: v, torch.ones(3))


def test_hypergradients_refuse_what_does_not_fit(ridge):
    problem, minimum, hyper, _, _ = ridge
    inverse = partial(neumann, step=0.1, terms=1)
    with pytest.raises(ValueError, match="weights and hyper must be"):
        implicit_hypergradient(problem, minimum, hyper[0], inverse=inverse)
    with pytest.raises(ValueError, match="the outer loss must be"):
        implicit_hypergradient(Problem(problem.inner, lambda w, h: w.sum()), minimum, hyper, inverse=inverse)
    with pytest.raises(ValueError, match="neither weights nor hyperparameters"):
        implicit_hypergradient(Problem(lambda w, h: w.sum(-1), problem.outer), minimum, hyper, inverse=inverse)
    with pytest.raises(ValueError, match="steps must be at least 1"):
        unrolled_hypergradient(problem, minimum, hyper, steps=0, rate=0.1)
    with pytest.raises(ValueError, match="rate must be a number or"):
        unrolled_hypergradient(problem, minimum, hyper, steps=1, rate=torch.ones(2))
