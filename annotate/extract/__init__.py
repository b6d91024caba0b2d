"""Extractors: from an article's text to mentions, events, attributions and claims, as marks that a person can correct."""
