from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from phonenumber_field.modelfields import PhoneNumberField
from phonenumber_field.phonenumber import to_python
from phonenumbers import is_possible_number


def validate_possible(value: Any) -> None:
    """Length and country are right. Whether the number is in use only the operator knows: the tables lag behind."""
    number = to_python(value)
    if number and not (number.country_code and is_possible_number(number)):
        raise ValidationError("Enter a phone number with its country code, such as +44 7700 900123.", code="invalid")


class PhoneField(PhoneNumberField):
    """A phone number kept in E.164."""

    default_validators = (validate_possible,)

    def formfield(self, **kwargs: Any) -> Any:
        """Plain text, held against the validators above; the library's own field asks the tables."""
        return models.CharField.formfield(self, **kwargs)

    def get_prep_value(self, value: Any) -> Any:
        number = self.to_python(value)
        return number.as_e164 if number and number.country_code else super().get_prep_value(value)
