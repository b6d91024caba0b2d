"""The jobs of this corpus: each runs by itself, is short, and calls `annotate`."""
