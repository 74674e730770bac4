"""The journal's readers: the last calls in memory, each call's line in the log, its span where asked for."""
