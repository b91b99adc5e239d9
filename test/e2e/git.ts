// A git server on this machine: git's own, as a web server runs it.
// Knows CGI (RFC 3875) as far as git-http-backend needs it; does not know what is in the repositories.

import { execFileSync, spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";

const backend = "/usr/lib/git-core/git-http-backend";

/** Serves the repositories in a folder. */
export function gitHandler(folder: string): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const child = spawn(backend, {
      env: {
        PATH: process.env["PATH"],
        GIT_PROJECT_ROOT: folder,
        GIT_HTTP_EXPORT_ALL: "1",
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "safe.directory",
        GIT_CONFIG_VALUE_0: "*",
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
        HTTP_GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      },
    });
    request.pipe(child.stdin);
    child.stdin.on("error", () => {});
    const parts: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => parts.push(part));
    child.on("close", () => {
      const all = Buffer.concat(parts);
      const end = all.indexOf("\r\n\r\n");
      const headers = all.toString("latin1", 0, Math.max(0, end)).split("\r\n");
      const fields = headers.map((line) => line.split(": ", 2) as [string, string]);
      const status = Number.parseInt(fields.find(([name]) => name === "Status")?.[1] ?? "200", 10);
      response.writeHead(status, fields.filter(([name]) => name !== "Status" && name !== "").flat());
      response.end(all.subarray(end + 4));
    });
  };
}

/** Runs git in a folder, as nobody in particular; returns what it says. */
export function git(folder: string, ...argv: readonly string[]): string {
  const own = [
    "user.name=a",
    "user.email=a@b.example",
    "init.defaultBranch=main",
    "protocol.file.allow=always",
  ];
  return execFileSync("git", [...own.flatMap((each) => ["-c", each]), ...argv], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}
