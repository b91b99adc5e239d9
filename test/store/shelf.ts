// A store with results and roots in it, as builds would have left them; owned by whoever runs the tests.
// Knows how results are recorded; does not know what is expected of them.

import { verifyFan } from "../../store/members.ts";
import { type Content, contentOf, type Result, splitContent } from "../../store/model/derivation.ts";
import { type Digest, digestOf } from "../../store/model/digest.ts";
import { writeRoot } from "../../store/roots.ts";
import { flawOfShown } from "../../store/shown.ts";
import { type Checks, type Verification, verify } from "../../store/verify.ts";
import { openTestStore, plant, type Spec, system, type TestStore } from "./rig.ts";

/** The tree a result of a shelf recorded. */
export function treeOf({ outputs }: Result): Digest {
  const { tree } = outputs;
  if (tree === undefined) throw new Error("a result of a shelf has a tree");
  return splitContent(tree).digest;
}

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

export interface Shelf extends TestStore {
  /** Records the result of a request of this name: a tree of these files, and a blob of its own. */
  result(name: string, files: Readonly<Record<string, string>>): Result;
  /** A root that keeps the outputs of results, and these requests. */
  root(link: string, results: readonly Result[]): void;
  tree(files: Readonly<Record<string, string>>, mode?: number): Digest;
  /** The same, by way of somebody's own pool and records. */
  treeIn(by: Pick<TestStore, "pool" | "records">, files: Readonly<Record<string, string>>): Digest;
  readonly checks: Checks;
  verify(): Promise<Verification>;
}

export function openShelf(): Shelf {
  const store = openTestStore();
  const { layout, pool, records } = store;
  const treeIn = (
    by: Pick<TestStore, "pool" | "records">,
    files: Readonly<Record<string, string>>,
    mode = 0o644,
  ) => {
    const spec: Spec = Object.fromEntries(
      Object.entries(files).map(([path, text]) => [path, { text, mode, ...owner }]),
    );
    return by.records.writeTree(plant(by.pool, spec));
  };
  const tree: Shelf["tree"] = (files, mode) => treeIn(store, files, mode);
  const checks: Checks = {
    verifyFan: async (fan) => verifyFan(layout, system, fan),
    flawOfShown: async (place) => flawOfShown(layout, place),
  };
  return {
    ...store,
    checks,
    tree,
    treeIn,
    result(name, files) {
      const outputs: Record<string, Content> = {
        tree: contentOf("tree", tree(files)),
        blob: contentOf("blob", pool.put(Buffer.from(`the blob of ${name}`), { mode: 0o644, ...owner })),
      };
      const request = digestOf(name);
      return records.writeResult({ format: "kit/result/1", request, outputs, references: [] });
    },
    root(link, results) {
      writeRoot(layout, {
        kind: "link",
        link,
        contents: results.flatMap(({ outputs }) => Object.values(outputs)),
        requests: results.map(({ request }) => request),
      });
    },
    verify: () => verify(layout, records, checks),
  };
}
