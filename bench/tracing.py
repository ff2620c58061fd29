# SPDX-License-Identifier: GPL-2.0-only
"""What the benchmark's scripts share: the measured programs, and the probes that trace them.

The scripts run in a virtual machine, as root, in the built tree.
"""
import contextlib
import os
import re
import subprocess
import sys
import time

BPFCC_OUTPUT = "/tmp/memleak-bpfcc.log"
LIBC = "/lib/x86_64-linux-gnu/libc.so.6"
DEBUGFS = "/sys/kernel/debug/memleak_user/"
# A sample has more allocations than this.
LEAST = 100
# Pairs in a slice whose instructions are counted. Few: a slice is shorter than the time between two
# timer interrupts.
COUNTED = 20


def check(condition, why):
    """End the script with a message unless the condition holds."""
    if not condition:
        sys.exit(os.path.basename(sys.argv[0]) + ": " + why)


def text_of(path):
    """The contents of a file."""
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


class Pairs:
    """A measured program (pairs.c), on the last CPU; started by another one if "start" names it."""

    def __init__(self, program="pairs", allocator=None, start=()):
        self.allocator = allocator or os.path.basename(os.path.realpath(LIBC))
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen([*start, "bench/" + program], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        os.sched_setaffinity(self.pid, {os.cpu_count() - 1})
        # Before its first answer the process may still be about to execute the program.
        self.ask("where")

    def ask(self, words):
        """Send a command; returns the line with which the program answers."""
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        check(answer, f"the program has ended at the command \"{words}\"")
        return answer

    def expect_probed(self, number):
        """Check how many of malloc, free and mmap have a breakpoint."""
        probed = int(self.ask("probed"))
        check(probed == number, f"{probed} of the functions have a breakpoint, expected {number}")

    def first_places(self):
        """The addresses of malloc and free."""
        return [int(address, 16) for address in self.ask("where").split()]

    def allocator_base(self):
        """The address at which the object that defines malloc is mapped."""
        for line in text_of(f"/proc/{self.pid}/maps").splitlines():
            if line.endswith("/" + self.allocator):
                return int(line.split("-")[0], 16)
        return sys.exit(f"no {self.allocator} is mapped")

    def kill(self):
        """End the program."""
        self.process.kill()
        self.process.wait()


# === memleak_user ===


def command(words):
    """Write a command to memleak_user."""
    with open(DEBUGFS + "control", "w", encoding="ascii") as file:
        file.write(words)


def stats(name):
    """A counter of memleak_user, the sum over all targets."""
    return int(re.search(rf"^{name} (\d+)$", text_of(DEBUGFS + "stats"), re.M).group(1))


@contextlib.contextmanager
def module_loaded():
    """memleak_user is loaded."""
    subprocess.run(["insmod", "module/memleak_user.ko"], check=True)
    yield
    subprocess.run(["rmmod", "memleak_user"], check=True)


# === The variants: context managers that install their probes and remove them ===


@contextlib.contextmanager
def untraced(pairs):
    """No probes."""
    pairs.expect_probed(0)
    yield


@contextlib.contextmanager
def bare(pairs, places):
    """Probes with empty handlers at these addresses of malloc and free."""
    subprocess.run(["insmod", "bench/module/mlu_bare.ko", f"pid={pairs.pid}",
                    f"malloc_at={places[0]:#x}", f"free_at={places[1]:#x}"], check=True)
    pairs.expect_probed(2)
    yield
    subprocess.run(["rmmod", "mlu_bare"], check=True)
    pairs.expect_probed(0)


@contextlib.contextmanager
def mlu(pairs, keys="", beside=()):
    """Traced by memleak_user; fails if it has missed or lost allocations."""
    for process in beside:
        command(f"attach {process.pid}")
    command(f"attach {pairs.pid} {keys}")
    pairs.expect_probed(3)
    yield
    check_counters("filtered" if "min=" in keys else
                   "unsampled" if "sample=" in keys or "every=" in keys else "allocated")
    for process in [*beside, pairs]:
        command(f"detach {process.pid}")
        command(f"clear {process.pid}")
    pairs.expect_probed(0)


def check_counters(name):
    """Check that this counter has increased, and that no allocation was lost."""
    counted = stats(name)
    lost = sum(stats("lost_" + why) for why in ("memory", "limit", "busy", "inflight", "fault",
                                                 "split"))
    check(counted > LEAST and not lost, f"{counted} allocations {name}, {lost} lost")


# === bcc's memleak ===


def wait_until(condition, tool=None):
    """Wait for the condition, while the tool runs if there is one."""
    for _ in range(600):
        if condition():
            return
        if tool and tool.poll() is not None:
            break
        time.sleep(0.5)
    check(False, "memleak-bpfcc: " + text_of(BPFCC_OUTPUT)[-2000:])


@contextlib.contextmanager
def bpfcc(pairs, *arguments):
    """Traced by bcc's memleak with these arguments."""
    with open(BPFCC_OUTPUT, "w", encoding="utf-8") as output, \
            subprocess.Popen(["memleak-bpfcc", "-p", str(pairs.pid), *arguments],
                             env=os.environ | {"PYTHONUNBUFFERED": "1"},
                             stdout=output, stderr=output) as tool:
        wait_until(lambda: pairs.ask("probed") == "3", tool)
        time.sleep(1)
        yield tool
        tool.kill()
    wait_until(lambda: pairs.ask("probed") == "0")


# === What is counted ===


def count_pair(program, frames, put_in):
    """The instructions of a pair with these probes."""
    program.ask(f"frames {frames}")
    with put_in():
        program.ask(f"count {COUNTED}")
        return int(program.ask(f"count {COUNTED}")) / COUNTED


# === The places and frames that are measured ===


def chosen_places(pairs):
    """The places of memleak_user's probes, and whether the kernel emulates them."""
    with mlu(pairs):
        pairs.ask("run 5")
        text = text_of(DEBUGFS + "control")
    places, words = [], []
    for name, first in zip(("malloc", "free"), pairs.first_places()):
        probe = rf"[ ,]{name} {re.escape(pairs.allocator)}\+0x([0-9a-f]+) (\w+)"
        offset, how = re.search(probe, text).groups()
        places.append(pairs.allocator_base() + int(offset, 16))
        words.append(f"{name}+{places[-1] - first} ({how})")
    return places, words


def check_frames(pairs, wanted, method):
    """Check the frames of the stack in the report, and that they were unwound by this method."""
    pairs.ask(f"frames {wanted}")
    with mlu(pairs):
        pairs.ask("run 5")
        pairs.ask("hold")
        frames = re.findall(r"^\t0x.*$", text_of(DEBUGFS + "report"), re.M)
        unwound = stats("frames_by_" + method) / stats("allocated")
        pairs.ask("drop")
    check(len(frames) == wanted and frames[-1].endswith("(end)") and
          not any("(end)" in frame for frame in frames[:-1]),
          f"the stack does not have {wanted} complete frames:\n" + "\n".join(frames))
    check(unwound > wanted - 1, f"{unwound:.2f} frames of {wanted} are unwound by {method}")
    return frames


def pair_variants(pairs, rules, places):
    """For each variant of a pair its program, the number of frames and its context manager."""
    first = pairs.first_places()
    return {
        "untraced": (pairs, 8, lambda: untraced(pairs)),
        "bare0": (pairs, 8, lambda: bare(pairs, first)),
        "bare": (pairs, 8, lambda: bare(pairs, places)),
        "mlu-filtered": (pairs, 8, lambda: mlu(pairs, "min=65")),
        "mlu-sampled": (pairs, 8, lambda: mlu(pairs, "sample=524288")),
        "mlu-every": (pairs, 8, lambda: mlu(pairs, "every=1000")),
        "mlu-fp-1": (pairs, 8, lambda: mlu(pairs, "depth=1")),
        "mlu-fp-8": (pairs, 8, lambda: mlu(pairs)),
        "mlu-eh-8": (rules, 8, lambda: mlu(rules)),
        "mlu-exits-fp-8": (pairs, 8, lambda: mlu(pairs, "exits=always")),
        "mlu-exits-eh-8": (rules, 8, lambda: mlu(rules, "exits=always")),
        "mlu-fp-32": (pairs, 32, lambda: mlu(pairs)),
        "mlu-eh-32": (rules, 32, lambda: mlu(rules)),
    }
