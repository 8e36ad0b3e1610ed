"""What was measured, and where: kept beside the figures."""
import contextlib
import datetime
import itertools
import json
import os
import platform
import subprocess

from .servers import PEERS, ROOT


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def npm_version(name):
    with contextlib.suppress(OSError):
        return json.load(open(f"{PEERS}/node_modules/{name}/package.json"))["version"]
    return "not installed"


def debian_version(package):
    return output_of("dpkg-query", "-W", "-f", "${Version}", package)


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.machine())
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "system": platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")}


def versions():
    return {"node": output_of("node", "--version"), "ws": npm_version("ws"),
            "socket.io": npm_version("socket.io"), "engine.io": npm_version("engine.io"),
            "beast": debian_version("libboost1.81-dev"),
            "websocketpp": debian_version("libwebsocketpp-dev"),
            "libwebsockets": debian_version("libwebsockets-dev")}


def commit():
    changed = output_of("git", "status", "--porcelain", "--untracked-files=no")
    return output_of("git", "rev-parse", "--short", "HEAD") + ("-changed" if changed else "")


def new_file(stem):
    """Opens stem.json, or stem-2.json and so on: an earlier measurement is never overwritten."""
    for name in itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2))):
        with contextlib.suppress(FileExistsError):
            return open(f"{name}.json", "x")


def save(options, results):
    now = datetime.datetime.now(datetime.timezone.utc)
    os.makedirs(f"{ROOT}/bench/results", exist_ok=True)
    described = {key: getattr(options, key) for key in
                 ("runs", "seconds", "warmup", "server_core", "loader_core")}
    described["peers"] = list(options.peer)  # how they were built is told where the figures are
    with new_file(f"{ROOT}/bench/results/{now:%Y-%m-%d}-{commit()}") as file:
        json.dump({"date": f"{now:%Y-%m-%dT%H:%M:%SZ}", "commit": commit(), "machine": machine(),
                   "versions": versions(), "options": described, "cells": results}, file, indent=1)
        file.write("\n")
    print(f"\nkept in {os.path.relpath(file.name, ROOT)}")
