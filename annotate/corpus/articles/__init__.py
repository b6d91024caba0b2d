"""A file becomes articles: read, normalised, cut into zones, compared with what the corpus has."""
