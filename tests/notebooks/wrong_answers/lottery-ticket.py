WRONG = {
    "prune-globally": [
        # layer by layer, as in the chapter's method
        """
def prune_globally(weights, masks, rate):
    new = []
    for w, m in zip(weights, masks):
        keep = round((1 - rate) * m[0].sum().item())
        kept = (w.abs() * m).flatten(1).topk(keep, dim=1).indices
        new.append(torch.zeros_like(m).flatten(1).scatter_(1, kept, 1.0).view_as(m))
    return new
""",
        # forgets that some weights are gone already
        """
def prune_globally(weights, masks, rate):
    magnitude = torch.cat([w.abs().flatten(1) for w in weights], dim=1)
    remaining = sum(m[0].sum().item() for m in masks)
    largest = magnitude.topk(round((1 - rate) * remaining), dim=1).indices
    flat = torch.zeros_like(magnitude).scatter_(1, largest, 1.0)
    return [p.view_as(m) for p, m in zip(flat.split([m[0].numel() for m in masks], dim=1), masks)]
""",
        # one threshold for all networks together
        """
def prune_globally(weights, masks, rate):
    magnitude = torch.cat([(w.abs() * m).flatten() for w, m in zip(weights, masks)])
    remaining = int(sum(m.sum().item() for m in masks))
    threshold = magnitude.topk(round((1 - rate) * remaining)).values.min()
    return [((w.abs() * m) >= threshold).float() for w, m in zip(weights, masks)]
""",
    ],
    "prune": [
        # the output layer at the full rate
        """
def prune(weights, masks, rate):
    pruned = []
    for weight, mask in zip(weights, masks):
        keep = round(mask[0].sum().item() * (1 - rate))
        largest = (weight.abs() * mask).flatten(1).topk(keep, dim=1).indices
        pruned.append(torch.zeros_like(mask).flatten(1).scatter_(1, largest, 1.0).view_as(mask))
    return pruned
""",
        # a share of all weights, not of those that remain
        """
def prune(weights, masks, rate):
    pruned = []
    for layer, (weight, mask) in enumerate(zip(weights, masks)):
        share = rate / 2 if layer == len(weights) - 1 else rate
        keep = round(mask[0].numel() * (1 - share))
        largest = (weight.abs() * mask).flatten(1).topk(keep, dim=1).indices
        pruned.append(torch.zeros_like(mask).flatten(1).scatter_(1, largest, 1.0).view_as(mask))
    return pruned
""",
        # one threshold for a layer of all networks together
        """
def prune(weights, masks, rate):
    pruned = []
    for layer, (weight, mask) in enumerate(zip(weights, masks)):
        share = rate / 2 if layer == len(weights) - 1 else rate
        magnitude = weight.abs() * mask
        keep = round(mask.sum().item() * (1 - share))
        threshold = magnitude.flatten().topk(keep).values.min()
        pruned.append((magnitude >= threshold).float())
    return pruned
""",
        # keeps the largest values, not the largest magnitudes
        """
def prune(weights, masks, rate):
    pruned = []
    for layer, (weight, mask) in enumerate(zip(weights, masks)):
        share = rate / 2 if layer == len(weights) - 1 else rate
        keep = round(mask[0].sum().item() * (1 - share))
        largest = (weight * mask).flatten(1).topk(keep, dim=1).indices
        pruned.append(torch.zeros_like(mask).flatten(1).scatter_(1, largest, 1.0).view_as(mask))
    return pruned
""",
    ],
}
