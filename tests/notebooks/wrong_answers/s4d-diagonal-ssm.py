"""Plausible wrong answers to the exercises of the chapter ``s4d-diagonal-ssm``; each must fail its tests."""

KERNEL = """
def s4d_kernel(A, B, C, dt, length):
    z = dt[..., None] * A
    return {factor} * vandermonde({weights}, {exponents}, length).real
"""
BILINEAR = """
def bilinear_kernel(A, B, C, dt, length):
    half = dt[..., None] * A {share}
    powers = ({ratio})[..., None] ** torch.arange({first}, length + {first})
    return {factor} * (({weights})[..., None] * powers).sum(dim=-2).real
"""


def kernel(factor="2", weights="C * B * (z.exp() - 1) / A", exponents="z"):
    """Equation (4) with one mistake."""
    return KERNEL.format(factor=factor, weights=weights, exponents=exponents)


def bilinear(
    factor="2", weights="C * B * dt[..., None] / (1 - half)", ratio="(1 + half) / (1 - half)", share="/ 2", first="0"
):
    """The bilinear kernel with one mistake."""
    return BILINEAR.format(factor=factor, weights=weights, ratio=ratio, share=share, first=first)


WRONG = {
    "s4d-kernel": [
        kernel(factor="1"),  # one of each conjugate pair forgotten
        kernel(weights="C * (z.exp() - 1) / A"),  # B forgotten
        kernel(weights="C * B"),  # the input was not held over the step
        kernel(weights="C * B * dt[..., None]"),  # Euler's rule for the input
        kernel(weights="C * B * (z.exp() - 1) / z"),  # divided by the step too
        kernel(exponents="A"),  # steps of length one
        kernel(weights="C * B * (z.exp() - 1) / A * z.exp()"),  # one step late
    ],
    "bilinear-kernel": [
        bilinear(factor="1"),  # one of each conjugate pair forgotten
        bilinear(share=""),  # whole steps in place of halves
        bilinear(weights="C * B / (1 - half)"),  # the step of the input forgotten
        bilinear(weights="C * B * dt[..., None]"),  # the input not divided
        bilinear(ratio="(1 - half) / (1 + half)"),  # upside down, so it grows
        bilinear(first="1"),  # one step late
        bilinear(ratio="(2 * half).exp()"),  # powers of zero-order hold
    ],
}
