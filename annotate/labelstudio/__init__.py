"""Label Studio: its server, its HTTP interface, the labelling page, and the way of tasks there and annotations back."""
