"""Quality: what is wrong with a translation, found by rules and by translating it ourselves."""
