// Whether a store is sound, found out without kit: what is named is there, what is there is what its name says.
// Knows the layout of FORMAT.md; shares no code with what writes it but the digest.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../store/model/digest.ts";
import { decodeTree } from "../../store/model/tree.ts";

/** What is wrong with a store that nobody uses just now; empty where nothing is. Leftovers of killed sessions count with `settled`. */
export function flawsOf(store: string, { settled = true } = {}): string[] {
  // A folder that says it is no store of this format has nothing that could be wrong.
  const format = join(store, "format");
  if (!existsSync(format) || readFileSync(format, "utf8").trim() !== "kit/store/2") return [];
  const hex = (name: string) => name.slice(0, 64);
  const blobs = new Set<string>();
  const flaws: string[] = [];
  for (const { name, path } of fanned(store, "pool")) {
    blobs.add(hex(name));
    if (name.includes("tmp") || digestOf(readFileSync(path)) !== `blake3-${hex(name)}`)
      flaws.push(`the pool member ${name} holds other bytes`);
  }
  for (const { name, path } of fanned(store, "trees")) {
    const bytes = readFileSync(path);
    if (digestOf(bytes) !== `blake3-${name}`) {
      flaws.push(`the tree ${name} holds other bytes`);
      continue;
    }
    for (const entry of decodeTree(bytes).entries) {
      if (entry.type === "file" && !blobs.has(entry.blob.slice(7)))
        flaws.push(`the tree ${name} names ${entry.path}, which is not there`);
    }
  }
  for (const { name, path } of fanned(store, "results")) {
    const [statement = ""] = readFileSync(path, "utf8").split("\n");
    const result = JSON.parse(statement) as {
      request: string;
      outputs: Record<string, string>;
    };
    if (result.request !== `blake3-${name}`) flaws.push(`the result ${name} is of ${result.request}`);
    for (const content of Object.values(result.outputs)) {
      const [kind, digest = ""] = content.split(":blake3-");
      const there =
        kind === "blob" ? blobs.has(digest) : existsSync(join(store, "trees", digest.slice(0, 2), digest));
      if (!there) flaws.push(`the result ${name} names ${content}, which is not there`);
    }
  }
  if (settled) {
    for (const folder of ["staging", "sessions"])
      flaws.push(...readdirSync(join(store, folder)).map((name) => `${folder}/${name} is left`));
  }
  return flaws;
}

function fanned(store: string, folder: string): { name: string; path: string }[] {
  return readdirSync(join(store, folder)).flatMap((fan) =>
    readdirSync(join(store, folder, fan)).map((name) => ({ name, path: join(store, folder, fan, name) })),
  );
}
