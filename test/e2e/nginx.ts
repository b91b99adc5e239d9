// nginx over a folder on the loopback: a static server as people have them.
// Knows its configuration and its log; does not know what it serves.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { vi } from "vitest";
import type { Place } from "./place.ts";

export interface Answered {
  readonly method: string;
  /** Relative to the root, without a slash before it. */
  readonly name: string;
  readonly status: number;
  /** Bytes of the body. */
  readonly sent: number;
}

export interface Nginx extends AsyncDisposable {
  readonly url: string;
  /** What it has answered, in order; complete where the client waited for all of it. */
  answered(): Answered[];
}

/** Serves a folder, with these lines in its `location`. The place holds its files, and goes after it. */
export async function openNginx({ folder }: Place, root: string, lines = ""): Promise<Nginx> {
  const port = await freePort();
  const log = join(folder, "nginx.log");
  const configuration = join(folder, "nginx.conf");
  writeFileSync(configuration, configurationOf({ folder, root, port, log, lines }));
  const server = spawn("nginx", ["-c", configuration, "-e", join(folder, "nginx.err")], { stdio: "ignore" });
  const exited = once(server, "exit");
  const url = `http://127.0.0.1:${port}`;
  await vi.waitFor(() => fetch(url), { timeout: 10_000 });
  return {
    url,
    answered: () =>
      readFileSync(log, "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => line.split(" "))
        .map(([method = "", path = "", status, sent]) => ({
          ...{ method, name: path.slice(1) },
          ...{ status: Number(status), sent: Number(sent) },
        }))
        .filter(({ name }) => name !== ""),
    async [Symbol.asyncDispose]() {
      server.kill("SIGTERM");
      await exited;
    },
  };
}

interface Configuration {
  readonly folder: string;
  readonly root: string;
  readonly port: number;
  readonly log: string;
  readonly lines: string;
}

function configurationOf({ folder, root, port, log, lines }: Configuration): string {
  const user = process.getuid?.() === 0 ? "user root;\n" : "";
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/nginx-${name};`,
  );
  return `${user}daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events {}
http {
  ${temporary.join(" ")}
  log_format told "$request_method $uri $status $body_bytes_sent";
  access_log ${log} told;
  server {
    listen 127.0.0.1:${port};
    location / { root ${root}; ${lines} }
  }
}
`;
}

/** One that was free a moment ago: nginx does not tell which one it took. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
