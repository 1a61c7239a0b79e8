"""Reports: a message is brought before those who moderate, and they decide."""
