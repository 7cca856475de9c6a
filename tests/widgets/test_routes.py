"""A message to a widget is served by a subshell that exists."""

import sys
from types import SimpleNamespace

import pytest

from focusbench.widgets import routes


class Comm:
    """As ipykernel 7.4 has it: the subshell that wrote last, else the one the page names."""

    wrote: str | None = "gone"

    def _reply_subshell_for(self, data, default):
        return self.wrote


@pytest.fixture
def comm(monkeypatch):
    monkeypatch.setattr(Comm, "_reply_subshell_for", Comm._reply_subshell_for)
    monkeypatch.setitem(sys.modules, "ipykernel.comm.comm", SimpleNamespace(BaseComm=Comm))
    monkeypatch.setattr(routes, "_subshells", lambda: ["old", "new"])
    routes.mend_routes()
    routes.mend_routes()
    return Comm()


@pytest.mark.parametrize(("wrote", "served"), [("gone", "new"), ("old", "old"), (None, None)])
def test_the_page_s_own_subshell_serves_where_the_one_that_wrote_has_gone(comm, wrote, served):
    comm.wrote = wrote
    assert comm._reply_subshell_for({}, "new") == served


def test_nothing_is_mended_outside_a_kernel_or_in_another_one(monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel.comm.comm", raising=False)
    routes.mend_routes()
    other = SimpleNamespace(BaseComm=type("Comm", (), {}))
    monkeypatch.setitem(sys.modules, "ipykernel.comm.comm", other)
    routes.mend_routes()
    assert not hasattr(other.BaseComm, "_reply_subshell_for")
