"""The log of a room: what stands in it, who may write what, and how it is written."""
