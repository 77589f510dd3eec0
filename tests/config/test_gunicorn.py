"""What the server does with a process once it has loaded the program."""

import gc

from config import gunicorn


def test_what_a_process_has_loaded_is_left_out_of_the_search_for_garbage() -> None:
    before = gc.get_freeze_count()
    try:
        gunicorn.post_worker_init(None)
        assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()
