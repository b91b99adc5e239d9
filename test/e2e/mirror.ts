// A mirror of the base's packages on the loopback, so that realizing from a lock needs no other network.
// Knows paths of .debs; has no index at all.

import { createReadStream, statSync } from "node:fs";
import { serve, type TestServer } from "../builders/fetch/server.ts";
import { type Base, debsOf, readLock } from "./base.ts";

export interface Mirror extends AsyncDisposable {
  /** What KIT_MIRRORS has to be for nothing else to be asked first. */
  readonly mirrors: string;
  readonly requests: readonly string[];
}

export async function openMirror(base: Base): Promise<Mirror> {
  const bytes = debsOf(base);
  const stanzas = Object.values(readLock(base.lock).distros).flatMap(({ packages }) =>
    Object.values(packages),
  );
  const files = new Map(
    stanzas.map(({ stanza }) => [stanza["Filename"] ?? "", bytes.get(stanza["SHA256"] ?? "") ?? ""]),
  );
  const server: TestServer = await serve((request, response) => {
    const file = files.get((request.url ?? "").replace(/^\/[^/]+\//, ""));
    if (file === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { "content-length": statSync(file).size });
    createReadStream(file).pipe(response);
  });
  return {
    mirrors: ["debian", "debian-security"].map((archive) => `${server.url}/${archive}`).join(" "),
    requests: server.requests,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
