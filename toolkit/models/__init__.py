"""Networks that several chapters train, as ensembles with parameters ``[K, ...]``."""

from toolkit.models.ensemble import Ensemble
from toolkit.models.mlp import MLP
from toolkit.models.transformer import LanguageModel, Transformer, causal_mask, context_mask, sinusoidal_positions

__all__ = ["MLP", "Ensemble", "LanguageModel", "Transformer", "causal_mask", "context_mask", "sinusoidal_positions"]
