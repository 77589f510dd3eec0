import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F


def name_each(apps, schema_editor):
    """A default that is computed once for the column would give every row the same name."""
    for refund in apps.get_model("payments", "Refund").objects.iterator():
        refund.reference = uuid.uuid4()
        refund.save(update_fields=["reference"])


def date_each(apps, schema_editor):
    apps.get_model("payments", "Refund").objects.update(due_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField("refund", "reference", models.UUIDField(null=True, editable=False)),
        migrations.AddField("refund", "due_at", models.DateTimeField(null=True)),
        migrations.RunPython(name_each, migrations.RunPython.noop),
        migrations.RunPython(date_each, migrations.RunPython.noop),
        migrations.AlterField("refund", "reference", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
        migrations.AlterField("refund", "due_at", models.DateTimeField()),
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stripe_dispute_id', models.CharField(max_length=255, unique=True)),
                ('amount', models.PositiveIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('reason', models.CharField(blank=True, max_length=64)),
                ('status', models.CharField(max_length=32)),
                ('created_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='UnmatchedMoney',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stripe_id', models.CharField(max_length=255, unique=True)),
                ('amount', models.PositiveIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('why', models.CharField(max_length=200)),
                ('found_at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'unmatched money',
                'ordering': ('resolved_at', '-id'),
            },
        ),
        migrations.AddField(
            model_name='refund',
            name='asked_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='refund',
            name='attempt',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='refund',
            name='claimed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='refund',
            name='ended_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='refund',
            name='failure_code',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='refund',
            name='stripe_refund_id',
            field=models.CharField(blank=True, max_length=255, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name='refund',
            name='key',
            field=models.CharField(max_length=300, unique=True),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('status', 'due')), fields=['id'], name='refunds_due'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='payment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='payments.payment'),
        ),
        migrations.AddField(
            model_name='unmatchedmoney',
            name='payment',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='payments.payment'),
        ),
        migrations.AddField(
            model_name='unmatchedmoney',
            name='resolved_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
    ]
