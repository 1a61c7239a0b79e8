"""Glossaries: which words an organisation wants for its terms, kept and enforced."""
