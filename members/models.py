from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property
from django.utils.module_loading import import_string

from members.phones import PhoneField

# A host that can never exist (RFC 2606).
ERASED_HOST = "erased.invalid"
ERASED = "erased"


class MemberManager(BaseUserManager["Member"]):
    """Makes members; e-mails are kept in lower case, so that one address is one login."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Member":
        """One new row; without a password the member sets one by the reset mail."""
        member = self.model(email=email, **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Member":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "Member":
        return self.get(email=(username or "").lower())


class Member(AbstractBaseUser, PermissionsMixin):
    """Who signs in: members and staff alike. The e-mail is the login."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150, blank=True)
    phone = PhoneField(blank=True)
    whatsapp_opt_in = models.BooleanField(default=False)
    is_staff = models.BooleanField(default=False)
    teaches_as = models.CharField(
        max_length=120,
        blank=True,
        default="",
        db_default="",
        help_text="The name under which sessions name them as instructor: so they see the rosters of their own.",
    )
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[MemberManager] = MemberManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(Lower("email"), name="one_member_per_email_in_any_case"),
            models.UniqueConstraint("teaches_as", condition=~Q(teaches_as=""), name="one_member_per_instructor"),
        )
        permissions = (("block_member", "Can block members"),)

    def __str__(self) -> str:
        return self.name or self.email

    @cached_property
    def has_a_role(self) -> bool:
        """Whether they are in a group: it says then what they may."""
        return self.groups.exists()

    @property
    def is_erased(self) -> bool:
        """Whether who they were has been forgotten: there is nobody left to write to."""
        return self.email.endswith(f"@{ERASED_HOST}")

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower()
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class MemberNote(models.Model):
    """What staff should know of a member; written once, never edited."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField(max_length=1000)
    by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return self.text


class AppendOnly(TypeError):
    """Somebody tried to change what has happened."""


class ActQuerySet(models.QuerySet["StaffAct"]):
    """Lines are added and read. What they tell of a member is forgotten with the member, and nothing else changes."""

    def update(self, **values: Any) -> int:
        raise AppendOnly("A line of the log is never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly("A line of the log is never deleted.")

    def scrub(self) -> None:
        """Keep the names of what was changed, and none of the words."""
        for line in self:
            told = {name: dict.fromkeys(getattr(line, name), ERASED) for name in ("before", "after")}
            super(ActQuerySet, self.filter(pk=line.pk)).update(**told, reason=ERASED if line.reason else "")


class StaffAct(models.Model):
    """One act of staff, with what it changed; append-only."""

    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=64)
    subject = models.CharField(max_length=64, db_index=True)
    before = models.JSONField(encoder=DjangoJSONEncoder)
    after = models.JSONField(encoder=DjangoJSONEncoder)
    reason = models.CharField(max_length=200, blank=True)

    objects = ActQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.act} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("A line of the log is never changed.")
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly("A line of the log is never deleted.")


class MemberSession(AbstractBaseSession):
    """A session of a browser or an app, and who is signed in there: nobody, while they have not said who they are."""

    member = models.ForeignKey(Member, null=True, on_delete=models.CASCADE, related_name="+")

    class Meta(AbstractBaseSession.Meta):
        verbose_name, verbose_name_plural = "session", "sessions"
        default_permissions = ()  # its key is a secret: nobody looks at it

    def __str__(self) -> str:
        return f"of member {self.member_id}"

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        return import_string(f"{settings.SESSION_ENGINE}.SessionStore")


class CommandRun(models.Model):
    """When a command last came to its end; one row for each command."""

    command = models.CharField(max_length=64, unique=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    done = models.BooleanField(default=True, help_text="Off: something was left for the next run.")

    class Meta:
        ordering = ("command",)

    def __str__(self) -> str:
        return self.command
