"""Networks that several chapters train, as ensembles with parameters ``[K, ...]``."""

from toolkit.models.ensemble import Ensemble
from toolkit.models.mlp import MLP
from toolkit.models.sequence import StateSpaceNetwork

__all__ = ["MLP", "Ensemble", "StateSpaceNetwork"]
