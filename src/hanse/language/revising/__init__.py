"""Revising: translations changed by a language model as the caller wishes, and checked."""
