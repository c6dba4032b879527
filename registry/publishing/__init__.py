"""What authors do: listings, uploads, processing, resolution."""
