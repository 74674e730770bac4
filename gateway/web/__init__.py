"""What both planes share in front of HTTP: errors to responses, request ids, authentication."""
