// Sources that a manifest pins, by the command a user runs: from beside it, else from a source server, else by their address.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256Of } from "../../store/model/digest.ts";
import { serve, type TestServer } from "../builders/fetch/server.ts";
import { makeDeb } from "./deb.ts";
import { built, done, told } from "./kit.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";

let small: Small;
let server: TestServer;
const served: Record<string, Buffer> = {};

const name = "own_1+a.deb";
const address = "/pool/own_1%2Ba.deb";
const { bytes } = makeDeb("own", { "usr/bin/own": "#!/bin/sh\n" });
const sha256 = sha256Of(bytes);

beforeAll(async () => {
  small = await openSmall();
  server = await serve((request, response) => {
    const file = served[request.url ?? ""];
    response.writeHead(file ? 200 : 404).end(file);
  });
});
afterAll(async () => {
  await server.stop();
  await small[Symbol.asyncDispose]();
});

/** A folder with a manifest of the package, a store of its own, and nothing served. */
function attempt(): Attempt {
  for (const path of Object.keys(served)) delete served[path];
  server.requests.length = 0;
  const place = small.attempt({ store: "own" });
  place.write({
    "own.yaml": `kind: package\nname: own\nbuilder: deb-prebuilt\ndistro: ./small.yaml\nsources:\n  - {url: "${server.url}${address}", sha256: ${sha256}, mirrors: ["${server.url}/mirror/own.deb"]}\n`,
  });
  return place;
}

const realize = async (place: Attempt, options: { argv?: readonly string[]; env?: Record<string, string> }) =>
  await place.run(["realize", "own.yaml", "--json", ...(options.argv ?? [])], { env: options.env ?? {} });

const fileOf = (path: string | undefined) => (path ?? "").split("/").slice(-2).join("/");

const warnings = (outcome: Awaited<ReturnType<typeof realize>>) =>
  told(outcome).flatMap(({ type, text = "" }) => (type === "warning" ? [text] : []));

describe("a file of the address's name beside the manifest", () => {
  test("is taken without a network, and what comes of it is what the address would have given", async () => {
    using place = attempt();
    place.write({ [name]: bytes });
    const here = done(await realize(place, { argv: ["--offline"] }));
    expect(readFileSync(here.paths.get("own") ?? "").equals(bytes)).toBe(true);
    expect(warnings(here)).toEqual([]);
    expect(server.requests).toEqual([]);
    using other = attempt();
    served[address] = bytes;
    const there = done(await realize(other, {}));
    expect(server.requests).toEqual([address]);
    expect(fileOf(there.paths.get("own"))).toBe(fileOf(here.paths.get("own")));
    // The request is the same too: without the file nothing is made or fetched again.
    rmSync(join(place.folder, name));
    server.requests.length = 0;
    expect(built(done(await realize(place, { argv: ["--offline"] })))).toEqual([]);
    expect(server.requests).toEqual([]);
  });

  test("is told of where it is something else, also once the right one is in the store", async () => {
    using place = attempt();
    place.write({ [name]: "another" });
    served[address] = bytes;
    const first = done(await realize(place, {}));
    expect(server.requests).toEqual([address]);
    const said = `${join(place.folder, name)} has the SHA-256 ${sha256Of("another")}, and is not taken: ${join(place.folder, "own.yaml")}:6 pins ${sha256}, which is looked for elsewhere`;
    expect(warnings(first)).toEqual([said]);
    expect(readFileSync(first.paths.get("own") ?? "").equals(bytes)).toBe(true);
    const again = done(await realize(place, {}));
    expect([warnings(again), server.requests]).toEqual([[said], [address]]);
    writeFileSync(join(place.folder, name), bytes);
    expect(warnings(done(await realize(place, {})))).toEqual([]);
  });

  test("a folder of that name is none", async () => {
    using place = attempt();
    place.write({ [`${name}/x`]: "" });
    served[address] = bytes;
    expect(warnings(done(await realize(place, {})))).toEqual([]);
  });

  test("an answer that is remembered is none once the file is another", async () => {
    using place = attempt();
    place.write({ [name]: bytes });
    const words = ["realize", "own.yaml"];
    for (let time = 0; time < 2; time++) expect((await place.does(words)).stderr).not.toContain("warning");
    place.write({ [name]: "another" });
    expect((await place.does(words)).stderr.replace(/\s+/g, " ")).toContain("and is not taken");
  });
});

test("without it: servers of sources by its digest, then the address, then mirrors", async () => {
  using place = attempt();
  served["/mirror/own.deb"] = bytes;
  const env = { KIT_SOURCE_SERVERS: `${server.url}/none ${server.url}/by` };
  done(await realize(place, { env }));
  expect(server.requests).toEqual([`/none/${sha256}`, `/by/${sha256}`, address, "/mirror/own.deb"]);
  using other = attempt();
  served[`/by/${sha256}`] = bytes;
  done(await realize(other, { env }));
  expect(server.requests).toEqual([`/none/${sha256}`, `/by/${sha256}`]);
  using own = attempt();
  own.write({ [name]: bytes });
  done(await realize(own, { env }));
  expect(server.requests).toEqual([]);
});

test("who has nothing but a file that is something else is told so, and what it was to be", async () => {
  using place = attempt();
  place.write({ [name]: "another" });
  const outcome = await realize(place, { argv: ["--offline"] });
  expect(outcome.status).toBe(6);
  expect(warnings(outcome)).toEqual([expect.stringContaining("is not taken")]);
});
