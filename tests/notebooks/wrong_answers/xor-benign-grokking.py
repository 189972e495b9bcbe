"""Plausible wrong answers to the exercises of ``xor-benign-grokking``; each must fail its tests."""

WRONG = {
    "gradient-step": [
        # up the gradient
        """
def gradient_step(coefficients, gram, start, labels, signs, rate):
    before = start + gram @ coefficients
    outputs = (torch.relu(before) @ signs[..., None])[..., 0]
    pull = labels * torch.sigmoid(-labels * outputs) / labels.shape[-1]
    return coefficients - rate * pull[..., None] * (before > 0) * signs[..., None, :]
""",
        # forgets that a silent neuron learns nothing
        """
def gradient_step(coefficients, gram, start, labels, signs, rate):
    before = start + gram @ coefficients
    outputs = (torch.relu(before) @ signs[..., None])[..., 0]
    pull = labels * torch.sigmoid(-labels * outputs) / labels.shape[-1]
    return coefficients + rate * pull[..., None] * signs[..., None, :]
""",
        # a sum over the points in place of the mean
        """
def gradient_step(coefficients, gram, start, labels, signs, rate):
    before = start + gram @ coefficients
    outputs = (torch.relu(before) @ signs[..., None])[..., 0]
    pull = labels * torch.sigmoid(-labels * outputs)
    return coefficients + rate * pull[..., None] * (before > 0) * signs[..., None, :]
""",
        # the network at its start, at every step
        """
def gradient_step(coefficients, gram, start, labels, signs, rate):
    outputs = (torch.relu(start) @ signs[..., None])[..., 0]
    pull = labels * torch.sigmoid(-labels * outputs) / labels.shape[-1]
    return coefficients + rate * pull[..., None] * (start > 0) * signs[..., None, :]
""",
        # replaces the old coefficients
        """
def gradient_step(coefficients, gram, start, labels, signs, rate):
    before = start + gram @ coefficients
    outputs = (torch.relu(before) @ signs[..., None])[..., 0]
    pull = labels * torch.sigmoid(-labels * outputs) / labels.shape[-1]
    return rate * pull[..., None] * (before > 0) * signs[..., None, :]
""",
    ],
    "halves": [
        # forgets the factor 1/2
        """
def halves(weights, signs, x):
    return x @ (weights @ signs), (x @ weights).abs() @ signs
""",
        # positive and negative neurons rather than odd and even
        """
def halves(weights, signs, x):
    active = torch.relu(x @ weights)
    return active @ signs.clamp(min=0), active @ signs.clamp(max=0)
""",
        # the two swapped
        """
def halves(weights, signs, x):
    return (x @ weights).abs() @ signs / 2, x @ weights @ signs / 2
""",
    ],
}
