"""Style rules: what a text of the organisation looks like, applied where a rule can be."""
