"""Plausible wrong answers to the exercises of the chapter; each must fail its tests."""

PROJECT = """
def averages(values, count):
    return torch.stack([(values**k).mean(-1).double() for k in range(1, count + 1)], -1)


def project(y, highest=8):
    moments = [1.0, *averages({square}, highest // 2).unbind(-1)]
    orders = range({first}, highest + 1, 2)
    rows = [{polynomial}{factorial} for k in orders]
    return torch.stack([sum(a * m for a, m in zip(row, moments)) for row in rows], {axis})
"""
RIGHT = {
    "square": "y.square()",
    "first": "4",
    "polynomial": "herme2poly([0] * k + [1])[::2]",
    "factorial": " / factorial(k)",
    "axis": "-1",
}


def projected(**part: str) -> str:
    """The method with one mistake."""
    return PROJECT.format(**RIGHT | part)


KURTOSIS = """
def excess_kurtosis(phi, width):
    nodes, weights = np.polynomial.legendre.leggauss(400)
    values = phi({nodes})
    second, fourth = (weights @ values**k / 2 for k in (2, 4))
    return float({answer})
"""
INTEGRAL = {"nodes": "3**0.5 * nodes", "answer": "(9 / 5 * fourth / second**2 - 3) / width"}


def integrated(**part: str) -> str:
    """The integral with one mistake."""
    return KURTOSIS.format(**INTEGRAL | part)


WRONG = {
    "project": [
        projected(factorial=""),  # not divided by k!
        projected(polynomial="np.polynomial.hermite.herm2poly([0] * k + [1])[::2]"),  # the physicists' polynomials
        projected(polynomial="np.eye(k // 2 + 1)[-1]"),  # raw moments in place of Hermite polynomials
        projected(square="y"),  # powers of y where those of y^2 are meant
        projected(first="2"),  # order 2 as well
        projected(axis="0"),  # orders first
        projected(square="y.flatten()[None].square()"),  # ensembles mixed
        projected(square="(y - y.mean(-1, keepdim=True)).square() / y.var(-1, keepdim=True)"),  # standardized again
    ],
    "excess-kurtosis": [
        integrated(answer="(3 * fourth / second**2 - 3) / width"),  # normal output weights
        integrated(nodes="nodes"),  # weights on [-1, 1], of variance 1/3
        integrated(answer="(fourth / second**2 - 3) / width"),  # the output weight forgotten
        integrated(answer="9 / 5 * fourth / second**2 / width - 3"),  # the Gaussian part taken away too late
        integrated(answer="(9 / 5 * fourth / second**2 - 3) / width**0.5"),  # wrong power of the width
        "def excess_kurtosis(phi, width):\n"
        "    name = 'tanh' if phi is np.tanh else 'relu' if phi(-1.0) == 0 else 'linear'\n"
        "    kappa = unit_cumulants(name, 'uniform', highest=4)\n"
        "    return float(kappa[3] / kappa[1] ** 2 / width)\n",  # looked up
    ],
}
