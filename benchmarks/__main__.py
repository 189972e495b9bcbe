"""Runs all benchmarks and writes ``benchmarks/results.json``. Usage: python -m benchmarks"""

import json
import os
import platform
from datetime import date
from pathlib import Path

from benchmarks import ensembles

TARGET = Path(__file__).parent / "results.json"


def main() -> None:
    rows = ensembles.rows()
    machine = {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "date": date.today().isoformat(),
    }
    for row in rows:
        ours, theirs = f"{row['what']}: {row['seconds']:.2f} s", f"{row['peer']}: {row['peer_seconds']:.2f} s"
        print(f"{row['ratio']:6.1f} x  {ours}; {theirs}")
    TARGET.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
