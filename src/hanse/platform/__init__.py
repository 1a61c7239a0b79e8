"""What every system stands on and that knows none of them: database, events, jobs, HTTP, logs."""
