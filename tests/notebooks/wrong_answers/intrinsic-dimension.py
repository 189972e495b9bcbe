"""Plausible wrong answers to the exercises of the chapter ``intrinsic-dimension``; each must fail its tests."""

SUBSPACE = """
class Subspace(nn.Module):
    def __init__(self, network, start, project, dims):
        super().__init__()
        self.network = vmap(vmap(network, in_dims=(0, None)))
        self.start, self.project = start, project
        self.dims = torch.tensor(dims, device=start.device)
        self.z = nn.Parameter(start.new_zeros(len(start), len(dims), project.directions))

    def vectors(self):
        free = torch.arange(self.project.directions) {compare} self.dims[:, None]
        {answer}

    def forward(self, x):
        return self.network(self.vectors(), x)
"""
METHOD = {"compare": "<", "answer": "return self.start[:, None] + self.project(self.z * free)"}

REACHED = """
def dimension_reached(dims, scores, target):
    places = torch.tensor(dims, dtype=scores.dtype).expand_as(scores)
    reached = scores >= target
    after = {after}
    before = (after - 1).clamp(min=0)
    low, high = scores.gather(1, before), scores.gather(1, after)
    share = {share}
    found = torch.lerp(places.gather(1, before), places.gather(1, after), share)[:, 0]
    return {answer}
"""
CROSSING = {
    "after": "reached.float().argmax(dim=1, keepdim=True)",
    "share": "torch.where(after > 0, (target - low) / (high - low), 1.0)",
    "answer": "torch.where(reached.any(dim=1), found, torch.nan)",
}

PACK = """
def pack(seed, z):
    import struct
    return struct.pack({form}, seed, *z.tolist())


def unpack(message, sizes):
    import struct
    seed, *z = struct.unpack({back}, message)
    start, _ = flatten(MLP(sizes, [seed]))
    project = random_projection({kind}, start.shape[1], len(z), [{key}])
    return ({start} + project(torch.tensor([z])))[0]
"""
MESSAGE = {
    "form": 'f"<q{len(z)}f"',
    "back": 'f"<q{(len(message) - 8) // 4}f"',
    "kind": '"sparse"',
    "key": "2_000_000 + seed",
    "start": "start",
}


def subspace(**change: str) -> str:
    """The networks in a subspace with one mistake; the number of directions is right."""
    return SUBSPACE.format(**METHOD | change) + REACHED.format(**CROSSING)


def crossing(**change: str) -> str:
    """The number of directions with one mistake; the networks in a subspace are right."""
    return SUBSPACE.format(**METHOD) + REACHED.format(**CROSSING | change)


def message(**change: str) -> str:
    """A network in a message with one mistake."""
    return PACK.format(**MESSAGE | change)


WRONG = {
    "subspace": [
        subspace(answer="return self.start[:, None] + self.project(self.z)"),  # all versions use all directions
        subspace(answer="return self.project(self.z * free)"),  # the start forgotten
        subspace(compare="<="),  # one direction too many
        subspace(answer="return (self.start[:, None] + self.project(self.z)) * free.any()"),  # masks nothing
        # cuts the coordinates that must not learn out of z itself, so that they are lost
        subspace(answer="self.z.data.mul_(free); return self.start[:, None] + self.project(self.z)"),
        crossing(share="torch.ones_like(low)"),  # no interpolation
        crossing(answer="found"),  # never reached, but a number
        crossing(share="(target - low) / (high - low)"),  # divides by zero if the first version reaches it
        # the last version below the target, not the first above
        crossing(after="(~reached).sum(dim=1, keepdim=True).clamp(max=len(dims) - 1)"),
        crossing(share="torch.where(after > 0, (high - target) / (high - low), 1.0)"),  # from the wrong end
    ],
    "pack": [
        message(start="0"),  # the start forgotten
        message(key="seed"),  # other directions
        message(kind='"normalized"'),  # another kind of directions
        message(form='f"<q{len(z)}d"', back='f"<q{(len(message) - 8) // 8}d"'),  # 8 bytes for each coordinate
        message(form='f"<q{len(z)}e"', back='f"<q{(len(message) - 8) // 2}e"'),  # 2 bytes: too coarse
        # sends all parameters
        "def pack(seed, z):\n"
        "    start, _ = flatten(MLP((64, 32, 10), [seed]))\n"
        '    project = random_projection("sparse", start.shape[1], len(z), [2_000_000 + seed])\n'
        "    return (start + project(z[None]))[0].numpy().tobytes()\n\n\n"
        "def unpack(message, sizes):\n"
        "    return torch.frombuffer(bytearray(message), dtype=torch.float32)\n",
    ],
}
