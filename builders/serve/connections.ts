// The connections of a server: how many requests an address has under way, and how all of them end.
// Knows sockets; does not know requests' contents.

import type { Socket } from "node:net";

export interface Connections {
  /** Takes note of a socket, as it comes, before any encryption. */
  add(socket: Socket): void;
  /** Begins a request; undefined where its address has as many as it may. What is returned ends it, once. */
  begin(socket: Socket): (() => void) | undefined;
  /** Ends each connection as soon as it has no request under way. */
  drain(): void;
  /** Ends all of them. */
  cut(): void;
}

export function openConnections(requestsAtOnce: number): Connections {
  const sockets = new Map<Key, Socket>();
  const busy = new Map<Key, number>();
  const addresses = new Map<string, number>();
  let draining = false;
  return {
    add(socket) {
      const key = keyOf(socket);
      sockets.set(key, socket);
      socket.once("close", () => sockets.delete(key));
      if (draining) socket.destroy();
    },
    begin(socket) {
      const [key, address] = [keyOf(socket), socket.remoteAddress ?? ""];
      if ((addresses.get(address) ?? 0) >= requestsAtOnce) return undefined;
      count(addresses, address, 1);
      count(busy, key, 1);
      return () => {
        count(addresses, address, -1);
        count(busy, key, -1);
        if (draining && !busy.has(key)) socket.destroySoon();
      };
    },
    drain() {
      draining = true;
      for (const [key, socket] of sockets) if (!busy.has(key)) socket.destroy();
    },
    cut() {
      for (const socket of sockets.values()) socket.destroy();
    },
  };
}

type Key = string | Socket;

/** The same for a socket and for the encrypted one over it. One of this machine's own has no address, and none over it. */
function keyOf(socket: Socket): Key {
  const { remoteAddress, remotePort } = socket;
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`;
}

function count<K>(counts: Map<K, number>, key: K, change: number): void {
  const now = (counts.get(key) ?? 0) + change;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}
