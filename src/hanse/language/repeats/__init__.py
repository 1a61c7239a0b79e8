"""Requests that are sent again join the attempt that runs, in whatever web process it runs."""
