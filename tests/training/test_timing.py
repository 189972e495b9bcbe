"""Processor time, and the median of several runs."""

import time

import pytest
import torch

from toolkit.training import timed


def test_waiting_takes_no_processor_time():
    result, seconds = timed(lambda: time.sleep(0.2) or torch.ones(2))
    assert result.tolist() == [1, 1] and 0 <= seconds < 0.1


def test_it_is_the_median(monkeypatch):
    clock = iter([0.0, 5.0, 10.0, 11.0, 20.0, 22.0])
    monkeypatch.setattr(time, "process_time", lambda: next(clock))
    assert timed(lambda: torch.zeros(1), 3)[1] == 2.0


def test_no_repeat_is_refused():
    with pytest.raises(ValueError, match="at least 1; got 0"):
        timed(lambda: torch.zeros(1), 0)
