"""The last question asked is the one that is answered."""

import threading

from focusbench.widgets.latest import Latest


def test_of_questions_asked_meanwhile_only_the_last_is_answered():
    begun, go_on, asked, answered = threading.Event(), threading.Event(), [], threading.Event()

    def work(question):
        asked.append(question)
        begun.set()
        go_on.wait(5)
        return question

    latest = Latest(work, lambda: answered.set() if latest.answer == 4 else None, "test")
    latest.ask(0)
    assert begun.wait(5)
    for question in (1, 2, 3, 4):
        latest.ask(question)
    assert latest.busy
    go_on.set()
    assert answered.wait(5)
    assert (asked, latest.answer, latest.busy) == ([0, 4], 4, False)
    latest.close()


def test_a_question_that_breaks_does_not_end_the_thread():
    done = threading.Semaphore(0)
    latest = Latest(lambda divisor: 1 // divisor, done.release, "test")
    latest.ask(0)
    assert done.acquire(timeout=5)
    latest.ask(1)
    assert done.acquire(timeout=5)
    assert latest.answer == 1
    latest.close()
