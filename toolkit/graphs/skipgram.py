"""Skip-gram with negative sampling on random walks: DeepWalk and node2vec."""

from __future__ import annotations

import torch
from torch import Tensor

from toolkit.graphs.walks import random_walks


class SkipGram:
    """gensim's Word2Vec with ``sg=1`` (Mikolov et al. 2013), on one CPU thread, with nodes for words.

    One thread makes the result depend on the seed alone, and its time comparable.

    Args:
        counts: ``[n]``, how often each node is expected in the walks; noise nodes are drawn in proportion
            to their 3/4th power. A node's degree will do. Every node is in the vocabulary.
        dimension: d, numbers per vector.
        window: nodes on either side that count as context; gensim draws a smaller one at each position.
        negative: noise nodes for each pair.
        learning_rate: at the start of training; it falls linearly to 0.0001.
        seed: of initial vectors, windows and noise.

    Raises:
        ModuleNotFoundError: gensim is not installed.
        ValueError: no counts, or a number below 1.
    """

    def __init__(
        self,
        counts: Tensor,
        *,
        dimension: int = 128,
        window: int = 10,
        negative: int = 5,
        learning_rate: float = 0.025,
        seed: int,
    ):
        if counts.ndim != 1 or not len(counts):
            raise ValueError(f"counts must have one entry per node; got shape {list(counts.shape)}")
        if min(dimension, window, negative) < 1:
            raise ValueError(
                f"dimension, window and negative must be at least 1; got {dimension}, {window}, {negative}"
            )
        try:
            from gensim.models import Word2Vec
        except ModuleNotFoundError:
            raise ModuleNotFoundError("skip-gram needs gensim; install the extra 'graphs'") from None
        self.n = len(counts)
        self.model = Word2Vec(
            vector_size=dimension,
            window=window,
            negative=negative,
            alpha=learning_rate,
            sg=1,
            sample=0,
            min_count=0,
            workers=1,
            seed=seed,
            sorted_vocab=0,  # so that node i has row i
        )
        frequencies = counts.cpu().double().round().long().clamp(min=1).tolist()
        self.model.build_vocab_from_freq(dict(enumerate(frequencies)))

    def train(self, walks: Tensor, *, epochs: int = 1) -> Tensor:
        """Trains on the walks, from where it stands.

        Args:
            walks: ``[W, length]`` int64 nodes, on any device.
            epochs: passes over the walks.

        Returns:
            The node vectors, ``[n, d]`` float32 on the CPU; further training changes them in place.

        Raises:
            ValueError: walks that are not a matrix of nodes, or epochs below 1.
        """
        if walks.ndim != 2 or not walks.numel() or not 0 <= int(walks.min()) <= int(walks.max()) < self.n:
            raise ValueError(f"walks must be a [walks, length] matrix of nodes between 0 and {self.n - 1}")
        if epochs < 1:
            raise ValueError(f"epochs must be at least 1; got {epochs}")
        self.model.train(walks.tolist(), total_examples=len(walks), total_words=walks.numel(), epochs=epochs)
        return torch.from_numpy(self.model.wv.vectors)


def deepwalk(
    adjacency: Tensor,
    *,
    walks: int = 80,
    length: int = 40,
    p: float = 1.0,
    q: float = 1.0,
    dimension: int = 128,
    window: int = 10,
    negative: int = 5,
    generator: torch.Generator,
) -> Tensor:
    """Skip-gram on walks from every node: DeepWalk (Perozzi et al. 2014, whose settings are the defaults,
    with negative sampling in place of the hierarchical softmax), or node2vec with p or q other than 1.

    Args:
        adjacency: ``[n, n]`` sparse CSR tensor, as ``sparse_tensor`` makes it.
        walks, length: walks from each node, and nodes in each.
        p, q: of ``random_walks``.
        dimension, window, negative: of ``SkipGram``.
        generator: source of randomness, on the CPU.

    Returns:
        ``[n, dimension]`` float32 on the CPU.

    Raises:
        ValueError: walks below 1, or as ``random_walks`` and ``SkipGram``.
    """
    if walks < 1:
        raise ValueError(f"walks must be at least 1; got {walks}")
    starts = torch.arange(len(adjacency)).repeat(walks)
    starts = starts[torch.randperm(len(starts), generator=generator)]
    paths = random_walks(adjacency, starts, length, p=p, q=q, generator=generator)
    counts = torch.bincount(paths.flatten(), minlength=len(adjacency))
    seed = int(torch.randint(2**31 - 1, (), generator=generator))
    model = SkipGram(counts, dimension=dimension, window=window, negative=negative, seed=seed)
    return model.train(paths)
