"""The annotated corpus becomes a Hugging Face dataset: typed columns, Parquet files, a card."""
