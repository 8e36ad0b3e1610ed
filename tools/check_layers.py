#!/usr/bin/env python3
"""Refuses an #include that src/CMakeLists.txt does not allow.

Compares every #include "layer/..." and "naru/..." below src/ with build/<preset>/layers.txt (written
by cmake/Layers.cmake), and keeps clocks, threads, sockets and logs out of the cores.
Usage: tools/check_layers.py [layers.txt]
"""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CORES = {"base", "json", "msgpack", "http", "http2", "websocket", "engineio", "socketio", "sockjs", "stomp", "sse", "hub"}
IMPURE = re.compile(r"::now\(|std::thread|std::mutex|<sys/|std::cerr|\brand\(|<unistd\.h>|<thread>")


def declared(path):
    depends, owner = {}, {}
    for line in open(path):
        name, rest = line.rstrip("\n").split(": ", 1)
        direct, public = rest.split("|")
        depends[name] = {name} | set(direct.replace(";", " ").split())
        for header in public.replace(";", " ").split():
            owner[header] = name
    return depends, owner


def main():
    found = sorted(glob.glob(f"{ROOT}/build/*/layers.txt"), key=os.path.getmtime)
    path = sys.argv[1] if len(sys.argv) > 1 else (found[-1] if found else None)
    if path is None:
        sys.exit("check_layers: no layers.txt; configure first (cmake --preset dev)")
    depends, owner = declared(path)
    complaints = []
    files = glob.glob(f"{ROOT}/src/*/*.[ch]pp")
    for file in sorted(files):
        layer = os.path.basename(os.path.dirname(file))
        shown = os.path.relpath(file, ROOT)
        if layer not in depends:
            complaints.append(f"{shown}: '{layer}' is no layer of src/CMakeLists.txt")
            continue
        for number, line in enumerate(open(file), 1):
            include = re.match(r'#include "([^/"]+)/([^"]+)"', line)
            if include:
                other = owner.get(include[2]) if include[1] == "naru" else include[1]
                if other not in depends[layer]:
                    complaints.append(f"{shown}:{number}: '{layer}' may not include '{include[1]}/{include[2]}'")
            elif layer in CORES and IMPURE.search(line.split("//")[0]):
                complaints.append(f"{shown}:{number}: a core may not use this: {line.strip()}")
    print("\n".join(complaints) if complaints else f"layers: {len(files)} files, no wrong include")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
