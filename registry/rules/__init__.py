"""The product's rules as pure functions: no input, no output, no clock."""
