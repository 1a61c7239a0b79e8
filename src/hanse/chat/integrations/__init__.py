"""What lets programs of others take part in rooms: bots, and webhooks in and out."""
