"""Messages in the languages of their readers."""
