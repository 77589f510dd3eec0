from django.contrib.auth.management import create_permissions
from django.db import migrations

from booking import roles


def write(apps, schema_editor):
    """Django writes permissions after the last migration: here they are needed before."""
    for label in ("account", "auth", "booking", "members", "mfa", "notifications", "payments"):
        app = apps.get_app_config(label)
        app.models_module = True
        create_permissions(app, apps=apps, using=schema_editor.connection.alias, verbosity=0)
        app.models_module = None
    group, permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    roles.sync(
        groups=group.objects.using(schema_editor.connection.alias),
        permissions=permission.objects.using(schema_editor.connection.alias),
    )


class Migration(migrations.Migration):
    """The roles, as `booking/roles.py` has them. What a later release makes of them, `sync_roles` writes."""

    dependencies = [
        ("booking", "0007_reports"),
        ("payments", "0006_corrected_credits"),
        ("notifications", "0002_the_members_journey"),
        ("members", "0003_command_runs"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
