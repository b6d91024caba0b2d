"""From several passes to one gold annotation: what is settled, what is to be decided, and the sheets for that."""
