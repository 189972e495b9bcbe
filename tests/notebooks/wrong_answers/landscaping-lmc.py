"""Plausible wrong answers to the exercises of the chapter ``landscaping-lmc``; each must fail its tests."""

ACCOUNT = """
def curvature_account(loss, one, two, t):
    way = {way}
    along = [(hessian_product(loss, {at})(way) * way).sum(dim=-1) for share in t]
    curvature = torch.stack(along, dim=-1)
    weight = {weight}
    return curvature, {answer}
"""
RIGHT = {
    "way": "two - one",
    "at": "one + share * way",
    "weight": "torch.minimum(t, 1 - t)",
    "answer": "-torch.trapezoid(weight * curvature, t, dim=-1) / 2",
}

HEIGHT = """
def height_at(share, t, curvature):
    weight = {weight}
    return {answer}
"""
KNOWN = {
    "weight": "t.clamp(max=share) * (1 - t.clamp(min=share))",
    "answer": "-torch.trapezoid(weight * curvature, t, dim=-1)",
}


def account(**change: str) -> str:
    """The account of the height with one mistake."""
    return ACCOUNT.format(**RIGHT | change)


def height(**change: str) -> str:
    """The height at any share with one mistake."""
    return HEIGHT.format(**KNOWN | change)


WRONG = {
    "curvature-account": [
        account(weight="t * (1 - t)"),  # a parabola in place of the tent
        account(answer="-torch.trapezoid(weight * curvature, t, dim=-1)"),  # the factor one half forgotten
        account(answer="torch.trapezoid(weight * curvature, t, dim=-1) / 2"),  # the sign
        account(way="(two - one) / (two - one).norm(dim=-1, keepdim=True)"),  # curvature of a unit of length
        account(at="one + 0 * share * way"),  # the Hessian at the first end alone
        account(answer="-(weight * curvature).mean(dim=-1) / 2"),  # as if the points were evenly spaced
    ],
    "height-at": [
        height(weight="torch.minimum(t, 1 - t) / 2"),  # right for the middle alone
        height(weight="t.clamp(max=share)"),  # the second factor forgotten
        height(answer="torch.trapezoid(weight * curvature, t, dim=-1)"),  # the sign
        height(answer="-torch.trapezoid(weight * curvature, t)[..., None]"),  # an axis too many
        height(weight="t * (1 - t)"),  # does not depend on the share
    ],
}
