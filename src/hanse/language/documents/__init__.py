"""Documents: files in, the same files in another language out, as durable jobs."""
