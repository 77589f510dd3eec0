"""The table of the cache that all processes share: what `manage.py createcachetable` makes, made by `migrate`."""

from django.core.management import call_command
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLE = "shared_cache"


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    call_command("createcachetable", TABLE, database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("members", "0004_sessions_of_members")]
    operations = [
        migrations.RunPython(create, migrations.RunPython.noop),
    ]
