"""What a run prints: a line per job that is done, a bar per job that runs, errors last.

A plugin of Snakemake, which finds it by the name of this package; the default profile asks for it.
Snakemake's own log, in ``.snakemake/log``, is as detailed as ever, and so is the terminal with
``--verbose``. Only Snakemake is needed.
"""

import logging
import os
import re
import sys
import threading
import time
from collections import deque
from textwrap import indent
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase

from snakemake_logger_plugin_evenomics.jobs import Job
from snakemake_logger_plugin_evenomics.screen import Screen

#: Seconds between two looks at the running jobs.
LOOK = 1.0
#: Seconds between two reports on them where there is no terminal; the pauses grow to the second.
REPORT = (60.0, 600.0)
#: Most running jobs to show.
SHOWN = 8
#: Columns of what a job does, in the lines that stay.
WIDTH = 48
#: Rules that only name what others make.
TARGETS = ("all", "default")
#: Messages that ask nothing of a reader; Snakemake's log has them.
CHATTER = re.compile(
    "Assuming unrestricted shared|Building DAG of jobs|Using shell|Conda environments: ignored|"
    "Singularity containers: ignored|Group jobs: inactive|Select jobs to execute|"
    "Activating conda env|Waiting at most|Removing temporary output|"
    "Removing output files of failed job|Trying to restart|Shutting down|Elapsed time|"
    r"Job \S+ has been submitted|Submitted array job|SLURM run ID|.*'sacct'|Cleaning up SLURM|None$"
)
KILLED = "The system killed it, as it does when memory runs out."


