"""From a corpus to a Hugging Face dataset: columns, rows, files, card, checks, releases."""
