// A builder of the benchmark's own that does to the store what a builder can do, one thing at a time.
// Knows tasks by name; does not know what is measured.

import type { Builder, Store } from "../../builders/builder.ts";
import { blobAttributes } from "../../store/layout.ts";
import type { Canonical } from "../../store/model/canonical.ts";
import { type Content, contentOf, splitContent } from "../../store/model/derivation.ts";
import { type Digest, digestOf } from "../../store/model/digest.ts";
import { parseTreePath, rootPath } from "../../store/model/path.ts";
import { directoryAt, type Entry, makeTree } from "../../store/model/tree.ts";
import type { RecordWriter } from "../../store/records.ts";
import { writeRoot } from "../../store/roots.ts";
import { contentsOf, type FolderWish, sizesOf } from "./folder.ts";

export type ShelfTask =
  | { readonly task: "scan"; readonly folder: string }
  | { readonly task: "adopt"; readonly file: string }
  | { readonly task: "unpack"; readonly deb: Content }
  | { readonly task: "checkout"; readonly tree: Content }
  | ({ readonly task: "fill"; readonly perTree: number; readonly rooted: boolean } & FolderWish);

export const taskParameters = (task: ShelfTask) => task as unknown as Canonical;

/** Its output is `made`: the tree or blob that came of the task. */
export const shelfBuilder: Builder = {
  name: "shelf",
  async run({ request, crew, store }) {
    const task = request.parameters as unknown as ShelfTask;
    const made = (content: Content) => ({ outputs: { made: content } });
    switch (task.task) {
      case "scan":
        return made(contentOf("tree", (await crew.scanFolder(task.folder)).tree));
      case "adopt":
        return made(contentOf("blob", (await crew.adopt(task.file)).blob));
      case "unpack":
        return made(contentOf("tree", (await crew.unpack(splitContent(task.deb).digest)).data));
      case "checkout":
        await crew.checkout(splitContent(task.tree).digest);
        return made(task.tree);
      case "fill":
        return made(fill(task, store));
    }
  },
};

/** Blobs of these sizes, so many to a tree, a result to each tree; one root keeps all results, or none does. */
function fill({ perTree, rooted, ...wish }: ShelfTask & { task: "fill" }, store: Store): Content {
  const { pool, records } = store as Store & { readonly records: RecordWriter };
  const contents = contentsOf(wish);
  const sizes = sizesOf(wish);
  const requests: Digest[] = [];
  for (let from = 0; from < sizes.length; from += perTree) {
    const files = sizes.slice(from, from + perTree).map((size, index): Entry => {
      const blob = pool.put(contents(from + index, size));
      return { type: "file", path: parseTreePath(`${index}`), ...blobAttributes, size, blob };
    });
    const tree = records.writeTree(makeTree([directoryAt(rootPath), ...files]));
    const request = digestOf(`made ${tree}`);
    records.writeResult({
      format: "kit/result/1",
      request,
      outputs: { tree: contentOf("tree", tree) },
      references: [],
    });
    requests.push(request);
  }
  if (rooted) writeRoot(store.layout, { kind: "link", link: `/links/${wish.salt}`, contents: [], requests });
  return contentOf("blob", pool.put(Buffer.from(requests.join("\n"))));
}
