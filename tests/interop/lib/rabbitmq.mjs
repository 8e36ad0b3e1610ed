// Debian's RabbitMQ as a plain process: a node of the test's own, with its own directory, ports,
// cookie and epmd, which speaks STOMP only.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const kServer = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const kStartLimit = 120_000; // ms
const kStopLimit = 20_000; // ms

export const rabbitMqInstalled = existsSync(kServer);

async function freePorts(count) {
  const probes = await Promise.all(
    Array.from({ length: count }, async () => {
      const probe = net.createServer();
      await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
      return probe;
    }),
  );
  const ports = probes.map((probe) => probe.address().port);
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
  return ports;
}

export class RabbitMq {
  static async make() {
    const rabbit = new RabbitMq();
    const [stomp, dist, epmd] = await freePorts(3);
    const dir = mkdtempSync(join(tmpdir(), "naru-rabbitmq-"));
    for (const each of ["home", "mnesia", "log"]) mkdirSync(join(dir, each));
    writeFileSync(join(dir, "enabled_plugins"), "[rabbitmq_stomp].");
    writeFileSync(
      join(dir, "rabbitmq.conf"),
      `listeners.tcp = none\nstomp.listeners.tcp.1 = 127.0.0.1:${stomp}\nlog.console.level = warning\n`,
    );
    Object.assign(rabbit, { dir, port: stomp, said: "" });
    rabbit.env = {
      PATH: process.env.PATH,
      HOME: join(dir, "home"), // with the cookie
      ERL_EPMD_PORT: epmd,
      ERL_EPMD_ADDRESS: "127.0.0.1",
      RABBITMQ_NODENAME: "naru@localhost",
      RABBITMQ_DIST_PORT: dist,
      RABBITMQ_MNESIA_BASE: join(dir, "mnesia"),
      RABBITMQ_LOG_BASE: join(dir, "log"),
      RABBITMQ_LOGS: "-",
      RABBITMQ_CONF_ENV_FILE: "/dev/null",
      RABBITMQ_CONFIG_FILE: join(dir, "rabbitmq"),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, "enabled_plugins"),
      RABBITMQ_PID_FILE: join(dir, "pid"),
      RABBITMQ_ALLOW_INPUT: "1", // the script becomes the node, instead of watching over it
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-noinput +S 1:1 +sbwt none",
    };
    return rabbit;
  }

  async start() {
    this.child = spawn(kServer, [], { env: this.env, stdio: ["ignore", "pipe", "pipe"] });
    this.exited = once(this.child, "exit");
    await new Promise((resolve, reject) => {
      const fail = (why) => {
        clearTimeout(timer);
        reject(new Error(`RabbitMQ ${why}\n${this.said}`));
      };
      const timer = setTimeout(() => fail("did not start in time"), kStartLimit);
      this.child.once("error", (error) => fail(error.message));
      this.child.once("exit", (code) => fail(`ended with ${code}`));
      this.said = "";
      const read = (chunk) => {
        this.said = (this.said + chunk).slice(-20_000);
        if (!/completed with \d+ plugins/.test(this.said)) return;
        clearTimeout(timer);
        resolve();
      };
      this.child.stdout.setEncoding("utf8").on("data", read);
      this.child.stderr.setEncoding("utf8").on("data", read);
    });
  }

  async stop() {
    const timer = setTimeout(() => this.child.kill("SIGKILL"), kStopLimit);
    this.child.kill("SIGTERM");
    await this.exited;
    clearTimeout(timer);
  }

  async remove() {
    if (this.child?.exitCode === null && this.child.signalCode === null) await this.stop();
    spawnSync("epmd", ["-kill"], { env: this.env });
    rmSync(this.dir, { recursive: true, force: true });
  }
}
