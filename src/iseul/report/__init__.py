# SPDX-License-Identifier: Apache-2.0
"""Reports: read artefacts, draw, write HTML and JSON. Never imports torch.

read      the run folder as it lies on disk, missing stages allowed
facts     every number of the report, with how it was obtained: this is report.json
figures   SVG drawings of the facts          images   condensed samples as PNG
gallery   all condensed samples              sound    spectrograms made audible
markup    escaped HTML elements and tables   html     the page
terminal  the last lines of `iseul run`
"""

from iseul.report.report import render_report, write_report
from iseul.report.terminal import summary_table

__all__ = ["render_report", "summary_table", "write_report"]
