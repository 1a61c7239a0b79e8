"""How long messages of rooms are kept."""
