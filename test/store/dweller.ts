// A process that lives in a store while it is collected: `node dweller.ts STORE LINKS SEED SESSIONS`.
// Finds results or makes them, and looks again and again whether all it found or made is whole, until its session ends;
// what it rooted, whichever session did so, also after that. Ends with 1 where something is missing, and says what.

import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beginCheckout, placeFiles } from "../../store/checkout.ts";
import { openHolds } from "../../store/holds.ts";
import { layoutOf } from "../../store/layout.ts";
import { contentOf, type Result } from "../../store/model/derivation.ts";
import { type Digest, digestOf, hexOf } from "../../store/model/digest.ts";
import { parseTreePath } from "../../store/model/path.ts";
import { type Entry, makeTree } from "../../store/model/tree.ts";
import { openPool, type Pool } from "../../store/pool.ts";
import { openRecords, type RecordWriter } from "../../store/records.ts";
import { rootId, writeRoot } from "../../store/roots.ts";
import { openSession } from "../../store/session.ts";
import { openSystem } from "../../store/system.ts";
import { randomFrom } from "../rig/seed.ts";

const [store = "", links = "", seed = "0", sessions = "1"] = process.argv.slice(2);
const layout = layoutOf(store);
const system = openSystem();
const owner = { mode: 0o644, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** How many different results there are to be had, by all dwellers; and how many files they are made of. */
const [items, files] = [24, 60];
const draw = randomFrom(Number(seed));

interface Item {
  readonly request: Digest;
  readonly texts: readonly string[];
}

/** Results share files with their neighbours. */
const item = (nth: number): Item => ({
  request: digestOf(`request ${nth}`),
  texts: Array.from({ length: 6 }, (_, at) => `file ${(nth * 5 + at * (1 + (nth % 3))) % files}`.repeat(40)),
});

/** By link; they outlive sessions. */
const rooted = new Map<string, Result>();

function checkWhole(result: Result, pool: Pool, records: RecordWriter, why: string): void {
  const tree = (result.outputs["tree"] ?? "").slice("tree:".length) as Digest;
  try {
    // What was read before is in memory: it is looked for on disk.
    lstatSync(layout.tree(tree));
    lstatSync(layout.result(result.request));
    for (const entry of records.tree(tree).entries)
      if (entry.type === "file" && digestOf(pool.readAll(entry.blob, entry)) !== entry.blob)
        throw new Error(`${entry.path} holds other bytes`);
  } catch (error) {
    process.stdout.write(`${why}: ${(error as Error).message}\n`);
    process.exit(1);
  }
}

for (let nth = 0; nth < Number(sessions); nth++) {
  const id = `dweller-${process.pid}-${nth}`;
  const begins = { id, bootId: "b007b007-0000-4000-8000-000000000000", now: Date.now() };
  using session = openSession(layout, system, begins);
  if (session === undefined) throw new Error("somebody has the store alone");
  using holds = openHolds(layout, system, id);
  const staging = session.scratch("own");
  const pool = openPool(layout, system, staging, holds);
  const records = openRecords(layout, { hasBlob: (blob) => pool.find(blob) !== undefined, holds });
  const mine = new Map<Digest, Result>();

  const findOrMake = ({ request, texts }: Item): Result => {
    holds.take("request", [hexOf(request)]);
    const found = records.result(request);
    if (found !== undefined) {
      checkWhole(found, pool, records, "found");
      return found;
    }
    const entries = texts.map((text, at): Entry => {
      const blob = pool.put(Buffer.from(text), owner);
      return { type: "file", path: parseTreePath(`f${at}`), ...owner, size: text.length, blob };
    });
    const outputs = { tree: contentOf("tree", records.writeTree(makeTree(entries))) };
    return records.writeResult({ format: "kit/result/1", request, outputs, references: [] });
  };
  const checkOut = (result: Result) => {
    const tree = (result.outputs["tree"] ?? "").slice("tree:".length) as Digest;
    const begun = beginCheckout(tree, records.tree, { layout, system, staging, holds });
    const tools = { layout, pool, system, method: "hardlink", staging } as const;
    if (typeof begun !== "string") placeFiles(begun.files, begun.folder, tools);
    const folder = typeof begun === "string" ? begun : begun.finish();
    for (const { path, type } of records.tree(tree).entries)
      if (type === "file") readFileSync(`${folder}/${path}`);
  };
  const root = (result: Result, link: string) => {
    const contents = Object.values(result.outputs);
    holds.take("link", [rootId({ kind: "link", link })]);
    holds.take("tree", [(result.outputs["tree"] ?? "").slice(-64)]);
    writeFileSync(link, "");
    writeRoot(layout, { kind: "link", link, contents, requests: [result.request] });
    rooted.set(link, result);
  };

  for (let step = 0; step < 40; step++) {
    const result = findOrMake(item(draw(items)));
    mine.set(result.request, result);
    const link = `${links}/${seed}-${draw(4)}`;
    switch (draw(6)) {
      case 0:
        checkOut(result);
        break;
      case 1:
        root(result, link);
        break;
      case 2:
        rooted.delete(link);
        if (existsSync(link)) rmSync(link);
        break;
    }
    if (step % 8 === 7) for (const one of mine.values()) checkWhole(one, pool, records, "held");
  }
  for (const one of mine.values()) checkWhole(one, pool, records, "held until the end");
  for (const [link, one] of rooted) checkWhole(one, pool, records, `rooted by ${link}`);
}
process.stdout.write("whole\n");
