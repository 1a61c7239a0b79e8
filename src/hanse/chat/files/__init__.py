"""Files in rooms: how they come in, what they are, and how they are shown to nobody's harm."""
