"""What leaves Hanse: letters and push messages."""
