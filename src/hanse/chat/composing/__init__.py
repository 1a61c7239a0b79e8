"""What people have begun to write, on all their devices."""
