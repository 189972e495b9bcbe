"""Plausible wrong answers to the exercises of the chapter ``grokking-lazy-rich``; each must fail its tests."""

WRONG = {
    "tangent-kernel": [
        # the activations in place of their slopes
        """
def tangent_kernel(weights, x1, x2, alpha, epsilon):
    h1, h2 = x1 @ weights.mT, x2 @ weights.mT
    h1, h2 = h1 + epsilon / 2 * h1**2, h2 + epsilon / 2 * h2**2
    return (alpha / weights.shape[-2]) ** 2 * (h1 @ h2.mT) * (x1 @ x2.mT)
""",
        # without the product of the inputs
        """
def tangent_kernel(weights, x1, x2, alpha, epsilon):
    slopes1, slopes2 = 1 + epsilon * x1 @ weights.mT, 1 + epsilon * x2 @ weights.mT
    return (alpha / weights.shape[-2]) ** 2 * (slopes1 @ slopes2.mT)
""",
        # the mean over hidden units: one factor 1 / N too few
        """
def tangent_kernel(weights, x1, x2, alpha, epsilon):
    slopes1, slopes2 = 1 + epsilon * x1 @ weights.mT, 1 + epsilon * x2 @ weights.mT
    return alpha**2 / weights.shape[-2] * (slopes1 @ slopes2.mT) * (x1 @ x2.mT)
""",
        # alpha enters once
        """
def tangent_kernel(weights, x1, x2, alpha, epsilon):
    slopes1, slopes2 = 1 + epsilon * x1 @ weights.mT, 1 + epsilon * x2 @ weights.mT
    return alpha / weights.shape[-2] ** 2 * (slopes1 @ slopes2.mT) * (x1 @ x2.mT)
""",
    ],
    "population-loss": [
        # the mean of the quadratic form is forgotten
        """
def population_loss(linear, quadratic, beta):
    rest = quadratic - beta[..., :, None] * beta[..., None, :] / 2
    return linear.square().sum(-1) + 2 * rest.square().sum((-2, -1))
""",
        # the variance without its factor 2
        """
def population_loss(linear, quadratic, beta):
    rest = quadratic - beta[..., :, None] * beta[..., None, :] / 2
    trace = rest.diagonal(dim1=-2, dim2=-1).sum(-1)
    return linear.square().sum(-1) + rest.square().sum((-2, -1)) + trace**2
""",
        # the target without its factor 1/2
        """
def population_loss(linear, quadratic, beta):
    rest = quadratic - beta[..., :, None] * beta[..., None, :]
    trace = rest.diagonal(dim1=-2, dim2=-1).sum(-1)
    return linear.square().sum(-1) + 2 * rest.square().sum((-2, -1)) + trace**2
""",
        # the trace over all networks together
        """
def population_loss(linear, quadratic, beta):
    rest = quadratic - beta[..., :, None] * beta[..., None, :] / 2
    trace = rest.diagonal(dim1=-2, dim2=-1).sum()
    return linear.square().sum(-1) + 2 * rest.square().sum((-2, -1)) + trace**2
""",
    ],
}
