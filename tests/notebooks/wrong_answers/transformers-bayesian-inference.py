"""Plausible wrong answers to the chapter's exercises; each must fail its tests."""

WRONG = {
    "hide": [
        # the hidden labels stay in the tokens
        """
def hide(x, y, context):
    known = torch.arange(y.shape[-1], device=y.device) < context[..., None]
    tokens = torch.cat([x, y[..., None], known[..., None].to(y)], dim=-1)
    return tokens, y.masked_fill(known, torch.nan)
""",
        # the known labels are the targets
        """
def hide(x, y, context):
    known = torch.arange(y.shape[-1], device=y.device) < context[..., None]
    tokens = torch.cat([x, (y * known)[..., None], known[..., None].to(y)], dim=-1)
    return tokens, y.masked_fill(~known, torch.nan)
""",
        # one label too many is known
        """
def hide(x, y, context):
    known = torch.arange(y.shape[-1], device=y.device) <= context[..., None]
    tokens = torch.cat([x, (y * known)[..., None], known[..., None].to(y)], dim=-1)
    return tokens, y.masked_fill(known, torch.nan)
""",
        # the context of the first data set is used for all
        """
def hide(x, y, context):
    known = (torch.arange(y.shape[-1], device=y.device) < context.flatten()[0]).expand(y.shape)
    tokens = torch.cat([x, (y * known)[..., None], known[..., None].to(y)], dim=-1)
    return tokens, y.masked_fill(known, torch.nan)
""",
    ],
    "tabular-pfn": [
        # the frequency of heads in the context itself
        """
def tabular_pfn(context, following):
    n = context.shape[1]
    return torch.arange(n + 1) / n
""",
        # one frequency for all contexts
        """
def tabular_pfn(context, following):
    return following.float().mean().expand(context.shape[1] + 1).clone()
""",
        # counts tails
        """
def tabular_pfn(context, following):
    n = context.shape[1]
    tails = n - context.sum(1).long()
    total = torch.bincount(tails, minlength=n + 1)
    heads = torch.bincount(tails, weights=following.double(), minlength=n + 1)
    return torch.where(total > 0, heads / total.clamp_min(1), 0.5).float()
""",
        # the uniform prior's posterior mean, whatever the data
        """
def tabular_pfn(context, following):
    n = context.shape[1]
    return (1 + torch.arange(n + 1)) / (2 + n)
""",
    ],
}
