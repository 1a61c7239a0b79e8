"""Outgoing webhooks and slash commands: what of a room is sent out, and what is answered."""
