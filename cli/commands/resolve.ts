// kit resolve: which packages a distribution gives for some, and why each.
// Knows how they are told; does not know how they are chosen.

import { Command, Option } from "clipanion";
import { nativeName } from "../../builders/distro/source.ts";
import { loadDistro, shippedDistro } from "../../builders/load/distro.ts";
import { answerQuestion, nothingHeld } from "../../builders/lock/answer.ts";
import { inquiryQuestion } from "../../builders/lock/inquiry.ts";
import { openAnswerers } from "../../builders/lock/listing.ts";
import { architecture as knownArchitecture } from "../../builders/package/debian.ts";
import { fieldOf } from "../../evaluator/deb/stanza.ts";
import { type Closure, type ClosureQuestion, questionText, requestsOf } from "../../evaluator/question.ts";
import { type ChosenPackage, isAsker } from "../../evaluator/resolution.ts";
import { pathsAmong } from "../../evaluator/rpm/request.ts";
import { sourceOf } from "../../evaluator/source.ts";
import { Fault } from "../../store/model/fault.ts";
import { debianArchitecture, type Parts } from "../composition.ts";
import { shippedManifests } from "../entry.ts";
import { kinds } from "../kinds.ts";
import { bytesText, plural, visible } from "../render/text.ts";
import { listAge, PartsCommand, refreshOption } from "./command.ts";
import { readingRequests } from "./request.ts";

export class ResolveCommand extends PartsCommand {
  static override paths = [["resolve"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "which packages a distribution gives for some, and why each",
    details: `
      DISTRO is the name of one that ships, or the file of another; a PACKAGE is written as for apt: \`nginx\`,
      \`nginx=1.22.1-9\`, \`libc6:arm64\`, \`"nginx (>= 1.22)"\`; or as for dnf where the distribution is of rpm packages.
      \`@NAME\` is a group: what the repositories' comps have in it, or a task of Debian's and Ubuntu's. Chooses what
      apt or dnf of that release would on a machine that has nothing, whatever the order of the packages; with \`--base\` on one that has the distribution's base.
      Reads no lock, and the indexes as they were an hour ago at most. Prints a line for each package: NAME VERSION ARCHITECTURE and who
      wants it; \`[store]\` stands behind what the store gave, where the distribution's \`search:\` names it. Where that leaves
      repositories out, no index is read. What cannot be had ends with 4, and the packages and versions that clash.
    `,
    examples: [
      ["What nginx comes with", "kit resolve debian/trixie nginx"],
      ["In an image, for a program", "kit resolve debian/trixie nginx --base --json"],
      ["A group of packages", "kit resolve ./fedora.yaml @web-server"],
      ["On an amd64 machine that takes i386 packages too", "kit resolve ./mine.yaml libc6:i386 --arch amd64"],
    ],
  });

  distro = Option.String({ name: "DISTRO" });
  packages = Option.Rest({ name: "PACKAGE" });
  architectures = Option.Array("--arch", {
    description: "the architecture (this machine's); given again: further ones that may take part",
  });
  base = Option.Boolean("--base", false, { description: "with what every root of the distribution holds" });
  recommends = Option.Boolean("--recommends", false, { description: "with what packages recommend" });

  refresh = refreshOption();
  offline = Option.Boolean("--offline", false, { description: "take the indexes that were looked at last" });

  protected override partOptions(): ReturnType<PartsCommand["partOptions"]> {
    return { offline: this.offline };
  }

  override async work(parts: Parts): Promise<number> {
    const architectures = this.wantedArchitectures();
    if (this.packages.length === 0 && !this.base)
      throw new Fault("usage/bad-option", "neither a package is named nor the base asked for", {
        hint: `kit resolve ${this.distro} PACKAGE, or kit resolve ${this.distro} --base`,
      });
    const { distro, assembly } = await loadDistro(this.distroFile(), {
      kinds,
      shipped: shippedManifests,
      architecture: architectures[0],
    });
    const { packages, base, recommends } = this;
    const [native, ...further] = architectures;
    const asked = [nativeName(distro, native), ...further] as const;
    const question = readingRequests(() =>
      inquiryQuestion(distro, { packages, architectures: asked, base, recommends }),
    );
    const paths = pathsAmong(requestsOf(question));
    const listing = await parts.indexes(listAge(this.refresh))({ ...question, paths }, assembly);
    this.renderer.event({ type: "step", text: `resolving ${questionText(question)}` });
    const { closure } = readingRequests(() =>
      answerQuestion(question, listing, nothingHeld, (text) => this.warn(text)),
    );
    const tierOf = openAnswerers(question, listing);
    this.done();
    if (this.json) this.print(JSON.stringify(resolutionRecord(question, closure, tierOf)));
    else {
      this.print(...resolutionLines(closure, tierOf));
      this.context.stderr.write(`${sumText(closure, tierOf)}\n`);
    }
    return 0;
  }

  private distroFile(): string {
    const isFile = /^\.{0,2}\/|\.ya?ml$/.test(this.distro);
    return isFile ? this.absolute(this.distro) : shippedDistro(this.distro, shippedManifests);
  }

  private wantedArchitectures(): readonly [string, ...string[]] {
    const [native = debianArchitecture(), ...further] = this.architectures ?? [];
    for (const name of [native, ...further])
      if (!knownArchitecture.safeParse(name).success)
        throw new Fault("usage/bad-option", `--arch is an architecture, not ${JSON.stringify(name)}`, {
          hint: `one of ${knownArchitecture.options.join(", ")}`,
        });
    return [native, ...further];
  }
}

type TierOf = ReturnType<typeof openAnswerers>;

/** What the store gave is marked so; nothing else is told of repositories. */
export function resolutionLines({ packages }: Closure, tierOf: TierOf): string[] {
  return packages.map((item) => {
    const { name, version, architecture, reasons } = item;
    const [first] = reasons;
    const tier = tierOf(item) === "store" ? " [store]" : "";
    const why = first === undefined ? "" : isAsker(first.by) ? first.by : `${first.by}: ${first.relation}`;
    return visible(`${name} ${version} ${architecture} ${why}${tier}`);
  });
}

/**
 * Sizes in bytes; absent where the index does not tell. `date` is that of the newest index. Tiers are told where the
 * distribution names them; else repositories give everything.
 */
export function resolutionRecord(
  { source: of }: ClosureQuestion,
  { packages, date }: Closure,
  tierOf: TierOf,
): object {
  return {
    format: "kit/resolution/1",
    distro: of.distro,
    architectures: [of.architecture, ...(of.foreign ?? [])],
    date: new Date(date * 1000).toISOString(),
    packages: packages.map((item) => {
      const { name, version, architecture, origin, reasons } = item;
      const size = sizeOf(item);
      const source = sourceOf(item);
      return {
        name,
        version,
        architecture,
        source: source.name,
        sourceVersion: source.version,
        ...(size !== undefined && { size }),
        origin,
        ...(of.search && { tier: tierOf(item) }),
        reasons,
      };
    }),
  };
}

function sumText({ packages }: Closure, tierOf: TierOf): string {
  const remote = packages.filter((item) => tierOf(item) !== "store");
  const bytes = remote.reduce((sum, item) => sum + (sizeOf(item) ?? 0), 0);
  const stored = packages.length - remote.length;
  const there = stored === 0 ? "" : `${stored} from the store, `;
  return `${plural(packages.length, "package")}, ${there}${bytesText(bytes)} to fetch`;
}

function sizeOf({ stanza }: ChosenPackage): number | undefined {
  const size = Number(fieldOf(stanza, "Size") ?? Number.NaN);
  return Number.isSafeInteger(size) ? size : undefined;
}
