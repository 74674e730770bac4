"""One file a dialect: a switch's body to the request of the road, the road's answer back to a body."""
