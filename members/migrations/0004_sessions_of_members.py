import django.db.models.deletion
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations, models
from django.utils import timezone


def take_over(apps, schema_editor):
    """Whoever is signed in stays so: the living sessions move, with whose they are; the rest is forgotten."""
    old, new = apps.get_model("sessions", "Session"), apps.get_model("members", "MemberSession")
    members = set(apps.get_model("members", "Member").objects.values_list("pk", flat=True))
    store, moved = SessionStore(), []
    for row in old.objects.filter(expire_date__gt=timezone.now()).iterator(chunk_size=1000):
        member = store.decode(row.session_data).get(SESSION_KEY)
        if member is None or int(member) in members:
            moved.append(
                new(pk=row.pk, session_data=row.session_data, expire_date=row.expire_date, member_id=member)
            )
    new.objects.bulk_create(moved, batch_size=500)
    old.objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0003_command_runs'),
        ('sessions', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='MemberSession',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
