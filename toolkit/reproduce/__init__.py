"""Running chapters in batches: plan, run, ledger. Knows notebooks as files."""
