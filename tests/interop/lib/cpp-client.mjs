// naru's own clients under test: a program of tests/conformance (socketio_client.cpp, or another),
// told what to do by lines, and what it has lived through.

import { spawn } from "node:child_process";
import { once } from "node:events";

import { programPath } from "./server.mjs";

const kLimit = 15_000; // ms; only ends a test that has failed

export class CppClient {
  patience = kLimit;

  constructor(program = "naru-socketio-client") {
    const own = program === "naru-socketio-client" ? process.env.NARU_SOCKETIO_CLIENT : undefined;
    const binary = own ?? programPath(program);
    this.child = spawn(binary, [], { stdio: ["pipe", "pipe", "inherit"] });
    this.exited = once(this.child, "exit");
    this.lines = [];
    this.waiting = [];
    let rest = "";
    this.child.stdout.setEncoding("utf8").on("data", (chunk) => {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop();
      for (const part of parts) this.lines.push(JSON.parse(part));
      this.waiting = this.waiting.filter((look) => !look());
    });
  }

  tell(...command) {
    this.child.stdin.write(JSON.stringify(command) + "\n");
  }

  // The first line that has not been looked at yet and begins so; those before it stay.
  next(...beginning) {
    const fits = (line) =>
      beginning.every((value, i) => JSON.stringify(value) === JSON.stringify(line[i]));
    return new Promise((resolve, reject) => {
      const look = () => {
        const at = this.lines.findIndex(fits);
        if (at < 0) return false;
        clearTimeout(timer);
        resolve(this.lines.splice(at, 1)[0]);
        return true;
      };
      const timer = setTimeout(() => {
        const said = this.lines.map((line) => JSON.stringify(line)).join("\n");
        reject(new Error(`no ${JSON.stringify(beginning)}; but:\n${said}`));
      }, this.patience);
      if (!look()) this.waiting.push(look);
    });
  }

  // Ends all its clients. Their destructors must not hang.
  async end() {
    this.child.stdin.end();
    const timer = setTimeout(() => this.child.kill("SIGABRT"), kLimit);
    const [code, signal] = await this.exited;
    clearTimeout(timer);
    if (code !== 0) throw new Error(`the client ended by ${code ?? signal}`);
  }
}

export const bytes = (buffer) => ({ bytes: Buffer.from(buffer).toString("base64") });
