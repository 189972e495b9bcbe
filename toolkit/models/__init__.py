"""Networks that several chapters train, as ensembles with parameters ``[K, ...]``."""

from toolkit.models.cnn import CNN
from toolkit.models.ensemble import Ensemble
from toolkit.models.mlp import MLP

__all__ = ["CNN", "MLP", "Ensemble"]
