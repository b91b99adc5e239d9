// A keeper with builders of the benchmark's own: a trivial command in a sandbox, and single tasks of the store's.

import { mkdirSync } from "node:fs";
import type { Builder } from "../../builders/builder.ts";
import { inputOf } from "../../builders/builder.ts";
import { fetchBuilder } from "../../builders/fetch/builder.ts";
import { loadClient } from "../../builders/late.ts";
import { toolsBuilder } from "../../builders/tools/builder.ts";
import { unpackBuilder } from "../../builders/unpack/builder.ts";
import { runKeeper } from "../../cli/channel.ts";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { shelfBuilder } from "./shelf.ts";

/** Writes its number into its output, with its predecessor's output at hand, as a small build would. */
const stepBuilder: Builder = {
  name: "tar",
  async run(context) {
    const out = `${context.scratch}/out`;
    mkdirSync(out);
    const { step } = context.request.parameters as { step: number };
    const sandbox = await context.sandbox({
      lower: [splitContent(inputOf(context.request, "root")).digest],
      binds: [{ source: out, target: "/tmp/out", writable: true }],
    });
    await context.run(sandbox, {
      argv: ["/bin/sh", "-c", `echo ${step} > /tmp/out/step`],
      environment: {},
      epoch: 1,
    });
    const { tree } = await context.crew.scanFolder(out);
    return { outputs: { image: contentOf("tree", tree) } };
  },
};

await loadClient();
await runKeeper({
  builders: [fetchBuilder, shelfBuilder, stepBuilder, toolsBuilder, unpackBuilder],
  threadEntry: new URL("../../cli/thread.ts", import.meta.url),
  threads: Number(process.argv[2] ?? 1),
  loaded: Promise.resolve(),
});
