"""The stage: one page of JupyterLab with one notebook and one kernel, for all stories.

A page and a kernel take some ten seconds to begin; a story takes about as long.
"""

import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import nbformat

TOKEN = "focusbench-tests"
NAME = "stage.ipynb"

HARMLESS = (
    # bqplot draws a figure that is updated while its tab is hidden, at size 0.
    "attribute width: A negative value is not valid",
    "attribute height: A negative value is not valid",
)
"""What the page may complain of; one by one, with the reason why each is harmless."""

# The status bar says "idle" before the session is ready, and Run All is then dropped silently.
KERNEL_IS_READY = """async () => {
    const app = window.jupyterapp;
    await app.restored;
    const kernel = () => app.shell.currentWidget?.sessionContext?.session?.kernel;
    for (let i = 0; i < 600; i++) {
        if (kernel()?.connectionStatus === "connected" && kernel()?.status === "idle") return;
        await new Promise((wake) => setTimeout(wake, 50));
    }
    throw new Error("the kernel did not start");
}"""

NOTEBOOK = """const app = window.jupyterapp;
    const main = [...app.shell.widgets("main")];
    const notebook = main.find((w) => w.content?.activeCellIndex !== undefined);"""

PUT_CELLS = f"""(notebookJson) => {{
    {NOTEBOOK}
    notebook.content.model.fromJSON(notebookJson);
}}"""

RUN_CELL = f"""async (cell) => {{
    {NOTEBOOK}
    notebook.content.activeCellIndex = cell;
    app.shell.activateById(notebook.id);
    await app.commands.execute("notebook:run-cell");
    return notebook.content.widgets[cell].model.outputs.toJSON()
        .filter((output) => output.output_type === "error").map((output) => output.evalue);
}}"""

RUN_ALL = f"""async () => {{
    {NOTEBOOK}
    await app.commands.execute("notebook:run-all-cells");
    return notebook.content.widgets.flatMap((cell) => cell.model.outputs?.toJSON() ?? [])
        .filter((output) => output.output_type === "error").map((output) => output.evalue);
}}"""

# The panel that is being looked at stays in front.
RUN_CELL_BEHIND = f"""(cell) => {{
    {NOTEBOOK}
    const view = main.find((w) => w !== notebook);
    app.shell.activateById(notebook.id);
    notebook.content.activeCellIndex = cell;
    void app.commands.execute("notebook:run-cell");
    app.shell.activateById(view.id);
}}"""

OPEN_VIEW = f"""async (cell) => {{
    {NOTEBOOK}
    app.shell.mode = "multiple-document";
    app.shell.activateById(notebook.id);
    const holds = (one) => one.model.type === "code"
        && one.model.sharedModel.source.includes(cell);
    notebook.content.activeCellIndex = typeof cell === "string"
        ? notebook.content.widgets.findIndex(holds) : cell;
    await app.commands.execute("notebook:create-output-view");
    app.shell.mode = "single-document";
    app.shell.collapseLeft();
}}"""

CLOSE_VIEWS = f"""() => {{
    {NOTEBOOK}
    for (const one of main) if (one !== notebook) one.close();
    app.shell.mode = "multiple-document";
    app.shell.activateById(notebook.id);
}}"""

EXECUTE = f"""async (code) => {{
    {NOTEBOOK}
    const future = notebook.sessionContext.session.kernel.requestExecute(
        {{ code, store_history: false, silent: false }});
    let said = "";
    future.onIOPub = (message) => {{
        if (message.header.msg_type === "stream") said += message.content.text;
    }};
    const reply = await future.done;
    if (reply.content.status !== "ok") throw new Error(reply.content.traceback.join("\\n"));
    return said;
}}"""

SAVE = f"async () => {{ {NOTEBOOK} await notebook.context.save(); }}"

THEME = """async (theme) => {
    await window.jupyterapp.commands.execute("apputils:change-theme", { theme });
}"""

# Every panel closes its widgets with itself; what is left afterwards has leaked.
CLOSE_PANELS = """
def _close_panels():
    import sys
    from ipywidgets.widgets import widget
    import focusbench.widgets as room
    kinds = tuple(getattr(room, name) for name in room.__all__)
    if "focusbench.lessons" in sys.modules:
        kinds += (sys.modules["focusbench.lessons"].Flipbook,)
    for one in list(widget._instances.values()):
        if isinstance(one, kinds):
            one.close()
    print(len(widget._instances), end="")
_close_panels()
del _close_panels
"""

