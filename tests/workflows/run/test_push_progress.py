from loop_fakes import HandClock, SeenProgress

from mbench.workflows.run.push_progress import PushProgress


def test_the_speed_counts_from_the_first_byte_to_the_proof_and_no_waiting_between_files():
    clock, notes = HandClock(), SeenProgress()
    progress = PushProgress(notes, clock)
    for _ in range(2):
        clock.sleep(10)  # for a turn
        with progress.file() as sent:
            clock.sleep(10)  # for the device's answer
            sent(0)
            clock.sleep(1)
            sent(3_000_000)
            clock.sleep(0.5)  # the device hashes
    progress.finish()
    assert notes.notes == ["pushed 6.0 MB at 2.0 MB/s, verified by SHA-256"]


def test_where_nothing_was_sent_nothing_is_said():
    notes = SeenProgress()
    progress = PushProgress(notes, HandClock())
    with progress.file():
        pass
    progress.finish()
    assert notes.notes == []
