"""Rooms: who is in them, in which role, and how far they have read."""