class LogHandler(LogHandlerBase):
    """Snakemake's events as a reader wants them.

    The methods ``_on_...`` have the names of the events. A record has the attributes of its event.
    """

    writes_to_stream = True
    writes_to_file = False
    has_filter = False  # --quiet and --printshellcmds are Snakemake's
    has_formatter = False
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Begin with no job known."""
        asked = self.common_settings
        quiet = {kind.name for kind in asked.quiet or ()}
        #: whether Snakemake's own text is wanted: all of it, or hardly any
        self._plain = asked.verbose or asked.debug_dag or quiet & {"ALL", "RULES", "PROGRESS"}
        self._screen = Screen(
            sys.stdout if asked.stdout else sys.stderr,
            coloured=not (asked.nocolor or os.environ.get("NO_COLOR")),
        )
        self._total = self._done = 0
        self._running: dict[int, Job] = {}
        self._failed: dict[int | str, str] = {}
        self._errors: list[str] = []
        self._causes: deque[str] = deque()
        self._said: set[str] = set()
        self._snakemakes_log = ""
        self._stopped = False
        self._reported, self._pause = time.monotonic(), REPORT[0]
        self._lock = threading.RLock()
        self._ends = threading.Event()
        self._clock = threading.Thread(target=self._look, daemon=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Print what an event means, if anything."""
        event = getattr(record, "event", None) or "message"
        try:
            with self._lock:
                if self._plain:
                    text = self.format(record)
                    if text not in ("", "None"):
                        self._screen.print(text)
                elif react := getattr(self, f"_on_{event}", None):
                    react(record)
                    self._show()
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Print the errors; Snakemake closes twice."""
        self._ends.set()
        with self._lock:
            self._running.clear()
            self._show()
            errors = [*self._errors, *self._causes, *self._failed.values()]
            for text in errors:
                heading, newline, rest = text.partition("\n")
                self._screen.print("")
                self._screen.print(heading, "red")
                if newline:
                    self._screen.print(rest)
            if errors and self._snakemakes_log:
                self._screen.print(f"\n{self._snakemakes_log}")
            self._errors, self._causes, self._failed = [], deque(), {}
        super().close()

    def _on_run_info(self, record: Any) -> None:
        if self.common_settings.dryrun:
            if not self._total:  # Snakemake counts again in the end
                self._screen.print(record.getMessage().rstrip())
            self._total = record.stats["total"]
        else:
            self._total = record.stats["total"] - sum(record.stats.get(rule, 0) for rule in TARGETS)
            self._screen.print(f"{self._total} job{'s' * (self._total != 1)} to run")

    def _on_job_info(self, record: Any) -> None:
        if self.common_settings.dryrun or record.rule_name in TARGETS:
            return
        title = record.rule_msg or " ".join([record.rule_name, *record.wildcards.values()])
        selection = record.wildcards.get("selection", "none")
        if record.rule_msg and selection != "none":
            title = title.replace(": ", f" ({selection}): ", 1)
        self._running[record.jobid] = Job(title, record.log)
        self._failed.pop(record.jobid, None)  # tried again
        if not self._clock.is_alive():
            self._clock.start()

    def _on_job_finished(self, record: Any) -> None:
        job = self._running.pop(record.job_id, None)
        if job:
            self._done += 1
            place = f"{self._done:{len(str(self._total))}}/{self._total}"
            self._print_end(f"[{place}]", job)

    def _on_job_error(self, record: Any) -> None:
        job = self._running.pop(record.jobid, None) or Job(record.rule_name, record.log)
        error = job.error()
        if self._stopped or (record.indent and not error):
            return  # of a group that failed, Snakemake names every job
        self._print_end("[failed]", job, "red")
        cause = self._causes.popleft().rpartition("\n")[-1] if self._causes else ""
        if "SIGKILL" in cause or cause.endswith("exit status 137."):
            cause = KILLED
        said = [record.rule_msg, error or job.last_lines(), "" if error else cause]
        said += [f"log: {path}" for path in record.log]
        lines = indent("\n".join(filter(None, said)), "  ")
        self._failed[record.jobid] = f"{job.title} failed\n{lines}"

    def _on_group_info(self, record: Any) -> None:
        self._failed.pop(record.group_id, None)  # tried again

    def _on_group_error(self, record: Any) -> None:
        rules = ", ".join(job["rule_name"] for job in record.job_error_info)
        logs = "".join(f"\n  log: {path}" for path in record.aux_logs)
        self._failed[record.groupid] = f"A group of jobs failed: {rules}{logs}"

    def _on_shellcmd(self, record: Any) -> None:
        if record.shellcmd:
            self._screen.print(record.shellcmd)

    def _on_error(self, record: Any) -> None:
        text = record.getMessage()
        known = self._failed or self._errors
        if self._stopped or (known and "At least one job did not complete" in text):
            return
        if "CalledProcessError in file" in text:  # the error of a job follows
            self._causes.append(text)
        else:
            self._errors.append(text)
        for jobid in re.findall(r"^Job (\d+) +completed successfully, but", text, re.MULTILINE):
            self._running.pop(int(jobid), None)

    def _on_message(self, record: Any) -> None:
        text = record.getMessage()
        if text.startswith("Terminating processes on user request"):
            self._stopped = True
            self._running.clear()
            self._screen.print("Stopped. The same command goes on from here.")
        elif text.startswith("Complete log"):
            self._snakemakes_log = text
        elif record.levelno >= logging.ERROR:
            if not text.startswith("Exiting because a job execution failed"):
                self._errors.append(text)
        elif not (CHATTER.match(text) or text in self._said):
            self._said.add(text)  # a cluster may say the same of every job
            text = text.replace("\n    (check individual jobs above for details)", "")
            self._screen.print(text, "yellow" if record.levelno == logging.WARNING else None)

    def _print_end(self, how: str, job: Job, colour: str | None = None) -> None:
        width = max(1, min(WIDTH, self._screen.size.columns - len(how) - 16))
        self._screen.print(f"{how} {job.title:<{width}} {job.age}", colour)

    def _look(self) -> None:
        """Look at the running jobs again and again."""
        while not self._ends.wait(LOOK):
            with self._lock:
                self._show()
                if not self._screen.live and time.monotonic() - self._reported >= self._pause:
                    self._reported = time.monotonic()
                    self._pause = min(2 * self._pause, REPORT[1])
                    for line in self._lines():
                        self._screen.print(line)

    def _show(self) -> None:
        """Show the running jobs, where lines can change."""
        if self._screen.live:
            self._screen.show(self._lines())

    def _lines(self) -> list[str]:
        """Return a line about each running job, as far as there is room."""
        jobs = list(self._running.values())
        for job in jobs[:SHOWN]:
            job.follow()
        width = max((len(job.stage) for job in jobs[:SHOWN]), default=1)
        room = self._screen.size.columns - width - 30
        lines = []
        for job in jobs[:SHOWN]:
            told = [f"{job.left} left" if job.left else job.age]
            if job.percent is not None:
                told = [self._screen.bar(job.percent, min(24, room)), f"{job.percent:2} %", *told]
            lines.append("  ".join([f"  {job.stage:<{width}}", *filter(None, told)]))
        return lines + [f"  and {len(jobs) - SHOWN} more"] * (len(jobs) > SHOWN)
