"""Plausible wrong answers to the exercises of the chapter ``relora``; each must fail its tests."""

WRONG = {
    "restart": [
        # draws anew without merging: what was learned is lost
        """
def restart(layers, optimizer, generators, reset):
    for layer in layers:
        layer.reinitialize(generators)
        for factor in (layer.down, layer.up):
            first, second = (optimizer.state[factor][name] for name in ("exp_avg", "exp_avg_sq"))
            size = first.flatten(1).abs()
            keep = size.topk(round((1 - reset) * size.shape[1]), dim=1).indices
            mask = torch.zeros_like(size).scatter_(1, keep, 1.0).view_as(first)
            first.mul_(mask)
            second.mul_(mask)
""",
        # each moment by its own magnitude
        """
def restart(layers, optimizer, generators, reset):
    for layer in layers:
        layer.merge()
        layer.reinitialize(generators)
        for factor in (layer.down, layer.up):
            for name in ("exp_avg", "exp_avg_sq"):
                moment = optimizer.state[factor][name]
                size = moment.flatten(1).abs()
                keep = size.topk(round((1 - reset) * size.shape[1]), dim=1).indices
                moment.mul_(torch.zeros_like(size).scatter_(1, keep, 1.0).view_as(moment))
""",
        # one threshold for all networks together
        """
def restart(layers, optimizer, generators, reset):
    for layer in layers:
        layer.merge()
        layer.reinitialize(generators)
        for factor in (layer.down, layer.up):
            first, second = (optimizer.state[factor][name] for name in ("exp_avg", "exp_avg_sq"))
            size = first.flatten().abs()
            keep = size.topk(round((1 - reset) * len(size))).indices
            mask = torch.zeros_like(size).scatter_(0, keep, 1.0).view_as(first)
            first.mul_(mask)
            second.mul_(mask)
""",
        # keeps the share `reset` in place of clearing it
        """
def restart(layers, optimizer, generators, reset):
    for layer in layers:
        layer.merge()
        layer.reinitialize(generators)
        for factor in (layer.down, layer.up):
            first, second = (optimizer.state[factor][name] for name in ("exp_avg", "exp_avg_sq"))
            size = first.flatten(1).abs()
            keep = size.topk(round(reset * size.shape[1]), dim=1).indices
            mask = torch.zeros_like(size).scatter_(1, keep, 1.0).view_as(first)
            first.mul_(mask)
            second.mul_(mask)
""",
    ],
    "merge-and-restart": [
        # forgets the scale
        """
def merge_and_restart(weight, down, up, scale, generators):
    bound = down.shape[1] ** -0.5
    drawn = [torch.empty(down.shape[1:]).uniform_(-bound, bound, generator=g) for g in generators]
    return weight + down @ up, torch.stack(drawn), torch.zeros_like(up)
""",
        # changes the weight that it was given
        """
def merge_and_restart(weight, down, up, scale, generators):
    bound = down.shape[1] ** -0.5
    weight += scale * (down @ up)
    drawn = [torch.empty(down.shape[1:]).uniform_(-bound, bound, generator=g) for g in generators]
    return weight, torch.stack(drawn), torch.zeros_like(up)
""",
        # one generator for all networks
        """
def merge_and_restart(weight, down, up, scale, generators):
    bound = down.shape[1] ** -0.5
    drawn = torch.empty(down.shape).uniform_(-bound, bound, generator=generators[0])
    return weight + scale * (down @ up), drawn, torch.zeros_like(up)
""",
        # merges and keeps B: the update counts twice
        """
def merge_and_restart(weight, down, up, scale, generators):
    bound = down.shape[1] ** -0.5
    drawn = [torch.empty(down.shape[1:]).uniform_(-bound, bound, generator=g) for g in generators]
    return weight + scale * (down @ up), torch.stack(drawn), up.clone()
""",
    ],
}
