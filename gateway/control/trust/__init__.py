"""What trust rests on, kept fresh: lists of authorities and of revoked certificates, fetched in time."""
