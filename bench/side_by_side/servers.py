"""The servers' processes, and what the system says of them."""
import contextlib
import glob
import os
import select
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PEERS = f"{ROOT}/bench/peers"


def commands(build):
    return {
        "naru": [f"{build}/bin/naru-conformance", "--profile", "load", "--loops", "1"],
        "epoll": [f"{build}/bin/epoll_echo"],
        "beast": [f"{build}/bin/peer_beast"],
        "websocketpp": [f"{build}/bin/peer_websocketpp"],
        "libwebsockets": [f"{build}/bin/peer_libwebsockets"],
        "ws": ["node", f"{PEERS}/ws_server.mjs"],
        "socketio": ["node", f"{PEERS}/socketio_server.mjs"],
        "sockjs": ["node", f"{PEERS}/sockjs_server.mjs"],
    }


def check_built(build, servers):
    programs = [f"{build}/bin/bench_load"]
    programs += [command[0] for name, command in commands(build).items() if name in servers]
    missing = [os.path.basename(path) for path in programs
               if path.startswith(build) and not os.path.exists(path)]
    preset = os.path.basename(build)
    if missing:
        sys.exit(f"bench: not built: {', '.join(missing)}. Build it, or leave it out (--servers):\n"
                 f"  cmake --preset {preset} -B {build} && "
                 f"cmake --build {build} --target {' '.join(missing)}")
    if {"ws", "socketio", "sockjs"} & set(servers) and not os.path.isdir(f"{PEERS}/node_modules"):
        sys.exit("bench: the Node peers are not installed:\n  (cd bench/peers && npm ci)")


class Server:
    """A server process, pinned to one core."""

    def __init__(self, name, command, core):
        self.name = name
        self.process = subprocess.Popen(
            [*command, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, NODE_ENV="production"),
            preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        ready, _, _ = select.select([self.process.stdout], [], [], 20)
        line = self.process.stdout.readline() if ready else ""
        if not line.startswith("listening on "):
            self.stop()
            raise RuntimeError(f"{name} did not start: {line!r}")
        self.port = int(line.split()[2])

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def softirq_thread(core):
    """The pid of ksoftirqd/<core>; None where the kernel's threads cannot be seen."""
    for path in glob.glob("/proc/[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if open(path).read().strip() == f"ksoftirqd/{core}":
                return int(path.split("/")[2])
    return None


def cpu_time_ns(pid):
    # The process's CPU clock, as clock_getcpuclockid(3) spells it: exact, unlike the ticks of stat.
    return time.clock_gettime_ns((~pid << 3) | 2)


def core_ticks(core):
    """(busy, stolen) ticks of one core since boot."""
    for line in open("/proc/stat"):
        if line.startswith(f"cpu{core} "):
            user, nice, system, _, _, irq, softirq, steal = map(int, line.split()[1:9])
            return user + nice + system + irq + softirq, steal
    raise RuntimeError(f"no core {core}")


def resident_kib(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS")
