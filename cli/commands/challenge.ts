// kit challenge: who says what of a manifest's requests, without anything being brought.
// Knows whom to ask and how it is told; does not decide what is believed.

import { Command, Option } from "clipanion";
import {
  type Comparison,
  compare,
  followed,
  type Said,
  type Side,
  type Speaker,
} from "../../builders/cache/challenge.ts";
import { walk } from "../../builders/realizer/walk.ts";
import { allDerivations } from "../../evaluator/evaluate.ts";
import type { Result } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { exitStatus, Fault, unreachable } from "../../store/model/fault.ts";
import { decodeSignature } from "../../store/model/signature.ts";
import type { Statement, Testimony } from "../../store/model/testimony.ts";
import { requireCache } from "../caches.ts";
import type { Parts } from "../composition.ts";
import { plural, visible } from "../render/text.ts";
import { placeOf, type Settings } from "../settings.ts";
import { PlanCommand } from "./command.ts";
import { short } from "./selection.ts";

export class ChallengeCommand extends PlanCommand {
  static override paths = [["challenge"]];
  static override usage = Command.Usage({
    category: "Caches",
    description: "compare what caches say of a manifest's results",
    details: `
      Asks every CACHE (a folder, an address, a bundle; those of the configuration where none is named) and this store what
      became of each request of the plan, and tells where they disagree; no contents are brought. Ends with 10 where
      any do. What unknown keys signed, and what nobody did, is compared too, and told as such; of a static server only
      what trusted keys signed can be found. What a request is asked for by depends on what its inputs became: this store is
      followed, then trusted keys, then what all say alike; what nothing leads to is counted as not compared.

      What a plan cannot be made without (the fields of a package that is built) comes out of a cache or is built.
    `,
    examples: [
      ["Do two builders agree?", "kit challenge image.yaml https://one.example.org https://two.example.org"],
      [
        "Is what was built here what the others have?",
        "kit realize image.yaml --no-cache && kit challenge image.yaml",
      ],
    ],
  });

  manifest = Option.String({ name: "MANIFEST" });
  caches = Option.Rest({ name: "CACHE" });

  protected override adjust(settings: Settings): Settings {
    const { places } = settings.caches;
    if (this.caches.length === 0) {
      if (places.length > 0) return settings;
      throw new Fault("usage/no-cache", "there is no cache to ask", {
        hint: "name one: a folder, an address or a bundle",
      });
    }
    const named = this.caches.map((written) => {
      const address = placeOf(written, this.host.directory);
      requireCache(address);
      return places.find((place) => place.address === address) ?? { address };
    });
    return { ...settings, caches: { ...settings.caches, places: named } };
  }

  protected override partOptions(): ReturnType<PlanCommand["partOptions"]> {
    return { ...super.partOptions(), caches: true, word: "compared" };
  }

  override async work(parts: Parts): Promise<number> {
    const { plan } = await this.plan(this.manifest, parts);
    const all = allDerivations(plan.outputs);
    const heard = new Map<Digest, readonly Testimony[]>();
    const reached = await walk(all, (requests) => this.listen(requests, heard, parts));
    const said = new Map(
      reached.map(({ digest, derivation: { builder, label } }): [Digest, Said] => [
        digest,
        { builder, label, request: digest, testimonies: heard.get(digest) ?? [] },
      ]),
    );
    const comparison = compare([...said.values()]);
    const beyond = all.length - reached.length;
    this.done();
    if (this.json) this.print(JSON.stringify({ ...comparison, beyond }));
    else this.print(...comparisonLines(comparison, beyond));
    if (comparison.differing.length === 0) return exitStatus.done;
    throw new Fault(
      "differs/challenge",
      `of ${plural(comparison.differing.length, "request")} different results are told`,
      {
        details: comparison.differing.slice(0, mostTold).flatMap(differenceLines),
        hint: "`kit realize --check` tells whether a build is reproducible here; --json has all of them",
      },
    );
  }

  /** Takes note of what is said of requests; returns what further ones are told by. */
  private async listen(
    requests: readonly Digest[],
    heard: Map<Digest, readonly Testimony[]>,
    parts: Parts,
  ): Promise<ReadonlyMap<Digest, Result>> {
    const answers = await (await parts.keeper()).testimonies(requests);
    const results = new Map<Digest, Result>();
    for (const request of requests) {
      const own = this.own(request, parts);
      const others = answers.get(request) ?? [];
      heard.set(request, [...own, ...others]);
      const result = own[0]?.statement ?? followed(others, this.settings.caches.required);
      if (result !== undefined) results.set(request, result);
    }
    return results;
  }

  /** What this store says: in its own name, or in the names of those it was believed for. */
  private own(request: Digest, { records }: Parts): Statement[] {
    const statement = records.result(request);
    if (statement === undefined) return [];
    const signers = records.origin(request)?.signatures?.map((text) => decodeSignature(text).key.name);
    const from =
      signers === undefined
        ? "this store"
        : `this store, which has it of ${signers.join(" and ") || "a bundle"}`;
    return [{ kind: "statement", from, statement, standing: "own" }];
  }
}

const mostTold = 20;

function comparisonLines(
  { agreed, single, silent, differing, broken }: Comparison,
  beyond: number,
): string[] {
  const total = agreed + single + silent + differing.length;
  return [
    `compared ${plural(total, "request")}: ${agreed} told alike, ${single} told of by one, ${silent} by nobody; ${differing.length} differ`,
    ...(beyond > 0 ? [`not compared: ${beyond}, for what they are made of is not known`] : []),
    ...broken
      .slice(0, mostTold)
      .map(({ request, from, why }) => visible(`${from}, on ${short(request)}: ${why}`)),
  ];
}

function differenceLines({ builder, label, request, sides }: Comparison["differing"][number]): string[] {
  return [`${builder} ${label} ${short(request)}`, ...sides.flatMap((side) => sideLines(side, sides))];
}

/** Who says it, and those outputs that not all say alike. */
function sideLines({ speakers, outputs }: Side, sides: readonly Side[]): string[] {
  const names = [...new Set(sides.flatMap((side) => Object.keys(side.outputs)))].sort();
  const differing = names.filter((name) => new Set(sides.map((side) => side.outputs[name])).size > 1);
  const told = differing.map((name) => `${name} ${outputs[name] ?? "nothing"}`).join(", ");
  return speakers.map((one) => `  ${speakerText(one)}: ${told || "other references"}`);
}

function speakerText({ from, standing, key }: Speaker): string {
  switch (standing) {
    case "own":
      return from;
    case "unsigned":
      return `${from}, unsigned`;
    case "altered":
      return `${from}, which ${key?.name} did not sign`;
    case "unknown":
      return `${from}, ${key?.name} (not a trusted key: ${key?.fingerprint})`;
    case "trusted":
      return `${from}, ${key?.name}`;
    default:
      return unreachable(standing);
  }
}
