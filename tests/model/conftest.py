import pytest

# So that a broken assertion of the machine says what was compared, as those of the tests do.
pytest.register_assert_rewrite("tests.model.play", "tests.model.machine", "tests.model.night", "tests.model.post")
