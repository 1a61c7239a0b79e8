"""Hanse: one house for organisations that work in many languages and many places."""
