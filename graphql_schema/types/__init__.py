"""The schema's types: one file for each thing of the model."""
