"""Plausible wrong answers to the exercises of the chapter ``strong-lottery-malach``; each must fail its tests."""

WRONG = {
    "keep-nearest": [
        # the nearest product whatever the sign of u: nothing sees the other side of zero
        """
def keep_nearest(w, u, v):
    distance = (u.unsqueeze(-1) * v - w.unsqueeze(2)).abs()
    nearest = distance.argmin(2, keepdim=True)
    return torch.zeros_like(v, dtype=torch.bool).scatter(2, nearest, True)
""",
        # compares the weight with v alone
        """
def keep_nearest(w, u, v):
    distance = (v - w.unsqueeze(2)).abs()
    mask = torch.zeros_like(v, dtype=torch.bool)
    for sign in (1, -1):
        fits = (sign * u > 0).unsqueeze(-1)
        nearest = distance.masked_fill(~fits, torch.inf).min(dim=2, keepdim=True)
        mask |= torch.zeros_like(mask).scatter(2, nearest.indices, nearest.values.isfinite())
    return mask
""",
        # takes v |u| near w on both sides, which turns the sign round on the negative one
        """
def keep_nearest(w, u, v):
    distance = (u.abs().unsqueeze(-1) * v - w.unsqueeze(2)).abs()
    mask = torch.zeros_like(v, dtype=torch.bool)
    for sign in (1, -1):
        fits = (sign * u > 0).unsqueeze(-1)
        nearest = distance.masked_fill(~fits, torch.inf).min(dim=2, keepdim=True)
        mask |= torch.zeros_like(mask).scatter(2, nearest.indices, nearest.values.isfinite())
    return mask
""",
        # keeps a unit even where none has the sign
        """
def keep_nearest(w, u, v):
    distance = (u.unsqueeze(-1) * v - w.unsqueeze(2)).abs()
    mask = torch.zeros_like(v, dtype=torch.bool)
    for sign in (1, -1):
        wrong = (sign * u <= 0).unsqueeze(-1)
        nearest = (distance * torch.where(wrong, -1e-3, 1.0) + 10 * wrong).argmin(2, keepdim=True)
        mask |= torch.zeros_like(mask).scatter(2, nearest, True)
    return mask
""",
    ],
    "unit-by-unit": [
        # no ReLU
        """
def unit_by_unit(x, u, v, mask):
    return torch.einsum("bi,ik,iko->bo", x, u, v * mask)
""",
        # the ReLU after the sum
        """
def unit_by_unit(x, u, v, mask):
    return torch.einsum("bi,ik,iko->bo", x, u, v * mask).relu()
""",
        # forgets the mask
        """
def unit_by_unit(x, u, v, mask):
    return torch.einsum("bik,iko->bo", (x.unsqueeze(-1) * u).relu(), v)
""",
        # the ReLU before the incoming weight
        """
def unit_by_unit(x, u, v, mask):
    return torch.einsum("bik,iko->bo", x.relu().unsqueeze(-1) * u, v * mask)
""",
    ],
}
