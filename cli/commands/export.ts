// kit export: a manifest with everything it takes to realize it, in one file.
// Knows what goes along and what is told; does not know the file's form, nor how anything is packed.

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Command, Option } from "clipanion";
import { isBundleFile, writeBundle } from "../../builders/cache/bundle.ts";
import { enclose } from "../../builders/cache/enclosure.ts";
import type { Pushed } from "../../builders/cache/push.ts";
import { scopeOf } from "../../builders/load/scope.ts";
import type { Planned } from "../../builders/realizer/line.ts";
import { realizeLine } from "../../builders/realizer/make.ts";
import { mending } from "../../builders/realizer/mend.ts";
import { targetsOf } from "../../builders/realizer/targets.ts";
import { allDerivations } from "../../evaluator/evaluate.ts";
import { folderStorage } from "../../store/cache/folder.ts";
import type { CacheStorage } from "../../store/cache/storage.ts";
import { asCacheFault } from "../../store/cache/trouble.ts";
import type { Digest } from "../../store/model/digest.ts";
import { exitStatus, Fault, faultsOf } from "../../store/model/fault.ts";
import { debianArchitecture, type Parts } from "../composition.ts";
import { lockPath } from "../lockfile.ts";
import { bytesText, plural } from "../render/text.ts";
import { BuildCommand } from "./command.ts";
import { readKeyFile } from "./key.ts";
import { registerLock } from "./lockroot.ts";

export class ExportCommand extends BuildCommand {
  static override paths = [["export"]];
  static override usage = Command.Usage({
    category: "Caches",
    description: "a manifest with all it takes to realize it, in one file",
    details: `
      Realizes what is not realized yet, then writes one file: the manifest with the files it names by path and its lock,
      and the results of everything it is built from, the packages it pins among them. \`kit import\` takes it in on a
      machine without a network. The same content gives the same bytes. A file that is a bundle already is replaced when
      the new one is whole.

      What was built here is signed with your key; what came out of caches goes on with the signatures it came with.
      Without a key what was built here goes unsigned, and has to be asked for where it is imported. Manifests are signed
      by nobody: \`kit import\` tells where one asks for anything else than what is in the bundle.
    `,
    examples: [
      ["For a machine without a network", "kit export image.yaml -o image.kit --key signing.key"],
      [
        "Built for debugging, for one architecture",
        "kit export image.yaml -o image.kit --build-type debug --arch amd64",
      ],
    ],
  });

  manifest = Option.String({ name: "MANIFEST" });
  file = Option.String("-o,--output", { description: "the file to write" });
  key = Option.String("--key", { description: "the file of the secret key (KIT_SIGNING_KEY, signingKey)" });

  override async work(parts: Parts): Promise<number> {
    const file = this.destination();
    const keyFile = this.key === undefined ? this.settings.signingKey : this.absolute(this.key);
    const key = keyFile === undefined ? undefined : readKeyFile(keyFile, (text) => this.warn(text));
    parts.warm();
    const planned = await this.plan(this.manifest, parts);
    const requests = await this.realizeAll(planned, parts);
    await registerLock(this.manifestFile(this.manifest), parts);
    const { pushed, size } = await this.write(file, requests, key, planned, parts);
    this.done();
    const { unsigned } = pushed;
    if (this.json) this.print(JSON.stringify({ file, results: requests.length, unsigned, size }));
    else {
      this.print(`${file}: ${plural(requests.length, "result")}, ${bytesText(size)}`);
      if (unsigned > 0)
        this.context.stderr.write(
          `${unsigned} of them unsigned: it is imported with --unsigned, or export with --key\n`,
        );
    }
    return exitStatus.done;
  }

  /** Told before anything is built. @throws {Fault} `usage/arguments`, `usage/not-a-file` */
  private destination(): string {
    if (this.file === undefined)
      throw new Fault("usage/arguments", "kit export: there is no file to write", {
        hint: "name one with -o FILE",
      });
    const file = this.absolute(this.file);
    const refuse = (why: string) =>
      new Fault("usage/not-a-file", `${file} ${why}`, { hint: "name another file with -o" });
    if (!statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory())
      throw refuse("cannot be written: there is no such folder");
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats?.isDirectory()) throw refuse("is a folder, and a bundle is a file");
    if (stats !== undefined && !(stats.isFile() && isBundleFile(file)))
      throw refuse("is there, and is no bundle that could be replaced");
    return file;
  }

  /** The requests of all that takes part, what others are made of first. */
  private async realizeAll({ plan, world }: Planned, parts: Parts): Promise<readonly Digest[]> {
    const all = allDerivations(plan.outputs);
    const means = parts.line(this.manifestFile(this.manifest));
    const { requests } = await realizeLine(all, world, means, this.buildOptions());
    return [...new Set(all.flatMap(({ digest }) => requests.get(digest) ?? []))];
  }

  /** By way of a folder beside the file, on whose disk there has to be room for it in any case. */
  private async write(
    file: string,
    requests: readonly Digest[],
    key: string | undefined,
    { world }: Planned,
    parts: Parts,
  ): Promise<{ readonly pushed: Pushed; readonly size: number }> {
    const manifest = this.manifestFile(this.manifest);
    const { architecture, buildType } = this.wish([]);
    const targets = targetsOf(world.assembly, this.wish([]), debianArchitecture());
    const { manifests, locals } = scopeOf(world.assembly, targets);
    const extras = enclose(
      { manifest: world.assembly.root, others: [...manifests, ...locals, lockPath(manifest)] },
      { architecture, buildType },
    );
    const folder = makeFolder(file);
    try {
      const storage = folderStorage(folder);
      const place = await parts.places.serve(storage, file, true);
      const order = { place, requests, logs: false, ...(key !== undefined && { key }) };
      const keeper = await parts.keeper();
      const pushed = await mending(() => keeper.push(order), this.mendMeans(parts)).catch((error) => {
        throw asNoRoom(error, file);
      });
      this.renderer.event({ type: "step", text: `writing ${file}` });
      await writeBundle(stoppable(storage, this.signal), await namesIn(storage), file, extras);
      return { pushed, size: statSync(file).size };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function makeFolder(file: string): string {
  try {
    return mkdtempSync(`${file}.new-`);
  } catch (error) {
    throw asCacheFault(error, file, "written");
  }
}

/** What the server on the way says of a full disk is said of a cache elsewhere. */
function asNoRoom(cause: unknown, file: string): unknown {
  if (!faultsOf(cause).some(({ code }) => code === "network/no-room")) return cause;
  return new Fault("store/cache-full", `there is no room for ${file}`, {
    cause,
    hint: "it takes twice its size while it is written: make room, or name a file elsewhere",
  });
}

async function namesIn(storage: CacheStorage): Promise<string[]> {
  const folders = ["trees", "blobs", "packs", "logs"];
  for (const request of await storage.list("results")) folders.push(`results/${request}`);
  const names = await Promise.all(
    folders.map(async (folder) => (await storage.list(folder)).map((name) => `${folder}/${name}`)),
  );
  return names.flat();
}

/** The same files, until an interrupt. */
function stoppable(storage: CacheStorage, signal: AbortSignal): CacheStorage {
  return {
    ...storage,
    async *read(name, range) {
      for await (const piece of storage.read(name, range)) {
        if (signal.aborted) throw new Fault("interrupted/export", "interrupted");
        yield piece;
      }
    },
  };
}
