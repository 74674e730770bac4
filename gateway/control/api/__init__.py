"""What the control process answers by HTTP: a file for each kind of thing, the doors, shared shapes."""
