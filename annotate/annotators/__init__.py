"""What annotators work with: the guidelines, assignments, qualification, and how far the work is."""
