"""Plausible wrong answers to the exercises of the chapter; each must fail its tests."""

RECURSION = """
def relu_ntk(x1, x2, depth, weight_variance=1.0, bias_variance=0.01):
    across = weight_variance * x1 @ x2.T / x1.shape[1] + bias_variance
    a = weight_variance * x1.square().mean(dim=1, keepdim=True) + bias_variance
    b = weight_variance * x2.square().mean(dim=1, keepdim=True).T + bias_variance
    tangent = across
    for _ in range({layers}):
        cosine = (across / (a * b).sqrt()){clamp}
        angle = cosine.arccos()
        products = (a * b).sqrt() * (angle.sin() + (torch.pi - angle) * cosine) / (2 * torch.pi)
        slopes = (torch.pi - angle) / (2 * torch.pi)
        across = weight_variance * products + bias_variance
        a, b = (weight_variance * variance / 2 + bias_variance for variance in (a, b))
        tangent = {tangent}
    return {answer}
"""
RIGHT = {
    "layers": "depth - 1",
    "clamp": ".clamp(-1, 1)",
    "tangent": "weight_variance * slopes * tangent + across",
    "answer": "tangent",
}


def changed(**part: str) -> str:
    """The recursion with one mistake."""
    return RECURSION.format(**RIGHT | part)


TANGENT = """
def tangent_kernel(net, x1, x2):
    parameters = {parameters}

    def derivatives(x):
        rows = [torch.autograd.grad({output}, parameters) for point in x]
        return torch.stack([torch.cat([part.flatten() for part in row]) for row in rows])

    return {answer}
"""
DEFINITION = {
    "parameters": "list(net.parameters())",
    "output": "net(point[None]).sum()",
    "answer": "derivatives(x1) @ derivatives(x2).T",
}


def other(**part: str) -> str:
    """The definition with one mistake."""
    return TANGENT.format(**DEFINITION | part)


WRONG = {
    "tangent-kernel": [
        other(parameters="[p for p in net.parameters() if p.shape[-2] > 1]"),  # no biases
        other(parameters="list(net.parameters())[-1:]"),  # the last layer only
        other(output="net(point[None]).square().sum()"),  # derivatives of another number
        other(answer="derivatives(x1) @ derivatives(x2).T / derivatives(x1).shape[1]"),  # mean in place of the sum
        other(answer="(derivatives(x1) @ derivatives(x2).T).T"),  # [m, n]
        "def tangent_kernel(net, x1, x2):\n    return empirical_ntk(net, x1, x2)[0]\n",
    ],
    "relu-ntk": [
        changed(answer="across"),  # the covariance at the start in place of the tangent kernel
        changed(layers="depth"),  # one layer too many
        changed(tangent="slopes * tangent + across"),  # weight variance forgotten
        changed(tangent="weight_variance * slopes * tangent + tangent"),  # the wrong kernel added
        changed(tangent="weight_variance * slopes * across + across"),  # covariance propagated twice
        changed(clamp=""),  # not a number where rounding gives a cosine above 1
        "def relu_ntk(x1, x2, depth, weight_variance=1.0, bias_variance=0.01):\n"
        "    return infinite_kernels(x1, x2, depth=depth, weight_variance=weight_variance,\n"
        "                            bias_variance=bias_variance).ntk\n",
    ],
    "largest-step": [
        "def largest_learning_rate(kernel):\n"
        "    return 2 / torch.linalg.eigvalsh(kernel)[-1].item()\n",  # not divided by n
        "def largest_learning_rate(kernel):\n"
        "    return len(kernel) / torch.linalg.eigvalsh(kernel)[-1].item()\n",  # no overshoot allowed
        "def largest_learning_rate(kernel):\n"
        "    return 2 * len(kernel) / torch.trace(kernel).item()\n",  # sum of all eigenvalues
        "def largest_learning_rate(kernel):\n"
        "    return 2 * len(kernel) / torch.linalg.eigvalsh(kernel)[0].item()\n",  # the smallest one
    ],
}
