// Trees that would write where nobody asked them to, from a cache that a trusted key signed: refused with what is
// wrong, and nothing of them is in the store or beside it.

import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeInfo } from "../../store/cache/info.ts";
import { frameOf, openPack } from "../../store/cache/pack.ts";
import { encodeTreeFile } from "../../store/cache/treefile.ts";
import { digestOf, hexOf } from "../../store/model/digest.ts";
import { formatPublicKey, generateKey, sign } from "../../store/model/key.ts";
import { draw } from "../rig/seed.ts";
import { codes, kit } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { warnings } from "./pushed.ts";
import { flawsOf } from "./sound.ts";

const key = generateKey("insider");
const content = Buffer.from("evil\n");
const blob = digestOf(content);
const request = digestOf("a request");
const file = `f 644 0:0 ${content.length} ${hexOf(blob)}\t`;

interface Trick {
  readonly title: string;
  /** Of the tree, after its root; `OUT` is a folder beside the store. */
  readonly entries: readonly string[];
  /** What the output is called. */
  readonly output?: string;
  /** What people are told. */
  readonly why: RegExp;
}

const paths: readonly Trick[] = [
  { title: "climbs", entries: [`${file}../../evil`], why: /"..\/..\/evil": it climbs/ },
  { title: "climbs in the middle", entries: ["d 755 0:0\ta", `${file}a/../../evil`], why: /it climbs/ },
  { title: "is a folder above", entries: ["d 755 0:0\t.."], why: /it climbs/ },
  { title: "is absolute", entries: [`${file}OUT/evil`], why: /not in the form/ },
  {
    title: "is below a link that leads out",
    entries: ['l 777 0:0 "OUT"\ta', `${file}a/evil`],
    why: /its parent is no directory/,
  },
  {
    title: "is a link and a folder",
    entries: ['l 777 0:0 "OUT"\ta', "d 755 0:0\ta", `${file}a/evil`],
    why: /out of order/,
  },
  { title: "holds NUL", entries: [`${file}evil\0.txt`], why: /NUL/ },
  { title: "has an empty part", entries: ["d 755 0:0\ta", `${file}a//evil`], why: /not in the form/ },
  { title: "has a part that is a dot", entries: [`${file}./evil`], why: /not in the form/ },
  { title: "is a device of overlayfs's", entries: ["c 600 0:0 0:0\tevil"], why: /overlayfs/ },
];

const names = ["../evil", "/evil", "evil\0", "a/b", ".."].map((output) => ({
  title: `is the output ${JSON.stringify(output)}`,
  entries: [`${file}evil`],
  output,
  why: /is no name of an output/,
}));

test.for(draw("tricks", [...paths, ...names], 5))("a path that $title", async ({ entries, output, why }) => {
  using place = openTricky();
  place.offer(entries, output);
  await place.refuses(why);
});

test("a tree without tricks, offered in the same way, is taken", async () => {
  using place = openTricky();
  place.offer([`${file}evil`]);
  const { status, stdout, stderr } = await place.pull();
  expect(status, stderr).toBe(0);
  const [{ path }] = JSON.parse(stdout).outputs;
  expect(readFileSync(`${path}/evil`, "utf8")).toBe("evil\n");
});

interface Tricky extends Place {
  /** A folder that nothing may be written to. */
  readonly out: string;
  /** Puts a tree with these entries into the cache, and says, signed, that the request became it. */
  offer(entries: readonly string[], output?: string): void;
  pull(): ReturnType<typeof kit>;
  refuses(why: RegExp): Promise<void>;
}

function openTricky(): Tricky {
  const place = openPlace("tricks");
  const out = join(place.folder, "out");
  mkdirSync(out);
  const pack = openPack();
  const frame = pack.add(frameOf(content));
  const { digest, size, parts } = pack.finish();
  const map = new Map([
    [blob, { blob, size: content.length, frames: [{ ...frame, pack: { digest, size } }] }],
  ]);
  place.write({
    "cache/kit-cache-info": encodeInfo(),
    [`cache/packs/${hexOf(digest)}`]: Buffer.concat(parts),
    "kit.config.yaml": `trustedKeys: ["${formatPublicKey(key.public)}"]\n`,
  });
  const pull = () =>
    kit(["pull", "cache", hexOf(request), "--json"], { cwd: place.folder, store: place.store });
  return {
    ...place,
    out,
    pull,
    offer(entries, output = "tree") {
      const lines = entries.map((line) => line.replace("OUT", out));
      const record = Buffer.from(["kit/tree/1", "d 755 0:0\t", ...lines, ""].join("\n"));
      const tree = digestOf(record);
      const outputs = { [output]: `tree:${tree}` };
      const statement = JSON.stringify({ format: "kit/result/1", outputs, references: [], request });
      const signature = sign(key, `kit/statement/1\n${statement}\n`);
      const named = JSON.stringify(formatPublicKey(key.public));
      const folder = `cache/results/${hexOf(request)}`;
      place.write({
        [`cache/trees/${hexOf(tree)}`]: encodeTreeFile({ record, map }),
        [`${folder}/${hexOf(digestOf(`${statement}\n`))}`]: `${statement}\n`,
        [`${folder}/${key.public.fingerprint}.sig`]: `{"format":"kit/signature/1","key":${named},"signature":"${signature}","statement":${statement}}\n`,
      });
    },
    async refuses(why) {
      const before = readdirSync(place.folder);
      const outcome = await pull();
      expect([outcome.status, codes(outcome)], outcome.stderr).toEqual([6, ["network/not-cached"]]);
      expect(warnings(outcome)).toEqual([expect.stringMatching(why)]);
      expect(readdirSync(place.folder).filter((name) => !["store", ".cache"].includes(name))).toEqual(before);
      expect(readdirSync(out)).toEqual([]);
      expect(flawsOf(place.store)).toEqual([]);
      const names = readdirSync(place.store, { recursive: true, encoding: "utf8" });
      expect(names.filter((name) => name.includes(hexOf(request)) || name.includes("evil"))).toEqual([]);
    },
  };
}
