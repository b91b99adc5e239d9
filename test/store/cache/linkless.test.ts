// A folder on a file system without hard links. The machines that test kit have none that could be mounted, so the
// one call is made to fail as it does there.

import { mkdtempSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it, vi } from "vitest";
import { folderStorage } from "../../../store/cache/folder.ts";
import { bytes, hex, writesWell } from "./contract.ts";

vi.mock("node:fs/promises", async (load) => ({
  ...(await load<typeof import("node:fs/promises")>()),
  link: () => Promise.reject(Object.assign(new Error("operation not permitted"), { code: "EPERM" })),
}));

const scratch = () => mkdtempSync(join(inject("scratch"), "linkless-"));

describe("a folder without hard links", () => {
  // Of many that write at once each may say it wrote: all of them have the same bytes.
  writesWell(() => {
    const storage = folderStorage(scratch());
    let last: Promise<unknown> = Promise.resolve();
    return {
      ...storage,
      write(name, pieces, expected) {
        const written = last.then(() => storage.write(name, pieces, expected));
        last = written.catch(() => {});
        return written;
      },
    };
  });

  it("leaves nothing else", async () => {
    const place = scratch();
    await folderStorage(place).write(`packs/${hex("x")}`, bytes("x"));
    expect(readdirSync(join(place, ".incoming"))).toEqual([]);
    expect(readdirSync(join(place, "packs"))).toEqual([hex("x")]);
  });
});
