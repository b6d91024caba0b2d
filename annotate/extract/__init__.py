"""Extractors: what finds marks and claims in a text that nobody annotated."""
