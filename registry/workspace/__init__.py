"""Which packages a git work tree or bare clone holds, by the rules of its own tool."""
