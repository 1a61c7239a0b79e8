"""Messages that people keep for later, and reminders of them."""
