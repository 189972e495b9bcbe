"""Plausible wrong answers to the exercises of the chapter ``hessian-bulk-outliers``; each must fail its tests."""

PART = """
def gauss_newton_part(network, vector, x):
    p = network(vector, x).softmax(dim=-1)
    inner = {inner}
    jacobian = jacrev(network)(vector, x)
    return torch.einsum("iam,iab,ibp->mp", jacobian, inner, jacobian){scale}
"""
DEFINITION = {"inner": "torch.diag_embed(p) - p[:, :, None] * p[:, None, :]", "scale": " / len(x)"}

LANCZOS = """
def lanczos_values(product, start, steps):
    q = {first}
    basis, diagonal, beside = [q], [], []
    for _ in range(steps):
        r = product(q)
        diagonal.append(r @ q)
        {again}
        beside.append(r.norm())
        q = {following}
        basis.append(q)
    off = {off}
    matrix = torch.diag(torch.stack(diagonal)) + torch.diag(off, 1) + torch.diag(off, -1)
    return torch.linalg.eigvalsh(matrix){answer}
"""
METHOD = {
    "first": "start / start.norm()",
    "again": "for _ in range(2): r = r - torch.stack(basis).T @ (torch.stack(basis) @ r)",
    "following": "r / beside[-1]",
    "off": "torch.stack(beside[:-1]) if steps > 1 else start.new_zeros(0)",
    "answer": "",
}


def part(**change: str) -> str:
    """The Gauss-Newton part with one mistake."""
    return PART.format(**DEFINITION | change)


def lanczos(**change: str) -> str:
    """The Lanczos method with one mistake."""
    return LANCZOS.format(**METHOD | change)


WRONG = {
    "gauss-newton-part": [
        part(inner="torch.diag_embed(p)"),  # the second term of A forgotten
        part(inner="torch.eye(p.shape[1], dtype=p.dtype).expand(len(p), -1, -1)"),  # squared error's A
        part(scale=""),  # sum in place of the mean
        part(inner="torch.diag_embed(p * (1 - p))"),  # only the diagonal of A
        # the toolkit's function
        "def gauss_newton_part(network, vector, x):\n"
        "    return gauss_newton(network, cross_entropy, vector, x, torch.arange(len(x)) % 3)\n",
    ],
    "lanczos-values": [
        lanczos(first="start"),  # not of length one
        # the three-term recursion alone: vectors lose their orthogonality
        lanczos(
            again="r = r - diagonal[-1] * q - (beside[-1] * basis[-2] if beside else 0)",
        ),
        lanczos(following="r"),  # the next vector is not of length one
        lanczos(off="torch.zeros(steps - 1, dtype=start.dtype)"),  # the entries beside the diagonal forgotten
        lanczos(answer=".flip(0)"),  # largest first
    ],
}
