// A meter: hands on what a server and its clients say, and counts the server's bytes.
// Runs on a thread of its own, for the benchmark waits for whole processes.

import { connect, createServer } from "node:net";
import { parentPort, Worker, workerData } from "node:worker_threads";

export interface Meter {
  /** In place of the server's. */
  readonly url: string;
  /** Bytes of the server's answers so far, heads and all. */
  bytes(): number;
  close(): Promise<number>;
}

interface Wiring {
  readonly port: number;
  readonly count: BigInt64Array<SharedArrayBuffer>;
}

/** `url` is a server's, with a port. */
export async function openMeter(url: string): Promise<Meter> {
  const count = new BigInt64Array(new SharedArrayBuffer(8));
  const { port } = new URL(url);
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { port: Number(port), count } satisfies Wiring,
  });
  const own = await new Promise<number>((resolve, reject) =>
    worker.once("message", resolve).once("error", reject),
  );
  return {
    url: `http://127.0.0.1:${own}`,
    bytes: () => Number(Atomics.load(count, 0)),
    close: () => worker.terminate(),
  };
}

function serve({ port, count }: Wiring): void {
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    upstream.on("data", (piece) => Atomics.add(count, 0, BigInt(piece.length)));
    client.pipe(upstream).pipe(client);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      socket.on("error", () => other.destroy());
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    parentPort?.postMessage(typeof address === "object" ? address?.port : undefined);
  });
}

if (parentPort !== null) serve(workerData as Wiring);
