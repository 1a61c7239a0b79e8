"""Rules of rooms, held against messages before they are appended."""
