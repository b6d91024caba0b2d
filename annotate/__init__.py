"""ACRE, Attributed Conflict REporting: from news articles to a versioned dataset of who did what to whom, and
who says so.
"""

__version__ = "0.1.0"
