"""What the nation says: values, editions, records."""
