"""Translation memories: what people have translated before, found again."""
