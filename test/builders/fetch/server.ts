// A web server on the loopback whose answers a test writes.
// Knows how to listen and to count; does not know what is asked of it.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface TestServer extends AsyncDisposable {
  /** Without a trailing slash. */
  readonly url: string;
  /** Each request so far, as `PATH` or `PATH RANGE`. */
  readonly requests: string[];
  /** The most requests that were open at once. */
  readonly most: () => number;
  readonly connections: () => number;
  /** Stops listening and cuts every connection. */
  stop(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export async function serve(handler: Handler): Promise<TestServer> {
  const requests: string[] = [];
  const count = { open: 0, most: 0, connections: 0 };
  const server = createServer((request, response) => {
    requests.push([request.url, request.headers.range].filter((part) => part !== undefined).join(" "));
    count.most = Math.max(count.most, ++count.open);
    response.on("close", () => count.open--);
    void handler(request, response);
  });
  server.on("connection", () => count.connections++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    most: () => count.most,
    connections: () => count.connections,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

export interface FilesOptions {
  readonly etag?: string;
}

/** Serves files by their paths as a good server does, ranges too. */
export function files(
  contents: Readonly<Record<string, Buffer | string>>,
  options: FilesOptions = {},
): Handler {
  return (request, response) => {
    const content = contents[request.url ?? ""];
    if (content === undefined) return void response.writeHead(404).end("no such file");
    const bytes = Buffer.from(content);
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? -1);
    const etag = options.etag === undefined ? {} : { etag: options.etag };
    const stale = request.headers["if-range"] !== undefined && request.headers["if-range"] !== options.etag;
    if (from < 0 || stale)
      return void response.writeHead(200, { "content-length": bytes.length, ...etag }).end(bytes);
    if (from >= bytes.length)
      return void response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    response
      .writeHead(206, { "content-length": bytes.length - from, "content-range": range, ...etag })
      .end(bytes.subarray(from));
  };
}
