"""How well the best readout of given ReLU units can do."""

from __future__ import annotations

import torch
from torch import Tensor

from toolkit.kernels.analytic import relu_expectations

JITTER = 1e-6  # added to the diagonal, as a share of its largest entry; float32 angles are no better


def relu_readout_error(units: Tensor, target: Tensor) -> Tensor:
    """Error of the best linear readout of ReLU units that imitates one more unit, on standard Gaussian inputs.

    The unit ``relu(w.x)`` is projected onto the span of the first N units, in the mean square over all x. Nothing is
    sampled: the inner products are the arc-cosine kernel (Cho and Saul 2009, eqs. 3 and 6).

    Args:
        units: ``[N, d]`` incoming weights.
        target: ``[d]`` incoming weights of the unit to be imitated.

    Returns:
        ``[N]`` float64: with the first 1, 2, ..., N units, the root-mean-square error divided by the root mean square
        of the target. Right to about 1e-3, since a small ridge guards the elimination.

    Raises:
        ValueError: shapes that do not fit, or incoming weights that are all zero.
    """
    if units.ndim != 2 or len(units) < 1 or target.shape != units.shape[1:]:
        raise ValueError(f"units must be [N, d] and target [d]; got {list(units.shape)} and {list(target.shape)}")
    w = torch.cat([units, target[None]])
    w = w / w.norm(dim=1, keepdim=True)  # a unit's size changes no span
    if not torch.isfinite(w).all():
        raise ValueError("incoming weights of a unit must be finite and not all zero")
    cosine = (w @ w.T).clamp(-1, 1)
    one = torch.ones_like(cosine[0, 0])
    kernel = relu_expectations(cosine, one, one, cosine)[0].double()
    kernel.diagonal().fill_(0.5 * (1 + JITTER))
    row = torch.linalg.cholesky(kernel)[-1]  # the target in terms of the units before it
    return (1 - 2 * row[:-1].square().cumsum(0)).clamp(min=0).sqrt()
