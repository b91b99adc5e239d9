// The customize builder: what an image asks for beyond packages, applied to a root.
// Carries out what customize decides; a sandbox is opened only where commands have to run.

import { mkdirSync, writeFileSync } from "node:fs";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { overlaid } from "../../store/model/overlay.ts";
import type { FileEntry } from "../../store/model/tree.ts";
import { type BuildContext, type Builder, inputOf } from "../builder.ts";
import type { Sources } from "../package/place.ts";
import { normalizeRoot } from "../rootfs/normalize.ts";
import { type Customized, customize, withNamed, withServicesDenied } from "./customize.ts";
import { readCustomizeParameters } from "./recipe.ts";
import { stepEnvironment, workFolder } from "./script.ts";

export const customizeBuilder: Builder = {
  name: "customize",
  async run(context) {
    const { request, store } = context;
    const parameters = readCustomizeParameters(request.parameters);
    const sources: Sources = {
      input: (name) => inputOf(request, name),
      tree: (digest) => store.records.tree(digest),
      read: (blob) => store.pool.readAll(blob),
      put: (bytes, attributes) => store.pool.put(bytes, attributes),
    };
    const customized = customize(
      sources.tree(splitContent(inputOf(request, "root")).digest),
      parameters,
      sources,
    );
    const root =
      customized.argvs.length === 0
        ? store.records.writeTree(customized.tree)
        : await runSteps(customized, parameters.epoch, context, sources);
    return { outputs: { root: contentOf("tree", root) } };
  },
};

async function runSteps(
  customized: Customized,
  epoch: number,
  context: BuildContext,
  sources: Sources,
): Promise<Digest> {
  const { records } = context.store;
  const work = `${context.scratch}/work`;
  mkdirSync(work, { recursive: true });
  for (const [name, bytes] of customized.scripts) writeFileSync(`${work}/${name}`, bytes, { mode: 0o755 });
  const lower = withServicesDenied(customized, sources);
  const sandbox = await context.sandbox({
    lower: [records.writeTree(lower)],
    binds: [{ source: work, target: workFolder, writable: false }],
  });
  for (const [index, argv] of customized.argvs.entries()) {
    context.progress(index, customized.argvs.length, "steps");
    context.log.line(`kit: ${argv.join(" ")}`);
    await context.run(sandbox, { argv, environment: stepEnvironment, epoch });
  }
  sandbox[Symbol.dispose]();
  const upper = await context.crew.scanUpper(sandbox.upper);
  for (const path of upper.dropped) context.log.line(`kit: the socket ${path} is no part of the root`);
  const scanned = overlaid(lower, upper);
  const put = (bytes: Buffer, entry: FileEntry) => sources.put(bytes, entry);
  return records.writeTree(
    withNamed(normalizeRoot(scanned, epoch, { read: sources.read, put }), scanned, customized.named),
  );
}
