"""Plausible wrong answers to the exercises of the chapter ``llp-belief-propagation``; each must fail its tests."""

RIGHT = """
def pseudo_labels(features, counts, coupling, counting, neighbours=5):
    members, n = features.shape[:2]
    size = n // counts.shape[1]
    near = [torch.cdist(f, f).topk(neighbours + 1, largest=False).values[:, 1:].median() for f in features]
    graphs = [knn_graph(f, neighbours, bandwidth=float(r)) for f, r in zip(features, near)]
    edges, weights = side_by_side(graphs, device=features.device)
    bags = torch.arange(members * n, device=features.device).view(-1, size)
    misses = torch.arange(size + 1, device=features.device) - counts.reshape(-1, 1).double()
    found = belief_propagation(edges, coupling * weights, bags, -counting * misses**2, sweeps=30)
    return torch.sigmoid(found.log_odds).view(members, n)
"""

EXACT = """
def exact_marginals(edges, couplings, bags, log_factor, field):
    y = torch.tensor(list(itertools.product((0, 1), repeat=len(field))))
    weight = y.double() @ field
    weight = weight - (y[:, edges[:, 0]] != y[:, edges[:, 1]]).double() @ couplings
    ones = y[:, bags].sum(-1)
    weight = weight + log_factor[torch.arange(len(bags)), ones].sum(-1)
    return torch.softmax(weight, dim=0) @ y.double()
"""

WRONG = {
    "pseudo-labels": [
        RIGHT.replace("misses**2", "misses.abs()"),  # the distance from the count, not its square
        RIGHT.replace("coupling * weights", "coupling + 0 * weights"),  # all edges alike
        RIGHT.replace("-counting", "counting"),  # bags that shun their count
        RIGHT.replace("float(r)", "float(near[0])"),  # the first data set's distance for all
        RIGHT.replace("torch.sigmoid(found.log_odds)", "found.log_odds"),  # log-odds for probabilities
    ],
    "exact-marginals": [
        EXACT.replace("!=", "=="),  # neighbours that repel
        EXACT.replace("torch.softmax(weight, dim=0)", "weight"),  # a mean of log weights
        EXACT.replace(
            "torch.softmax(weight, dim=0) @ y.double()", "y[weight.argmax()].double()"
        ),  # the likeliest labels
        EXACT.replace("ones = y[:, bags].sum(-1)", "ones = y[:, bags].argmax(-1)"),  # not the number of ones
    ],
}
