"""What the doctor sees: nothing here is changed, nothing judged, and what cannot be seen says why."""
