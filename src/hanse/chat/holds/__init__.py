"""Legal holds: what must not be destroyed is kept aside when it is taken away from its readers."""
