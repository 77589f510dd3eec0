from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0005_the_studios_side'),
    ]

    operations = [
        migrations.AlterField(
            model_name='creditentry',
            name='kind',
            field=models.CharField(choices=[('granted', 'Granted'), ('spent', 'Spent'), ('returned', 'Returned'), ('expired', 'Expired'), ('refunded', 'Refunded'), ('corrected', 'Corrected')], max_length=16),
        ),
    ]
