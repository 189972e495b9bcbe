"""Plausible wrong answers to the exercises of the chapter ``fastrp``; each must fail its tests."""

PROJECT = """
def project(S, R, beta=0.0, q=4):
    degree = S @ torch.ones(len(S), 1, device=device)
    N = {start}
    total = torch.zeros_like(N)
    for weight in [0.0] * (q - 2) + {weights}:
        N = {step}
        total += weight * N
    return {answer}
"""
RIGHT = {
    "start": "(degree / degree.sum()) ** beta * R",
    "weights": "[1.0, alpha][-q:]",
    "step": "(S @ N) / degree",
    "answer": "total",
}


def changed(**part: str) -> str:
    """The projection with one mistake."""
    return PROJECT.format(**RIGHT | part)


WRONG = {
    "project": [
        changed(start="R.clone()"),  # the scaling of columns forgotten
        changed(start="degree**beta * R"),  # degrees not divided by their sum
        changed(start="R.clone()", answer="(degree / degree.sum()) ** beta * total"),  # rows scaled, not columns
        changed(weights="[alpha, 1.0][-q:]"),  # weights in the wrong order
        changed(step="S @ N"),  # no transition probabilities
        changed(step="S @ (N / degree)"),  # the transposed transition matrix
        changed(answer="N"),  # the last power only
    ],
    "jl-dimension": [
        # rounds down, and lets a tolerance outside the range pass
        """
def jl_dimension(points, epsilon):
    from math import log

    return int(4 * log(points) / (epsilon**2 / 2 - epsilon**3 / 3))
""",
        # the logarithm to base 2
        """
def jl_dimension(points, epsilon):
    from math import ceil, log2

    if not 0 < epsilon < 1:
        raise ValueError("epsilon must lie between 0 and 1")
    return ceil(4 * log2(points) / (epsilon**2 / 2 - epsilon**3 / 3))
""",
        # never looks at the tolerance's range
        """
def jl_dimension(points, epsilon):
    from math import ceil, log

    return ceil(4 * log(points) / (epsilon**2 / 2 - epsilon**3 / 3))
""",
        # forgets the cubic term
        """
def jl_dimension(points, epsilon):
    from math import ceil, log

    if not 0 < epsilon < 1:
        raise ValueError("epsilon must lie between 0 and 1")
    return ceil(4 * log(points) / (epsilon**2 / 2))
""",
    ],
    "sparse-projection": [
        # right numbers, but draws every entry
        """
def sparse_projection(n, d, density, rng):
    from scipy.sparse import csr_array

    u = rng.random((n, d))
    return csr_array(((u < density / 2) * 1.0 - (u > 1 - density / 2) * 1.0) / density**0.5)
""",
        # entries of size 1 instead of 1 / sqrt(density)
        """
def sparse_projection(n, d, density, rng):
    from scipy.sparse import csr_array

    count = rng.binomial(n * d, density)
    places = rng.choice(n * d, size=count, replace=False)
    return csr_array((rng.choice([-1.0, 1.0], size=count), (places // d, places % d)), shape=(n, d))
""",
        # always the same number of entries
        """
def sparse_projection(n, d, density, rng):
    from scipy.sparse import csr_array

    count = round(n * d * density)
    places = rng.choice(n * d, size=count, replace=False)
    values = rng.choice([-1.0, 1.0], size=count) / density**0.5
    return csr_array((values, (places // d, places % d)), shape=(n, d))
""",
        # places may repeat, and repeated entries add up
        """
def sparse_projection(n, d, density, rng):
    from scipy.sparse import csr_array

    count = rng.binomial(n * d, density)
    rows, columns = rng.integers(0, n, count), rng.integers(0, d, count)
    values = rng.choice([-1.0, 1.0], size=count) / density**0.5
    matrix = csr_array((values, (rows, columns)), shape=(n, d))
    matrix.sum_duplicates()
    return matrix
""",
        # one sign only: distances along the mean direction are blown up
        """
def sparse_projection(n, d, density, rng):
    from scipy.sparse import csr_array

    count = rng.binomial(n * d, density)
    places = rng.choice(n * d, size=count, replace=False)
    return csr_array((abs(rng.choice([-1.0, 1.0], size=count)) / density**0.5, (places // d, places % d)), shape=(n, d))
""",
    ],
}
