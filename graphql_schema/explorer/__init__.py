"""The explorer: GraphiQL for browsers at `/graphql`, from files of our own."""
