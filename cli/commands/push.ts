// kit push: results go into a binary cache.
// Knows how results are named and what is told; does not know how anything is packed or sent.

import { existsSync, statSync } from "node:fs";
import { Command, Option } from "clipanion";
import { mending } from "../../builders/realizer/mend.ts";
import { allDerivations } from "../../evaluator/evaluate.ts";
import type { Digest } from "../../store/model/digest.ts";
import { exitStatus, Fault } from "../../store/model/fault.ts";
import { recordedRequests } from "../../store/records.ts";
import { readRoots } from "../../store/roots.ts";
import type { Parts } from "../composition.ts";
import { bytesText, plural } from "../render/text.ts";
import { type CacheSetting, placeOf } from "../settings.ts";
import { PlanCommand } from "./command.ts";
import { readKeyFile } from "./key.ts";
import { knownOf, short } from "./selection.ts";

export class PushCommand extends PlanCommand {
  static override paths = [["push"]];
  static override usage = Command.Usage({
    category: "Caches",
    description: "put results into a binary cache",
    details: `
      DESTINATION is a folder, which becomes a cache if it is empty or not there; a server that takes PUT; or one that
      \`kit serve\` runs. A RESULT is a link that \`kit realize -o\` made, a manifest that was realized, or the first digits
      of a request's digest. Links and manifests stand for their results and all these were built from, so that
      whoever realizes something alike finds what is the same.

      What was built here is signed with your key; what came out of caches goes on with the signatures it came with.
      What is there already is not sent again: a push that broke off goes on where it was. Ends with 10 where the cache
      has another result by the same key: that one stays.
    `,
    examples: [
      ["Into a folder that a web server serves", "kit push /srv/cache result-tar --key signing.key"],
      ["To a server that kit runs", "kit push https://cache.example.org image.yaml --token-file token"],
    ],
  });

  destination = Option.String({ name: "DESTINATION" });
  results = Option.Rest({ name: "RESULT", required: 1 });
  key = Option.String("--key", { description: "the file of the secret key (KIT_SIGNING_KEY, signingKey)" });
  tokenFile = Option.String("--token-file", { description: "a file with the token that may write there" });
  logs = Option.Boolean("--logs", false, { description: "push logs too" });

  override async work(parts: Parts): Promise<number> {
    this.requireStore(parts);
    const keyFile = this.key === undefined ? this.settings.signingKey : this.absolute(this.key);
    if (keyFile === undefined)
      throw new Fault("usage/no-key", "there is no key to sign with", {
        hint: "`kit key generate NAME -o FILE` makes one; name it with --key, KIT_SIGNING_KEY or signingKey",
      });
    const key = readKeyFile(keyFile, (text) => this.warn(text));
    const setting: CacheSetting = {
      address: placeOf(this.destination, this.host.directory),
      ...(this.tokenFile !== undefined && { tokenFile: this.absolute(this.tokenFile) }),
    };
    const requests: Digest[] = [];
    for (const result of this.results) requests.push(...(await this.requestsOf(result, parts)));
    const place = await parts.places.reach(setting, { writable: true });
    const keeper = await parts.keeper();
    const order = { place, requests: [...new Set(requests)], key, logs: this.logs };
    const pushed = await mending(() => keeper.push(order), this.mendMeans(parts)).catch((error) => {
      throw parts.places.troubles[0] ?? error;
    });
    this.done();
    if (this.json) this.print(JSON.stringify({ ...pushed, requests: order.requests }));
    else
      this.print(
        `pushed ${plural(pushed.pushed, "result")}, ${pushed.logs === undefined ? "" : `${plural(pushed.logs, "log")}, `}${bytesText(pushed.bytes)}; ${pushed.present} were there${pushed.unsigned > 0 ? `; ${pushed.unsigned} are signed by nobody, as they were imported` : ""}`,
      );
    if (pushed.conflicts.length === 0) return exitStatus.done;
    throw new Fault(
      "differs/push",
      `of ${plural(pushed.conflicts.length, "request")} the cache has another result by the same key`,
      {
        details: pushed.conflicts.map(short),
        hint: "it stays as it is; `kit challenge` compares what caches say, `kit realize --check` finds what varies",
      },
    );
  }

  private async requestsOf(written: string, parts: Parts): Promise<readonly Digest[]> {
    const path = this.absolute(written);
    const root = readRoots(parts.layout).find(({ root }) => root.kind === "link" && root.link === path);
    const isThere = (request: Digest) => existsSync(parts.layout.result(request));
    if (root !== undefined) return root.root.requests.filter(isThere);
    if (/\.ya?ml$/.test(written) && statSync(path, { throwIfNoEntry: false })?.isFile())
      return await this.requestsOfManifest(written, parts);
    const digits = /^(?:blake3-)?([0-9a-f]{4,64})$/.exec(written)?.[1];
    const found =
      digits === undefined
        ? []
        : recordedRequests(parts.layout).filter((one) => one.startsWith(`blake3-${digits}`));
    if (found.length === 1) return found;
    throw new Fault(
      found.length === 0 ? "usage/no-result" : "usage/ambiguous",
      found.length === 0
        ? `${written} is no result link, no manifest and no digits of a recorded request`
        : `${written} may mean any of ${found.length} requests`,
      { hint: "name a link that `kit realize -o` made, or a manifest" },
    );
  }

  /** @throws {Fault} `usage/not-realized` */
  private async requestsOfManifest(manifest: string, parts: Parts): Promise<Digest[]> {
    const { plan, facts } = await this.plan(manifest, parts);
    // Who realizes it elsewhere needs the facts to know what to ask for.
    const all = allDerivations([...plan.outputs, ...facts.map((derivation) => ({ derivation }))]);
    const known = knownOf(all, (request) => parts.records.result(request));
    const lacking = known.filter(({ result }) => result === undefined);
    if (lacking.length === 0) return known.flatMap(({ request }) => request?.digest ?? []);
    throw new Fault(
      "usage/not-realized",
      `${plural(lacking.length, "result")} of ${manifest} are not in the store`,
      {
        hint: `kit realize ${manifest}`,
      },
    );
  }
}
