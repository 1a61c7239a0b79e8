"""Telling people of messages that are meant for them."""
