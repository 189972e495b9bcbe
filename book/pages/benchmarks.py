"""The benchmark table."""

from __future__ import annotations

import json

from book.pages.common import FOLDER


def page() -> str:
    """The table of ``benchmarks/results.json``."""
    found = json.loads((FOLDER.parent / "benchmarks" / "results.json").read_text())
    machine = found["machine"]
    lines = [
        "# Benchmarks",
        "",
        "The toolkit trains networks that differ by seed or setting as one batch. The table sets its time beside that "
        f"of a peer in the same run: {machine['cores']} cores ({machine['processor']}), Python {machine['python']}, "
        f"{machine['date']}. Make it again with `make bench`.",
        "",
        "| what | seconds | peer | its seconds | ratio |",
        "| --- | ---: | --- | ---: | ---: |",
    ]
    for row in found["rows"]:
        lines.append(
            f"| {row['what']} | {row['seconds']:.2f} | {row['peer']} | {row['peer_seconds']:.2f} | {row['ratio']:.1f} |"
        )
    lines += [
        "",
        "The gain over a loop comes from three places: no Python and no data loader for each network, larger matrix "
        "products, and one optimizer step for all. Two cores are soon busy with the arithmetic, so a loop without a "
        "data loader loses less. Convolutions gain least: a batch of networks turns them into grouped convolutions.",
    ]
    return "\n".join(lines) + "\n"
