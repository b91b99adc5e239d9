// kit serve as it is installed: the bundled program loads its server, serves a folder and ends when it is asked to.

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { ask, packOf, put } from "../builders/serve/rig.ts";
import { startKit } from "./kit.ts";

it("kit serve takes a file, gives it back, and ends with 0", async () => {
  const place = mkdtempSync(join(inject("scratch"), "serve-"));
  const token = "a-token-that-is-long-enough";
  writeFileSync(join(place, "token"), token, { mode: 0o600 });
  const argv = ["serve", "cache", "--listen", "127.0.0.1:0", "--token-file", "token"];
  const { process: child, says, ended } = startKit(argv, { cwd: place });
  let url = "";
  child.stdout?.on("data", (text: string) => {
    url += text;
  });
  await says("serving ");
  const { name, bytes } = packOf("pack");
  expect((await put(`${url.trim()}/${name}`, bytes, { token })).status).toBe(201);
  expect((await ask(`${url.trim()}/${name}`)).body).toEqual(bytes);
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ status: 0, stdout: url });
  expect(readFileSync(join(place, "cache", name))).toEqual(bytes);
});
