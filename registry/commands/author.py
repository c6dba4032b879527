"""`registry author`."""

from shlex import quote

import click
from sqlalchemy.orm import sessionmaker

from registry.accounts.authors import create_author
from registry.commands.environment import open_database, read_settings
from registry.commands.terminal import print_json, print_result, say, suggest
from registry.database import writing


@click.group("author")
def command() -> None:
    """Manage those who publish."""


@command.command("create")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the author as JSON.")
def create(name: str, as_json: bool) -> None:
    """Make an author called NAME and print the authorId."""
    with open_database(read_settings()) as engine, writing(sessionmaker(engine)) as session:
        author = create_author(session, name)
        author_id, name = author.author_id, author.name
    if as_json:
        print_json({"authorId": author_id, "authorName": name})
    else:
        print_result(author_id)
    say(f"{name} can publish now.")
    suggest(f"registry token issue --author {quote(name)} --permission ViewPackages")
