"""The control plane: one process that alone writes the record; portal, console, admin API, tasks."""
