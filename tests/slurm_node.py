"""Slurm of one node, on this machine: its daemons, its files and its ports are the test's own."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from typing import NamedTuple

# Daemons lie in /usr/sbin, which is not on the PATH of an ordinary user.
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
PROGRAMS = (
    "munged", "slurmctld", "slurmd", "sbatch", "scancel", "scontrol", "sinfo", "squeue", "srun",
    "setpriv",
)  # fmt: skip
# OverMemoryKill stands for the limits that a cluster sets by cgroups. With config_overrides, the
# node has the cores that are written here, whatever this machine has. Its GPU is not a real one.
CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthInfo=socket={folder}/munge.socket
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
KillWait=5
MinJobAge=86400
ReturnToService=2
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:1
PartitionName=main Nodes=ALL Default=YES
PartitionName=other Nodes=ALL
"""


def missing_programs() -> list[str]:
    """Names of the programs of Slurm, munge and util-linux that this machine lacks."""
    return [name for name in PROGRAMS if not shutil.which(name, path=PATH)]


class Job(NamedTuple):
    """What Slurm knows of a job.

    Attributes
    ----------
    number : str
    rule : str
        Rule and wildcards.
    state, partition : str
    cpus : int
    memory : int
        MB; 0 if the job did not say.
    minutes : int
        Time limit; 0 if there is none.
    gpus : int
    """

    number: str
    rule: str
    state: str
    partition: str
    cpus: int
    memory: int
    minutes: int
    gpus: int


@dataclass(frozen=True)
class Node:
    """A running Slurm of one node.

    Attributes
    ----------
    folder : Path
        Configuration, state and logs of the daemons.
    env : dict of str to str
        Environment in which Slurm's programs talk to this Slurm.
    """

    folder: Path
    env: dict[str, str]

    def ask(self, *command: str, check: bool = True) -> str:
        """Run one of Slurm's programs and return what it printed."""
        return subprocess.run(
            command, env=self.env, capture_output=True, text=True, check=check
        ).stdout

    def is_idle(self) -> bool:
        """Whether the node has registered and waits for jobs."""
        return "idle" in self.ask("sinfo", "--noheader", check=False)

    def jobs(self, rule: str = "") -> list[Job]:
        """Return all jobs so far, of one rule or of all, in the order of their submission."""
        fields = ("JobID", "Comment", "State", "Partition", "NumCPUs", "MinMemory", "TimeLimit")
        form = "".join(f"{field}:|," for field in (*fields, "tres-per-job"))
        lines = self.ask(
            "squeue", "--noheader", "--noconvert", "--states=all", "--sort=i", f"--Format={form}"
        ).splitlines()  # fmt: skip
        jobs = []
        for line in lines:
            number, comment, state, partition, cpus, memory, limit, tres, _ = line.split("|")
            days, hours, minutes = re.search(
                r"(?:(\d+)-)?(?:(\d+):)?(\d+):\d+$", limit.replace("UNLIMITED", "0:00")
            ).groups("0")
            jobs.append(
                Job(
                    number, comment.removeprefix("rule_"), state, partition, int(cpus),
                    int(memory.rstrip("M")), (int(days) * 24 + int(hours)) * 60 + int(minutes),
                    int(tres.removeprefix("gres:gpu:").replace("N/A", "0")),
                )
            )  # fmt: skip
        return [job for job in jobs if job.rule.startswith(rule)]

    def kill(self, job: Job) -> bool:
        """Kill all processes of a job if its step runs on the node, and return whether it did."""
        listed = self.ask("scontrol", "listpids", job.number, check=False).splitlines()
        rows = [line.split() for line in listed]
        if not any(step == "0" for _, _, step, *_ in rows):
            return False
        for pid, *_ in rows[1:]:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        return True


def wait_until(found: Callable[[], object], what: str, seconds: float) -> None:
    """Wait until something is there.

    Raises
    ------
    TimeoutError
        If it is not there after so many seconds.
    """
    end = time.monotonic() + seconds
    while not found():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not after {seconds:.0f} s")
        time.sleep(0.2)


@contextmanager
def one_node(folder: Path, *, cpus: int, memory: int) -> Iterator[Node]:
    """Start Slurm in a folder, and end it and its jobs afterwards.

    Parameters
    ----------
    folder : Path
    cpus : int
    memory : int
        MB that jobs can have together.
    """
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    conf, key, srun = folder / "slurm.conf", folder / "munge.key", folder / "bin/srun"
    host = socket.gethostname().split(".")[0]
    conf.write_text(
        CONF.format(
            host=host, ports=_free_ports(2), user=getuser(), folder=folder, cpus=cpus, memory=memory
        )
    )
    (folder / "gres.conf").write_text("Name=gpu File=/dev/null\n")
    key.write_bytes(os.urandom(64))
    key.chmod(0o400)
    # Snakemake takes SLURM_CONF away from the srun inside a job.
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={conf} exec {shutil.which("srun")} "$@"\n')
    srun.chmod(0o755)
    node = Node(folder, os.environ | {"SLURM_CONF": str(conf), "PATH": f"{srun.parent}:{PATH}"})
    # forced, since the folders of tests are closed to other users
    munged = ["munged", "--foreground", "--force", f"--key-file={key}"]
    munged += [f"--{name}-file={folder}/munged.{name}" for name in ("pid", "log", "seed")]
    with ExitStack() as stack:
        stack.enter_context(_daemon(node, *munged, f"--socket={folder}/munge.socket"))
        wait_until((folder / "munge.socket").exists, f"munged ({folder}/munged.out)", 60)
        stack.enter_context(_daemon(node, "slurmctld", "-D", "-f", str(conf)))
        stack.enter_context(_daemon(node, "slurmd", "-D", "-f", str(conf)))
        wait_until(node.is_idle, f"an idle node ({folder}/slurm*.out)", 60)
        stack.callback(_cancel_all, node)
        yield node


@contextmanager
def _daemon(node: Node, *command: str) -> Iterator[None]:
    """Run a daemon; the kernel ends it if this process is killed."""
    with (
        (node.folder / f"{command[0]}.out").open("w") as out,
        subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command],
            env=node.env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
        ) as process,
    ):  # fmt: skip
        try:
            yield
        finally:
            process.terminate()


def _cancel_all(node: Node) -> None:
    """Cancel all jobs and wait until their processes have ended."""
    node.ask("scancel", "--user", getuser())
    wait_until(lambda: not node.ask("squeue", "--noheader"), "the end of all jobs", 60)


def _free_ports(n: int) -> list[int]:
    """Return ports that no one listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
