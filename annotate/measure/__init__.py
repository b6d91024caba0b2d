"""How annotations are paired and compared: alignment, coefficients of agreement, scores."""
