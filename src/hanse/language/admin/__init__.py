"""What the administrator of an organisation asks: who used how much, and which keys there are."""
