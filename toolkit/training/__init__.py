"""Training one network, or K of them in one computation."""

from toolkit.training.device import resolve_device
from toolkit.training.loop import Evaluation, accuracy, batches, cross_entropy, squared_error, train

__all__ = [
    "Evaluation",
    "accuracy",
    "batches",
    "cross_entropy",
    "resolve_device",
    "squared_error",
    "train",
]
