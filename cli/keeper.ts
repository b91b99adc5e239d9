// The keeper's entry: the process inside kit's namespaces.
// Composition only: gives the keeper its builders, threads and channel.

import { flushCompileCache } from "node:module";
import { customizeBuilder } from "../builders/customize/builder.ts";
import { debFilesBuilder } from "../builders/deb-files/builder.ts";
import { ext4Builder } from "../builders/ext4/builder.ts";
import { fetchBuilder } from "../builders/fetch/builder.ts";
import type { FromKeeper, ToKeeper } from "../builders/keeper/protocol.ts";
import { serveKeeper } from "../builders/keeper/serve.ts";
import { loadClient, loadOpenpgp } from "../builders/late.ts";
import { ociBuilder } from "../builders/oci/builder.ts";
import { rootfsBuilder } from "../builders/rootfs/builder.ts";
import { squashfsBuilder } from "../builders/squashfs/builder.ts";
import { tarBuilder } from "../builders/tar/builder.ts";
import { toolsBuilder } from "../builders/tools/builder.ts";
import { unpackBuilder } from "../builders/unpack/builder.ts";
import { faultRecord, faultsOf } from "../store/model/fault.ts";
import { entryFile } from "./entry.ts";

const builders = [
  customizeBuilder,
  debFilesBuilder,
  ext4Builder,
  fetchBuilder,
  ociBuilder,
  rootfsBuilder,
  squashfsBuilder,
  tarBuilder,
  toolsBuilder,
  unpackBuilder,
];

const send = (message: FromKeeper) => void (process.connected && process.send?.(message));

/** Milliseconds that what is interrupted may take. */
const endsWithin = 10_000;

// Signals are the kit process's to handle: it tells the keeper.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

// The process changes its identity and may not be able to read kit's own files afterwards: what is loaded on
// demand elsewhere is loaded here at once, beside the threads' start.
const loading = Promise.all([loadClient(), loadOpenpgp()]);

try {
  await serveKeeper({
    builders,
    threadEntry: entryFile("thread"),
    loaded: loading.then(() => flushCompileCache()),
    threads: Number(process.argv[2] ?? 1),
    send,
    receive(listener) {
      process.on("message", (message: ToKeeper) => listener(message));
      // Without the kit process nobody wants what is being built, nor waits for a keeper that cannot end.
      process.on("disconnect", () => {
        listener({ interrupt: true });
        listener({ close: true });
        setTimeout(() => process.exit(1), endsWithin).unref();
      });
    },
    now: Date.now,
  });
  process.exit(0);
} catch (error) {
  const [fault] = faultsOf(error);
  if (fault) send({ failed: faultRecord(fault) });
  else console.error(error);
  process.exitCode = 1;
  setTimeout(() => process.exit(1), 100);
}
