"""Finding messages by words of their originals and of their translations."""
