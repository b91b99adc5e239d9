// A server at a name of this machine's own: what has no network reaches it all the same.

import { connect, type Socket } from "node:net";
import { expect, it } from "vitest";
import { openHost } from "../../../builders/fetch/host.ts";
import { digestOf, hexOf } from "../../../store/model/digest.ts";
import { pack, sample } from "../../store/cache/contract.ts";
import { packOf, serveSample, tokens } from "./rig.ts";

const name = () => `kit-test-${hexOf(digestOf(`${process.pid} ${performance.now()}`)).slice(0, 32)}`;

it("is read, asked in bulk and written to", async () => {
  const socket = name();
  await using served = await serveSample({ socket, prefix: "/secret" });
  expect(served.url).toBe("http://localhost/secret");
  const told: string[] = [];
  const host = openHost({
    url: served.url,
    socket,
    name: "here",
    token: tokens.write,
    deadline: 5000,
    onLost: (why) => told.push(why),
  });
  expect((await host.read(pack, 1 << 24))?.equals(sample[pack] ?? Buffer.alloc(0))).toBe(true);
  expect((await host.post("bulk/has", `${pack}\n`, 1 << 20))?.toString()).toBe(`${pack}\n`);
  const fresh = packOf("fresh");
  expect(await host.write(fresh.name, [fresh.bytes])).toBe("written");
  expect(await host.write(fresh.name, [fresh.bytes])).toBe("present");
  await host.close();
  expect(told).toEqual([]);
});

it("ends each of its connections, none of which has an address to be told apart by", async () => {
  const socket = name();
  await using served = await serveSample({ socket });
  const open = () =>
    new Promise<Socket>((resolve) => {
      const one = connect({ path: `\0${socket}` }, () => resolve(one));
    });
  const sockets = await Promise.all([open(), open(), open()]);
  const ended = sockets.map(
    (one) =>
      new Promise((resolve) =>
        one
          .on("error", () => {})
          .resume()
          .once("close", resolve),
      ),
  );
  // A request that is never finished keeps one of them until it is cut.
  sockets[0]?.write(`PUT /${pack} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${tokens.write}\r\n`);
  await served.server.close(300);
  await Promise.all(ended);
});

it("is not found by another name", async () => {
  await using served = await serveSample({ socket: name() });
  const told: string[] = [];
  const host = openHost({
    url: served.url,
    socket: name(),
    name: "there",
    deadline: 1000,
    onLost: (why) => told.push(why),
  });
  await expect(host.read(pack, 1 << 24)).rejects.toThrow();
  expect(told).toHaveLength(1);
  await host.close();
});
