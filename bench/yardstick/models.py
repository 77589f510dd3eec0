from django.conf import settings
from django.db import models


class Lesson(models.Model):
    title = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    capacity = models.PositiveIntegerField()
    seats_taken = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.title


class Account(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True)
    balance = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.balance}"


class Reservation(models.Model):
    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    status = models.CharField(max_length=16, default="confirmed")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.status


class Entry(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    reservation = models.ForeignKey(Reservation, on_delete=models.PROTECT)
    delta = models.IntegerField()
    balance_after = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.delta}"
