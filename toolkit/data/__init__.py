"""What goes in: arrays and graphs, made on the spot or bundled with a dependency."""
