"""Texts."""

from __future__ import annotations

from toolkit.data.store import read


def tinyshakespeare() -> str:
    """1,115,394 characters of Shakespeare's plays, 65 different ones.

    Raises:
        DataError: the file cannot be had, or is not the published one.

    Source: Karpathy (2015), char-rnn.
    """
    return read("tinyshakespeare", "input.txt").decode()
