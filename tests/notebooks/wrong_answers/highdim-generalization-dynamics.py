"""Plausible wrong answers to the exercises of ``highdim-generalization-dynamics``; each must fail its tests."""

WRONG = {
    "test-error": [
        # forgets that the student cannot go below the noise of the targets
        """
def test_error(times, eigenvalues, weights, noise, start=0.0, signal=1.0):
    decay = torch.exp(-times[:, None] * eigenvalues)
    learned = torch.where(eigenvalues > 0, (1 - decay) ** 2 / eigenvalues.clamp(min=1e-300), 0.0)
    return ((signal**2 + start**2) * decay**2 + noise**2 * learned) @ weights
""",
        # divides by zero in the frozen subspace
        """
def test_error(times, eigenvalues, weights, noise, start=0.0, signal=1.0):
    decay = torch.exp(-times[:, None] * eigenvalues)
    learned = (1 - decay) ** 2 / eigenvalues
    return ((signal**2 + start**2) * decay**2 + noise**2 * learned) @ weights + noise**2
""",
        # takes standard deviations for variances
        """
def test_error(times, eigenvalues, weights, noise, start=0.0, signal=1.0):
    decay = torch.exp(-times[:, None] * eigenvalues)
    learned = torch.where(eigenvalues > 0, (1 - decay) ** 2 / eigenvalues.clamp(min=1e-300), 0.0)
    return ((signal + start) * decay**2 + noise * learned) @ weights + noise
""",
        # a plain mean over the eigenvalues
        """
def test_error(times, eigenvalues, weights, noise, start=0.0, signal=1.0):
    decay = torch.exp(-times[:, None] * eigenvalues)
    learned = torch.where(eigenvalues > 0, (1 - decay) ** 2 / eigenvalues.clamp(min=1e-300), 0.0)
    return ((signal**2 + start**2) * decay**2 + noise**2 * learned).mean(dim=1) + noise**2
""",
    ],
    "best-time": [
        # the answer for a single eigenvalue, put to the mean of the spectrum
        """
def best_time(eigenvalues, weights, snr):
    middle = (eigenvalues * weights).sum()
    return (torch.log1p(middle * snr) / middle).item()
""",
        # the mean of the answers for single eigenvalues
        """
def best_time(eigenvalues, weights, snr):
    seen = eigenvalues > 0
    times = torch.log1p(eigenvalues[seen] * snr) / eigenvalues[seen]
    return ((times * weights[seen]).sum() / weights[seen].sum()).item()
""",
        # a grid that is not refined
        """
def best_time(eigenvalues, weights, snr):
    seen = eigenvalues > 0
    values, shares = eigenvalues[seen], weights[seen]
    grid = torch.logspace(-2, 4, 31, dtype=torch.float64)
    decay = torch.exp(-grid[:, None] * values)
    return grid[((decay**2 + (1 - decay) ** 2 / (snr * values)) @ shares).argmin()].item()
""",
        # the ratio upside down
        """
def best_time(eigenvalues, weights, snr):
    seen = eigenvalues > 0
    values, shares = eigenvalues[seen], weights[seen]
    grid = torch.logspace(-2, 4, 3001, dtype=torch.float64)
    decay = torch.exp(-grid[:, None] * values)
    return grid[((decay**2 + (1 - decay) ** 2 * snr / values) @ shares).argmin()].item()
""",
    ],
}
