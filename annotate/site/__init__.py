"""The corpus to be looked at: every HTML page that the package makes, from the corpus, the guidelines, or any text."""
