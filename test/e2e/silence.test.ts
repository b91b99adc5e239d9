// Servers that take a connection and never answer: passed over in time, and told in time where there is no other.

import { execFileSync } from "node:child_process";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { sha256Of } from "../../store/model/digest.ts";
import { files, serve } from "../builders/fetch/server.ts";
import { done, kit } from "./kit.ts";
import { openPlace } from "./place.ts";
import { manifest } from "./trees.ts";

test("a server of sources that says nothing costs two deadlines, and the address gives the file", async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  using place = openPlace("silence");
  place.write({ "words.txt": "words\n" });
  const archive = execFileSync("tar", ["-cz", "words.txt"], { cwd: place.folder });
  await using server = await serve(files({ "/words.tar.gz": archive }));
  const source = `{url: "${server.url}/words.tar.gz", sha256: ${sha256Of(archive)}}`;
  const install = "mkdir -p $OUT$PREFIX; cp words.txt $OUT$PREFIX/";
  place.write({
    "words.yaml": manifest("words", `sources: [${source}]\nscript: {install: '${install}'}`),
  });
  const env = { KIT_SOURCE_SERVERS: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` };
  const outcome = done(await kit(["realize", "words.yaml"], { cwd: place.folder, store: place.store, env }));
  silent.close();
  // Of 30 s each; four of them without another address.
  expect(outcome.milliseconds).toBeGreaterThan(55_000);
  expect(outcome.milliseconds).toBeLessThan(110_000);
  expect(server.requests).toEqual(["/words.tar.gz"]);
});
