"""Measurements of what Hanse claims: one module a claim, each returning a section of Markdown."""
