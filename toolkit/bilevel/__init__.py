"""Problems on two levels: hyperparameters chosen so that the weights trained under them do well elsewhere.

Weights are one flat vector ``[P]``, or ``[K, P]`` for K members, and hyperparameters ``[H]`` or ``[K, H]``. A
``Problem`` holds two losses of both, a scalar or ``[K]``: the inner one is what training minimizes over the weights,
the outer one is what the hyperparameters are chosen for. A *hypergradient* is the derivative of the outer loss with
respect to the hyperparameters, through training.
"""

from toolkit.bilevel.cost import Cost, round_cost
from toolkit.bilevel.hypergradient import Problem, implicit_hypergradient, unrolled_hypergradient
from toolkit.bilevel.inverse import conjugate_gradient, neumann
from toolkit.bilevel.loop import descend, implicit, tune, unrolled
from toolkit.bilevel.memory import HeldBytes
from toolkit.bilevel.network import flat_ensemble
from toolkit.bilevel.regression import penalized_regression

__all__ = [
    "Cost",
    "HeldBytes",
    "Problem",
    "conjugate_gradient",
    "descend",
    "flat_ensemble",
    "implicit",
    "implicit_hypergradient",
    "neumann",
    "penalized_regression",
    "round_cost",
    "tune",
    "unrolled",
    "unrolled_hypergradient",
]
