"""Closed-form kernels of infinitely wide networks against neural-tangents."""

from __future__ import annotations

import sys

import torch

from benchmarks.ensembles import best
from toolkit.kernels import infinite_kernels

POINTS, FEATURES, DEPTH = 1000, 200, 4
WEIGHT_VARIANCE, BIAS_VARIANCE = 2.0, 0.1


def peer(activation: str):
    """The same kernels by neural-tangents, compiled, in double precision."""
    try:
        import jax
        from neural_tangents import stax
    except ImportError:
        sys.exit(
            "the benchmark 'kernels' compares with neural-tangents, which is not installed; it needs about 1 GB: "
            "python -m pip install 'jax<0.5' neural-tangents"
        )
    jax.config.update("jax_enable_x64", True)
    nonlinearity = {"relu": stax.Relu, "erf": stax.Erf}[activation]

    def dense(width):
        return stax.Dense(width, W_std=WEIGHT_VARIANCE**0.5, b_std=BIAS_VARIANCE**0.5, parameterization="ntk")

    hidden = [layer for _ in range(DEPTH - 1) for layer in (dense(512), nonlinearity())]
    kernel = stax.serial(*hidden, dense(1))[2]
    return jax.jit(lambda x: tuple(kernel(x, None, ("nngp", "ntk"))))


def rows() -> list[dict]:
    """One row for each activation; the largest relative difference stands beside the times."""
    x = torch.randn(POINTS, FEATURES, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    made = []
    for activation in ("relu", "erf"):
        kernel, inputs = peer(activation), x.numpy()

        def ours(activation=activation):
            return infinite_kernels(
                x,
                depth=DEPTH,
                activation=activation,
                weight_variance=WEIGHT_VARIANCE,
                bias_variance=BIAS_VARIANCE,
            )

        def theirs(kernel=kernel, inputs=inputs):
            return [k.block_until_ready() for k in kernel(inputs)]

        off = max(
            float((mine - torch.tensor(other.__array__())).abs().max() / mine.abs().max())
            for mine, other in zip(ours(), theirs())
        )
        seconds, peer_seconds = best(ours), best(theirs)
        what = f"NNGP and NTK, {DEPTH} layers, {activation}, {POINTS} points"
        made.append(
            {
                "what": what,
                "seconds": seconds,
                "peer": "neural-tangents, compiled",
                "peer_seconds": peer_seconds,
                "ratio": peer_seconds / seconds,
            }
        )
        made.append({"what": f"largest relative difference, {activation}", "value": f"{off:.1e}", "aim": "below 1e-6"})
    return made
