"""What both doors, REST and GraphQL, share of Flask: session, caller, request id, errors."""
