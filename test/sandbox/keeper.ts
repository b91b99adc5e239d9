// A keeper with one builder of the tests' own beside kit's: `probe` runs any command in a sandbox.
// Composition only, like the keeper that ships.

import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Builder } from "../../builders/builder.ts";
import { inputOf } from "../../builders/builder.ts";
import { debFilesBuilder } from "../../builders/deb-files/builder.ts";
import { ext4Builder } from "../../builders/ext4/builder.ts";
import { fetchBuilder } from "../../builders/fetch/builder.ts";
import { loadClient } from "../../builders/late.ts";
import { ociBuilder } from "../../builders/oci/builder.ts";
import { squashfsBuilder } from "../../builders/squashfs/builder.ts";
import { tarBuilder } from "../../builders/tar/builder.ts";
import { runKeeper } from "../../cli/channel.ts";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { overlaid } from "../../store/model/overlay.ts";
import type { ProbeParameters } from "./rig.ts";

/** Outputs `root`, what the command left of its root, and `out`, what it put in /tmp/out. */
const probeBuilder: Builder = {
  name: "probe",
  async run(context) {
    const { request, crew, store } = context;
    const {
      argv,
      environment = {},
      directory,
      input,
      network,
      breakInput,
    } = request.parameters as unknown as ProbeParameters;
    const lower = splitContent(inputOf(request, "root")).digest;
    const out = `${context.scratch}/out`;
    mkdirSync(out);
    const fixed = `${context.scratch}/fixed`;
    writeFileSync(fixed, "cannot be changed\n");
    const sandbox = await context.sandbox({
      lower: [lower],
      binds: [
        { source: out, target: "/tmp/out", writable: true },
        { source: fixed, target: "/tmp/fixed", writable: false },
      ],
    });
    const command = {
      argv,
      environment,
      epoch: 1_234_567_890,
      ...(directory && { directory }),
      ...(network && { network }),
    };
    await context.run(
      sandbox,
      command,
      input === undefined ? {} : { input: pieces(input, breakInput === true) },
    );
    sandbox[Symbol.dispose]();
    const upper = await crew.scanUpper(sandbox.upper);
    const left = await crew.scanFolder(out);
    for (const path of upper.dropped) context.log.line(`dropped ${path}`);
    const root = store.records.writeTree(overlaid(store.records.tree(lower), upper));
    return { outputs: { root: contentOf("tree", root), out: contentOf("tree", left.tree) } };
  },
};

/** Does nothing but take its time, in the pool's terms: a build that can be met half way. */
const slowBuilder: Builder = {
  name: "slow",
  async run({ request, store, scratch, progress }) {
    const { milliseconds, bytes = 0 } = request.parameters as { milliseconds: number; bytes?: number };
    writeFileSync(`${scratch}/half`, "half made");
    const writer = store.pool.writer();
    for (let done = 0; done < bytes; done += 1 << 20) writer.write(Buffer.alloc(1 << 20, done >> 20));
    progress(1, 2, "steps");
    await sleep(milliseconds);
    writer.write(Buffer.from(JSON.stringify(request.parameters)));
    return { outputs: { file: contentOf("blob", writer.finish().blob) } };
  },
};

async function* pieces(text: string, broken: boolean): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
  if (broken) throw new Fault("store/missing-blob", "the input broke off");
}

// As sources, or as the bundle that the tests make of them.
const thread = import.meta.url.endsWith(".ts") ? "../../cli/thread.ts" : "./thread.mjs";

await loadClient();
await runKeeper({
  builders: [
    probeBuilder,
    slowBuilder,
    debFilesBuilder,
    ext4Builder,
    fetchBuilder,
    ociBuilder,
    squashfsBuilder,
    tarBuilder,
  ],
  threadEntry: new URL(thread, import.meta.url),
  threads: Number(process.argv[2] ?? 1),
  loaded: Promise.resolve(),
});
