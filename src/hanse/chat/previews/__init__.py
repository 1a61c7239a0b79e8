"""What stands behind the links of messages: title and description, fetched once for everybody."""
