"""Nothing that opens anything is kept where it can be read."""

from collections.abc import Iterator

from sandbox import environment
from tests.chaos.laws.findings import Finding
from tests.chaos.world import World

SECRETS = ("_secret_", environment.SECRET_KEY, environment.WEBHOOK_SECRET, environment.TWILIO_TOKEN)


def no_secret_stands_in_the_database(world: World) -> Iterator[Finding]:
    for table in world.database.tables():
        for row in world.database.rows(f'SELECT * FROM "{table}"'):
            for column, value in row.items():
                if any(secret in str(value) for secret in SECRETS):
                    yield Finding("secrets", f"one stands in {table}.{column}")


def no_secret_stands_in_the_log(world: World) -> Iterator[Finding]:
    for line in world.log.splitlines():
        if any(secret in line for secret in SECRETS):
            yield Finding("secrets", f"one stands in the log: {line[:60]}…")
