// kit pull: results come out of a binary cache into the store.
// Knows how they are named, shown and linked; does not know how anything is brought.

import { join } from "node:path";
import { Command, Option } from "clipanion";
import type { Keeper } from "../../builders/keeper/client.ts";
import { type Content, type Result, splitContent } from "../../store/model/derivation.ts";
import { type Digest, digestFromHex } from "../../store/model/digest.ts";
import { exitStatus, Fault } from "../../store/model/fault.ts";
import { requireCache } from "../caches.ts";
import type { Parts } from "../composition.ts";
import { placeOf, type Settings } from "../settings.ts";
import { PartsCommand } from "./command.ts";
import { placeLink, refuseUnplaceable } from "./link.ts";
import { short } from "./selection.ts";

export class PullCommand extends PartsCommand {
  static override paths = [["pull"]];
  static override usage = Command.Usage({
    category: "Caches",
    description: "bring results out of a binary cache",
    details: `
      SOURCE is a folder or an address. A REQUEST is the digest of a request, as \`kit push --json\` tells it. What is brought is believed as the configuration says: \`trustedKeys\`, \`signaturesRequired\`. Prints a line for
      each output: NAME PATH. To bring what a manifest asks for: \`kit realize MANIFEST --cache-only\`.
    `,
    examples: [["One result, kept by a link", "kit pull https://cache.example.org 5f3a… -o result"]],
  });

  source = Option.String({ name: "SOURCE" });
  requests = Option.Rest({ name: "REQUEST", required: 1 });
  link = Option.String("-o,--out-link", { description: "a link to the output; several: LINK-NAME each" });
  tokenFile = Option.String("--token-file", { description: "a file with the token that may read there" });

  protected override adjust(settings: Settings): Settings {
    const place = {
      address: placeOf(this.source, this.host.directory),
      ...(this.tokenFile !== undefined && { tokenFile: this.absolute(this.tokenFile) }),
    };
    return { ...settings, caches: { ...settings.caches, places: [place] } };
  }

  protected override partOptions(): ReturnType<PartsCommand["partOptions"]> {
    return { caches: true };
  }

  override async work(parts: Parts): Promise<number> {
    const requests = this.requests.map(requestOf);
    requireCache(placeOf(this.source, this.host.directory));
    const keeper = await parts.keeper();
    const results = await Promise.all(
      requests.map(async (request) => {
        const outcome = await keeper.pull(request);
        if (outcome !== undefined) return outcome.result;
        throw new Fault(
          "network/not-cached",
          `no trusted result of ${short(request)} came out of ${this.source}`,
          {
            hint: "warnings above say what was ignored; is the key among trustedKeys?",
          },
        );
      }),
    );
    const outputs = results.flatMap((result) =>
      Object.entries(result.outputs).map(([name, content]) => ({ result, name, content })),
    );
    // Made visible while the disk takes in what came: 0.15 s for a root of 9,000 files.
    const [shown] = await Promise.all([
      Promise.all(outputs.map((output) => show(output, parts))),
      keeper.flush(),
    ]);
    for (const output of shown) await this.keep(output, shown.length === 1, keeper);
    this.done();
    if (this.json) {
      const outputs = shown.map(({ result: { request }, name, content, path }) => ({
        request,
        name,
        content,
        path,
      }));
      this.print(JSON.stringify({ outputs }));
    } else this.print(...shown.map(({ name, path }) => `${name} ${path}`));
    return exitStatus.done;
  }

  /** Makes the link to an output, where one is wanted. */
  private async keep({ result, name, path, tree }: Shown, isOne: boolean, keeper: Keeper): Promise<void> {
    if (this.link === undefined) return;
    const link = this.absolute(isOne ? this.link : `${this.link}-${name}`);
    refuseUnplaceable(link);
    const contents = [...new Set([...Object.values(result.outputs), tree])];
    await keeper.addRoot({ kind: "link", link, contents, requests: [result.request] });
    placeLink(link, path);
  }
}

interface Output {
  readonly result: Result;
  readonly name: string;
  readonly content: Content;
}

/** An output as users find it, and the tree that has to stay for it. */
interface Shown extends Output {
  readonly path: string;
  readonly tree: Content;
}

async function show(output: Output, { keeper, layout }: Parts): Promise<Shown> {
  const { place, tree } = await (await keeper()).present(output.content, output.name);
  const folder = join(layout.root, place);
  const path = splitContent(output.content).kind === "tree" ? folder : join(folder, output.name);
  return { ...output, path, tree };
}

/** @throws {Fault} `usage/bad-digest` */
function requestOf(written: string): Digest {
  const hex = /^(?:blake3-)?([0-9a-f]{64})$/.exec(written)?.[1];
  if (hex !== undefined) return digestFromHex(hex);
  throw new Fault(
    "usage/bad-digest",
    `not the digest of a request: ${JSON.stringify(written.slice(0, 100))}`,
    {
      hint: "64 hexadecimal digits, as `kit evaluate MANIFEST` tells them",
    },
  );
}
