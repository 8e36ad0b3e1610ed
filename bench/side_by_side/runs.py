"""One cell after the other, on one server after the other, round by round."""
import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import time

from .servers import Server, core_ticks, cpu_time_ns, resident_kib, softirq_thread


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


class Bench:
    def __init__(self, options, commands):
        self.options = options
        self.commands = commands
        self.softirq = softirq_thread(options.server_core)
        self.running = {}

    def server(self, name):
        if name not in self.running:
            self.running[name] = Server(name, self.commands[name], self.options.server_core)
        return self.running[name]

    def stop(self):
        for server in self.running.values():
            server.stop()

    def start_load(self, cell, server, extra, **pipes):
        return subprocess.Popen(
            [f"{self.options.build}/bin/bench_load", *cell.load_arguments(), "--port",
             str(server.port), *extra],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {self.options.loader_core}), **pipes)

    def load(self, cell, server, warmup, seconds):
        """One run of the load generator; returns its report."""
        watched = [server.pid] + ([self.softirq] if self.softirq else [])
        extra = ["--warmup", str(warmup), "--seconds", str(seconds)]
        for pid in watched:
            extra += ["--cpu-of", str(pid)]
        load = self.start_load(cell, server, extra)
        output, complaint = load.communicate(timeout=warmup + seconds + 90)
        if not output:
            raise RuntimeError(f"{cell.title}, {server.name}: {complaint.strip()}")
        return json.loads(output)

    def measure(self, cell, server):
        core, hertz = self.options.server_core, os.sysconf("SC_CLK_TCK")
        began, own = time.monotonic(), cpu_time_ns(server.pid)
        (busy, stolen) = core_ticks(core)
        report = self.load(cell, server, self.options.warmup, self.options.seconds)
        elapsed, own = time.monotonic() - began, (cpu_time_ns(server.pid) - own) / 1e9
        (busy_after, stolen_after) = core_ticks(core)
        messages, seconds = max(report["messages"], 1), report["seconds"]
        softirq = report["cpu_ns"][1] if self.softirq else 0
        return {
            "cpu_us": (report["cpu_ns"][0] + softirq) / 1e3 / messages,
            "rate": report["messages"] / seconds,
            "p50_us": report["p50_us"], "p99_us": report["p99_us"], "p999_us": report["p999_us"],
            "errors": report["errors"], "messages": report["messages"], "seconds": seconds,
            "process_ns": report["cpu_ns"][0], "ksoftirqd_ns": softirq,
            "server_busy": (report["cpu_ns"][0] + softirq) / 1e9 / seconds,
            "loader_busy": report["loader_cpu_ns"] / 1e9 / seconds,
            "foreign": max(0.0, ((busy_after - busy) / hertz - own) / elapsed),
            "stolen": (stolen_after - stolen) / hertz / elapsed,
        }

    @contextlib.contextmanager
    def idle_connections(self, cell, server, count):
        """Holds that many open connections; yields the generator's report."""
        load = self.start_load(dataclasses.replace(cell, connections=count), server, [],
                               stdin=subprocess.PIPE)
        output = load.stdout.readline()
        if not output:
            raise RuntimeError(f"{cell.title}, {server.name}: {load.communicate()[1].strip()}")
        time.sleep(0.5)
        yield json.loads(output)
        load.communicate()

    def measure_idle(self, cell, name):
        """Memory of one fresh process per connection that does nothing."""
        with Server(name, self.commands[name], self.options.server_core) as server:
            # What the first connections allocate once is no part of the price of one more.
            with self.idle_connections(cell, server, 10):
                before = resident_kib(server.pid)
            with self.idle_connections(cell, server, cell.connections) as report:
                after = resident_kib(server.pid)
            return {"bytes": (after - before) * 1024 / cell.connections,
                    "errors": report["errors"], "connections": cell.connections}

    def cell(self, cell, servers):
        """All runs of one cell: {server: [run, ...]}, round by round."""
        runs = {name: [] for name in servers}
        if not cell.idle:
            for name in servers:
                self.load(cell, self.server(name), 0, self.options.warm)
        for round_number in range(self.options.runs):
            for name in servers:
                progress(f"{cell.title}: run {round_number + 1} of {self.options.runs}, {name}")
                runs[name].append(self.measure_idle(cell, name) if cell.idle
                                  else self.measure(cell, self.server(name)))
        return runs
