"""What the nation says: editions, values, records and the shape of every answer."""
