"""The gateway: sockets, and how they get what is appended, once and in order."""
