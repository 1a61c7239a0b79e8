"""Writing: texts corrected, and rephrased in a style or a tone, in their own language."""
