"""The client-server API of Matrix over the chat's rooms: pure mappings, and thin routes.

Each client reads in its person's language. See docs/matrix.md for what works.
"""
