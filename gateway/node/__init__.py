"""A node: the supervisor, its children and its listeners. No HTTP, no SQL, no Redis client here."""
