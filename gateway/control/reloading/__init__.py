"""How a configuration comes into force: read, previewed, announced, on probation, kept, put back."""