N_COMMS = f"""async () => {{
    {NOTEBOOK}
    const kernel = notebook.sessionContext.session.kernel;
    const reply = await kernel.requestCommInfo({{ target_name: "jupyter.widget" }});
    return Object.keys(reply.content.comms).length;
}}"""

N_CELLS = f"() => {{ {NOTEBOOK} return notebook.content.widgets.length; }}"

REST_S = 0.04
"""Messages further apart belong to two flushes."""

FOCUSED = """() => {
    const one = document.activeElement;
    if (!one.closest(".jp-LinkedOutputView .fb-root")) return null;
    one.dataset.reached = "yes";
    return one.outerHTML.slice(0, 120);
}"""

NOT_REACHED = """(panel) => [...panel.querySelectorAll(
    "button, input, select, textarea, summary, [tabindex='0'], .noUi-handle")]
    .filter((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }))
    .filter((one) => one.getBoundingClientRect().width > 0 && !one.dataset.reached)
    .map((one) => one.outerHTML.slice(0, 160))"""

FIRST_CONTROL = """(panel) => {
    [...panel.querySelectorAll("button, input, select")].find(
        (one) => !one.disabled && one.checkVisibility({ visibilityProperty: true })).focus();
}"""


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> float:
    """Wait until a condition holds; returns how many real seconds that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "waited too long"
        time.sleep(0.02)
    return time.monotonic() - began


class Stage:
    """What a story is told on; `page` is the browser's, with a notebook and a running kernel.

    Attributes
    ----------
    complaints : list of str
        Errors in the page's console.
    received : list of str or bytes
        What came over its websockets.
    """

    def __init__(self, context, url: str, root: Path, picture: Callable) -> None:
        self.root = root
        self.complaints: list[str] = []
        self.received: list[str | bytes] = []
        self._context, self._url, self._picture = context, url, picture
        nbformat.write(_notebook([]), root / NAME)
        self.page = self._open()
        # Once here rather than in the first story that happens to need it.
        self.run("import focusbench as fb; fb.AutofocusPanel, fb.simulated_rig")
        self.n_widgets = self.close_panels()

    # ------------------------------------------------------------------ page and kernel

    def _open(self, name: str = NAME):
        page = self._context.new_page()
        page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type == "error" else None,
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "websocket",
            lambda socket: socket.on("framereceived", lambda data: self.received.append(data)),
        )
        page.goto(f"{self._url}/lab/tree/{name}?token={TOKEN}&reset")
        page.wait_for_function("window.jupyterapp !== undefined", timeout=60_000)
        page.evaluate(KERNEL_IS_READY)
        return page

    def open_again(self) -> None:
        """Close the browser's tab and open the notebook, as it was saved, in a new one."""
        self.page.evaluate(SAVE)
        self.page.close()
        self.page = self._open()

    def run(self, code: str) -> str:
        """Execute code in the kernel, beside the notebook; returns what it printed."""
        return self.page.evaluate(EXECUTE, code)

    def close_panels(self) -> int:
        """Close all panels; returns how many widgets the kernel has then."""
        return int(self.run(CLOSE_PANELS))

    def clear(self) -> None:
        """Leave the stage as it was found."""
        self.page.evaluate(CLOSE_VIEWS)
        left = self.close_panels()
        self.page.evaluate(PUT_CELLS, _notebook([]))
        complaints = [said for said in self.complaints if not any(h in said for h in HARMLESS)]
        self.complaints.clear()
        self.received.clear()
        assert complaints == []
        assert left == self.n_widgets, f"{left - self.n_widgets} widgets are left"

    # ------------------------------------------------------------------ panels

    def cells(self, *sources: str) -> None:
        """Put cells into the notebook and run them, as far as the last one."""
        self.page.evaluate(PUT_CELLS, _notebook(sources))
        for i in range(len(sources)):
            assert self.page.evaluate(RUN_CELL, i) == []

    def cells_of(self, name: str, until: str, instead: Mapping[str, str] = MappingProxyType({})):
        """Run the code of a notebook of ours down to the cell that holds a text; shows its panel.

        `instead` has other sources for some cells.
        """
        cells = nbformat.read(self.root / name, 4).cells
        code = [cell.source for cell in cells if cell.cell_type == "code"]
        assert set(instead) <= set(code)
        last = next(i for i, source in enumerate(code) if until in source)
        return self.show(*(instead.get(source, source) for source in code[: last + 1]))

    def whole(self, name: str) -> None:
        """Put a notebook of ours on the stage and run all of it."""
        notebook = nbformat.read(self.root / name, 4)
        self.page.evaluate(PUT_CELLS, notebook)
        assert self.page.evaluate(RUN_ALL) == []

    def view(self, cell: int | str):
        """Open what a cell shows in its own tab; a text finds the cell. Returns its panel."""
        self.page.evaluate(OPEN_VIEW, cell)
        panel = self.page.locator(".jp-LinkedOutputView:visible .fb-root").first
        panel.locator(".fb-say .fb-line:visible").first.wait_for(timeout=20_000)
        return panel

    def show(self, *sources: str):
        """Run cells and open what the last one shows in its own tab; returns its panel."""
        self.cells(*sources)
        return self.view(len(sources) - 1)

    def execute_again(self, cell: int) -> None:
        """Run a cell once more, behind the panel that is being looked at."""
        self.page.evaluate(RUN_CELL_BEHIND, cell)

    # ------------------------------------------------------------------ what is looked at

    def screenshot(self, name: str, settle_ms: int = 150) -> None:
        """Save what the page shows, for people to look at."""
        self.page.wait_for_timeout(settle_ms)
        self._picture(self.page, name)

    def dark(self, name: str) -> None:
        """Save what the page shows in JupyterLab's own dark theme."""
        self.page.evaluate(THEME, "JupyterLab Dark")
        self.page.wait_for_function('() => document.body.dataset.jpThemeLight === "false"')
        self.screenshot(name, 400)
        self.page.evaluate(THEME, "JupyterLab Light")
        self.page.wait_for_function('() => document.body.dataset.jpThemeLight === "true"')

    def not_reached_by_tab(self, panel) -> list[str]:
        """Press Tab from the first control to the last; returns those that were left out."""
        panel.evaluate(FIRST_CONTROL)
        for _ in range(200):
            if self.page.evaluate(FOCUSED) is None:
                break
            self.page.keyboard.press("Tab")
        return panel.evaluate(NOT_REACHED)

    def n_comms(self) -> int:
        """How many comms the kernel holds open for widgets."""
        return self.page.evaluate(N_COMMS)

    def n_cells(self) -> int:
        """How many cells the notebook has."""
        return self.page.evaluate(N_CELLS)

    def busiest_second(self) -> tuple[int, int, int]:
        """Most flushes, comm messages, and bytes beside frames and thumbnails, in any second."""
        sent = []
        for payload in self.received:
            data = payload if isinstance(payload, bytes) else payload.encode()
            if b'"comm_msg"' in data:
                # When the kernel sent it: a page, or this test, may be late to look.
                when = datetime.fromisoformat(re.search(rb'"date": ?"([^"]+)"', data)[1].decode())
                sent.append((when.timestamp(), 0 if b"data:image/png" in data else len(data)))
        assert sent
        sent.sort()
        # A flush is what is sent in one go: between two the kernel rests.
        times = [when for when, _ in sent]
        begins = [b for a, b in pairwise([-1.0, *times]) if b - a > REST_S]
        windows = [[n for t, n in sent if begin <= t < begin + 1] for begin in times]
        flushes = [sum(begin <= t < begin + 1 for t in begins) for begin in begins]
        return max(flushes), max(map(len, windows)), max(map(sum, windows))


def press(panel, name: str) -> None:
    """Click the button of that name."""
    panel.get_by_role("button", name=name, exact=True).click()


def first_line(panel) -> str:
    """What the say line says first."""
    return panel.locator(".fb-first").first.inner_text()


def second_line(panel) -> str:
    """What it says below."""
    return panel.locator(".fb-second").first.inner_text()


def until_it_says(panel, words: str, seconds: float = 20.0) -> None:
    """Wait until the say line's first sentence holds some words."""
    until = time.monotonic() + seconds
    while words not in (said := first_line(panel)):
        assert time.monotonic() < until, f"it says {said!r} and {second_line(panel)!r}"
        time.sleep(0.02)


def _notebook(sources) -> nbformat.NotebookNode:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=kernel)
