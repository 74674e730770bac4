"""What the control plane writes into Redis."""
