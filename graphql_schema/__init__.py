"""The GraphQL door: a Strawberry schema over the same models and reads as REST."""
