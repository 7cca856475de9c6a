"""Every public name has an example that shows it, and the example runs."""

import doctest
import inspect
import sys

import pytest

import focusbench as fb


def example(name):
    """The whole docstring as one doctest, which sees what its module sees."""
    named = getattr(fb, name)
    seen = dict(vars(sys.modules[named.__module__]))
    return doctest.DocTestParser().get_doctest(inspect.getdoc(named) or "", seen, name, None, 0)


@pytest.mark.parametrize("name", fb.__all__)
def test_every_public_name_has_an_example_that_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = example(name)
    assert shown.examples, f"fb.{name} has no example"
    assert any(name in one.source for one in shown.examples), f"its example does not show {name}"
    assert not any(one.options.get(doctest.SKIP) for one in shown.examples)
    told = []
    doctest.DocTestRunner(verbose=False).run(shown, out=told.append)
    assert not told, "".join(told)


def test_example_of_the_front_door_runs():
    failed, tried = doctest.testmod(fb)
    assert tried
    assert not failed


def test_example_that_is_wrong_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(fb, "wrong", lambda: None, raising=False)
    fb.wrong.__doc__ = ">>> 1 + 1\n3"
    with pytest.raises(AssertionError, match="wrong"):
        test_every_public_name_has_an_example_that_runs("wrong", tmp_path, monkeypatch)
