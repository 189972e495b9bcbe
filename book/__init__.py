"""The book: pages written by hand, and the code that gathers all others and builds it."""
