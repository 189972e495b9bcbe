"""On what a chapter was computed: enough to judge its times, nothing that names the machine or its owner."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def machine(device: str = "cpu") -> dict:
    """Processor, threads, memory in GiB, and the graphics card where the chapter used one.

    Args:
        device: where the chapter computed.
    """
    import torch

    used = torch.device("cpu" if device == "auto" else device)
    return {
        "processor": processor(),
        "threads": torch.get_num_threads(),
        "memory_gb": memory_gb(),
        "gpu": torch.cuda.get_device_name(used) if used.type == "cuda" else None,
    }


def processor() -> str:
    """The processor's model where the system tells it, otherwise its kind."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name" and value.strip():
            return value.strip()
    return platform.processor() or platform.machine()


def memory_gb() -> int:
    """Installed memory in GiB, rounded."""
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        import psutil

        size = psutil.virtual_memory().total
    return round(size / 2**30)
