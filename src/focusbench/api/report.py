"""One run as a page that stands alone: no scripts, nothing loaded from elsewhere."""

from collections.abc import Iterable
from html import escape
from importlib import metadata

from focusbench.af_packages import Package
from focusbench.api.run_figure import svg
from focusbench.api.run_summary import Row, RunSummary, summarize
from focusbench.options import AutofocusOptions, option_specs

_STYLE = """
body { max-width: 880px; margin: 24px auto; padding: 0 20px; background: #fff; color: #1b1f24;
  font: 15px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 21px; margin: 0; } h2 { font-size: 13px; margin: 28px 0 6px; color: #57606a;
  letter-spacing: .06em; text-transform: uppercase; border-bottom: 1px solid #d0d7de; }
.verdict { margin: 12px 0; padding: 10px 14px; border-left: 4px solid #57606a; background: #f6f8fa;
  font-size: 17px; font-weight: 600; overflow-wrap: anywhere; }
.ok { border-color: #157347; background: #e9f6ee; } .warn { border-color: #8a5a00;
  background: #fff6dd; } .bad { border-color: #b42318; background: #fdeceb; }
svg { width: 100%; height: auto; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 0 36px; }
table { border-collapse: collapse; width: 100%; } td, th { padding: 3px 12px 3px 0;
  text-align: left; vertical-align: top; overflow-wrap: anywhere; font-weight: 400; }
tr + tr td { border-top: 1px solid #e6eaee; } th, td:first-child, footer { color: #57606a; }
li { margin: 4px 0; } footer { margin-top: 32px; font-size: 13px; overflow-wrap: anywhere; }
"""

_TONES = {"✓": "ok", "!": "warn", "✕": "bad"}


def report_html(package: Package) -> str:
    """Make the page; whatever a file or a device said is escaped."""
    said = summarize(package)
    picture = svg(package)
    parts = [
        f"<h1>Auto focus, {escape(said.title)}</h1>",
        f'<p class="verdict {_TONES.get(said.sign, "")}">{escape(said.sign)} {escape(said.word)}. '
        f"{escape(said.verdict)}</p>",
        f'<figure role="img" aria-label="V-curve; its points stand in the table below" '
        f'style="margin:0">{picture}</figure>',
        f'<div class="two"><div><h2>Result</h2>{_table(said.facts)}</div><div>'
        f"<h2>Where each curve puts it</h2>{_table(said.curves)}{_findings(said)}</div></div>",
        f"<h2>Points</h2>{_points(said)}",
    ]
    if said.notes:
        parts.append(f"<h2>Notes</h2><ul>{_items(said.notes)}</ul>")
    if package.options is not None:
        parts.append(f"<h2>Options</h2>{_table(_options(package.options))}")
    version = metadata.version("focusbench")
    parts.append(
        f"<footer>{escape(package.name)}. {escape(package.definition)} "
        f"Written by focusbench {escape(version)}.</footer>"
    )
    # The page itself forbids what it does not need, should a name ever slip through.
    guard = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{guard}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>Auto focus, {escape(said.title)}</title>\n<style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _table(rows: Iterable[Row]) -> str:
    body = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows
    )
    return f"<table>{body}</table>"


def _findings(said: RunSummary) -> str:
    if not said.findings:
        return ""
    sentences = [f"{finding.sentence} {finding.remedy}" for finding in said.findings]
    return f"<h2>What the doctor finds</h2><ul>{_items(sentences)}</ul>"


def _items(sentences: Iterable[str]) -> str:
    return "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)


def _points(said: RunSummary) -> str:
    head = "".join(
        f"<th>{name}</th>" for name in ("Point", "Position", "Metric, px", "Error", "Stars", "Use")
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td>{escape(cell)}</td>"
            for cell in (p.number, p.position, p.metric, p.error, p.n_stars, p.use)
        )
        + "</tr>"
        for p in said.points
    )
    return f"<table><tr>{head}</tr>{rows}</table>"


def _options(options: AutofocusOptions) -> list[Row]:
    rows = []
    for spec in option_specs(AutofocusOptions):
        value = getattr(options, spec.name)
        if value is None or value == "":
            continue
        said = dict(spec.choices).get(value) if spec.choices else None
        text = said or ({True: "yes", False: "no"}[value] if spec.kind is bool else str(value))
        rows.append((spec.label, f"{text} {spec.unit}".strip()))
    return rows
