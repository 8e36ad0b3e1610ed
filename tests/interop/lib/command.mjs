// Runs the naru command as a person at a shell does.

import { spawn } from "node:child_process";
import { once } from "node:events";

import { kRoot } from "./server.mjs";

export const kLimit = 15_000;  // ms; only ends a test that has failed

// Starts `naru ...args`; `done` resolves to what it has said and its exit status.
export function naru(args, input = "") {
  const binary = process.env.NARU_BIN ?? `${kRoot}build/dev/bin/naru`;
  const child = spawn(binary, args);
  const said = { out: "", err: "" };
  const timer = setTimeout(() => child.kill("SIGKILL"), kLimit);
  let tell = () => {};
  child.stdout.setEncoding("utf8").on("data", (text) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said.err += text;
    if (said.err.includes("connected")) tell();
  });
  const connected = new Promise((resolve) => (tell = resolve));
  const done = once(child, "close").then(([status]) => {
    clearTimeout(timer);
    tell();
    return { ...said, status };
  });
  child.stdin.on("error", () => {});  // it may have ended before it read anything
  if (input !== null) child.stdin.end(input);
  return { child, connected, done };
}

export const run = (args, input) => naru(args, input).done;
