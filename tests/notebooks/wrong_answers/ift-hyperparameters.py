"""Plausible wrong answers to the exercises of the chapter ``ift-hyperparameters``; each must fail its tests."""

SERIES = """
def neumann_ihvp(product, v, alpha, terms):
    power = total = v
    for _ in range({count}):
        power = {power}
        total = {total}
    return {answer}
"""
METHOD = {
    "count": "terms",
    "power": "power - alpha * product(power)",
    "total": "total + power",
    "answer": "alpha * total",
}

STABLE = """
def largest_stable_alpha(product, start, steps):
    v = start / start.norm()
    for _ in range(steps):
        u = product(v)
        v = {following}
    return {answer}
"""
POWER = {"following": "u / u.norm()", "answer": "2 / (v @ product(v))"}

ASSEMBLY = """
def hypergradient(inner, outer, w, h, inverse):
    w, h = w.clone().requires_grad_(), h.clone().requires_grad_()
    (slope,) = torch.autograd.grad(inner(w, h), w, create_graph=True)
    v, direct = torch.autograd.grad(outer(w, h), (w, h))
    solved = inverse({product}, {vector})
    (mixed,) = torch.autograd.grad(slope, h, {through})
    return {answer}
"""
IMPLICIT = {
    "product": "lambda u: torch.autograd.grad(slope, w, u, retain_graph=True)[0]",
    "vector": "v",
    "through": "solved",
    "answer": "direct - mixed",
}


def series(**change: str) -> str:
    """The Neumann series with one mistake."""
    return SERIES.format(**METHOD | change)


def stable(**change: str) -> str:
    """The power method with one mistake."""
    return STABLE.format(**POWER | change)


def assembly(**change: str) -> str:
    """The implicit hypergradient with one mistake."""
    return ASSEMBLY.format(**IMPLICIT | change)


WRONG = {
    "neumann-ihvp": [
        series(answer="total"),  # alpha forgotten
        series(count="terms - 1"),  # a term too few
        series(count="terms + 1"),  # a term too many
        series(power="product(power)"),  # powers of H
        series(power="power + alpha * product(power)"),  # the wrong sign
        series(total="total"),  # never added up
        # the toolkit's function
        "def neumann_ihvp(product, v, alpha, terms):\n    return neumann(product, v, step=alpha, terms=terms)\n",
    ],
    "largest-stable-alpha": [
        stable(answer="1 / (v @ product(v))"),  # safe, but not the largest
        stable(following="u"),  # never normalized, so the last product is no Rayleigh quotient
        stable(answer="2 / (start @ product(start) / (start @ start))"),  # the curvature at the start
    ],
    "hypergradient": [
        assembly(answer="direct + mixed"),  # the wrong sign
        assembly(answer="-mixed"),  # the direct part forgotten
        assembly(through="v"),  # the inverse never used
        assembly(vector="slope.detach()"),  # the slope of the training loss
        # the toolkit's function
        "def hypergradient(inner, outer, w, h, inverse):\n"
        "    return implicit_hypergradient(Problem(inner, outer), w, h, inverse=inverse)\n",
    ],
}
