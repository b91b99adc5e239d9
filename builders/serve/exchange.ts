// One request and its answer: how bytes come and go, and what ends it early.
// Knows slow clients and the shared rate; does not know what is asked for.

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Rate } from "./rate.ts";

/** An answer that is none of what was asked for. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;

  constructor(status: number, message: string, headers: OutgoingHttpHeaders = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

export interface Exchange {
  readonly request: IncomingMessage;
  /** Aborted when the client is gone, the time is up, or the answer is complete. */
  readonly signal: AbortSignal;
  /**
   * What the client sends, as it comes; a client that waits to be asked is asked. Leaving off does not end the
   * connection.
   *
   * @throws {Refusal} 413 beyond the limit; or what the connection ends with
   */
  body(limit: number): AsyncGenerator<Uint8Array>;
  /** Begins the answer. */
  begin(status: number, headers: OutgoingHttpHeaders): void;
  /** Resolves when more may be sent. The piece must not change any more. @throws where the client is gone */
  send(piece: Uint8Array | string): Promise<void>;
  end(): void;
  /** An answer in one. Ends the connection where another one was begun. */
  refuse(refusal: Refusal): void;
}

export interface Means {
  readonly rate: Rate | undefined;
  /** Milliseconds that a client may let pass without sending or taking anything; and for all of the exchange. */
  readonly idle: number;
  readonly exchange: number;
}

export function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  asked: boolean,
  { rate, idle, exchange }: Means,
): Exchange {
  const gone = new AbortController();
  const { socket } = request;
  const clock = setTimeout(() => socket.destroy(), exchange);
  let isAsking = asked;
  response.once("close", () => {
    gone.abort();
    clearTimeout(clock);
  });
  // What a client still sends is read and forgotten, so that it comes to read its answer; but not for ever.
  const end = () => {
    if (request.complete || isAsking) return void response.end();
    const patience = setTimeout(() => socket.destroy(), idle);
    response.once("close", () => clearTimeout(patience));
    request.once("end", () => response.end()).resume();
  };
  return {
    request,
    signal: gone.signal,
    async *body(limit) {
      if (isAsking) response.writeContinue();
      isAsking = false;
      let received = 0;
      const pieces = request.iterator({ destroyOnReturn: false });
      try {
        for (;;) {
          const next = await within(idle, socket, () => pieces.next());
          if (next.done) return;
          const piece = next.value as Buffer;
          received += piece.length;
          if (received > limit) throw tooLarge(limit);
          await rate?.take(piece.length, gone.signal);
          yield piece;
        }
      } finally {
        await pieces.return?.();
      }
    },
    begin: (status, headers) => void response.writeHead(status, headers),
    async send(piece) {
      await rate?.take(piece.length, gone.signal);
      gone.signal.throwIfAborted();
      if (response.write(piece)) return;
      // The socket sees when a part of a piece is taken. Who takes next to nothing at a time is not waited for either.
      socket.setTimeout(idle);
      await within(10 * idle, socket, () => drained(response));
      socket.setTimeout(0);
    },
    end,
    refuse({ status, message, headers }) {
      if (gone.signal.aborted) return;
      if (response.headersSent) return void socket.destroy();
      const text = Buffer.from(`${message}\n`);
      response.writeHead(status, {
        "content-type": "text/plain; charset=utf-8",
        "content-length": text.length,
        "cache-control": "no-store",
        // Who waits to be asked may send what it was not asked for all the same, or not.
        ...(isAsking && { connection: "close" }),
        ...headers,
      });
      response.write(text);
      end();
    },
  };
}

export function tooLarge(limit: number): Refusal {
  return new Refusal(413, `at most ${limit} bytes are taken`);
}

/** Ends the connection of a client that makes us wait for longer. */
async function within<T>(milliseconds: number, socket: Socket, wait: () => Promise<T>): Promise<T> {
  const clock = setTimeout(() => socket.destroy(), milliseconds);
  try {
    return await wait();
  } finally {
    clearTimeout(clock);
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      response.off("drain", settle);
      response.off("close", settle);
      if (response.closed) reject(new Error("the client is gone"));
      else resolve();
    };
    response.on("drain", settle);
    response.on("close", settle);
  });
}
