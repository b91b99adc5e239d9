// kit lock: asks the world what the manifests leave open, and pins the answers.
// Knows which questions are asked anew and tells what changed; does not know how they are answered.

import { Command, Option } from "clipanion";
import type { Indexes } from "../../builders/lock/indexes.ts";
import { toldOnce } from "../../builders/lock/once.ts";
import type { ViewIndexes } from "../../builders/lock/view.ts";
import { viewLists } from "../../builders/realizer/asking.ts";
import { type LineOptions, planLine } from "../../builders/realizer/line.ts";
import { viewResult } from "../../builders/view/result.ts";
import { unknownUnwanted, unwantedRemarks } from "../../builders/view/unwanted.ts";
import { type PackageChange, packageChanges, packagesIn } from "../../evaluator/diff/packages.ts";
import type { World } from "../../evaluator/evaluate.ts";
import { type RevisionMove, repositoryIn, revisionMoves } from "../../evaluator/gitsource.ts";
import { nearest } from "../../evaluator/manifest/nearest.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Parts } from "../composition.ts";
import { lockPath } from "../lockfile.ts";
import { visible } from "../render/text.ts";
import { summaryLines } from "./change.ts";
import { PartsCommand, wishedTarget } from "./command.ts";
import { registerLock } from "./lockroot.ts";
import { plannedView } from "./view.ts";

export class LockCommand extends PartsCommand {
  static override paths = [["lock"]];
  static override usage = Command.Usage({
    category: "Building",
    description: "choose packages and pin them beside the manifest",
    details: `
      Answers what the lock file does not answer yet, for every output and architecture of the manifest, and drops
      what is not asked any more; what is pinned stays. With \`--update\` every question is asked again, or, where
      packages are named, only those packages move and what they force. Prints a line for each package that was
      added, removed or changed, or where these are more than 40 a count of them; of a view it warns of what is unwanted
      and in it. A distribution that leaves repositories out (\`search:\`) is locked out of what the
      store has, and its servers are not asked. The lock file lies beside the manifest and belongs into version control.
    `,
    examples: [
      ["Pin what a changed manifest newly needs", "kit lock image.yaml"],
      ["Take everything that is newer", "kit lock image.yaml --update"],
      ["Pin what a debug build asks for beside that", "kit lock app.yaml --build-type debug"],
      [
        "Take a newer openssl, and nothing else that it does not force",
        "kit lock image.yaml --update openssl",
      ],
    ],
  });

  manifest = Option.String({ name: "MANIFEST" });
  update = Option.Boolean("--update", false, { description: "choose again: all packages, or those named" });
  packages = Option.Rest({ name: "PACKAGE" });
  architecture = Option.String("--arch", {
    description: "of a package: lock it for this architecture, beside those that it is locked for",
  });
  buildType = Option.String("--build-type", {
    description: "debug or release: lock it for this build type, where variants make it another one",
  });
  jobs = Option.String("--jobs", { description: "builds at once (KIT_JOBS; the number of processors)" });

  protected override partOptions() {
    return { jobs: this.jobs };
  }

  override async work(parts: Parts): Promise<number> {
    const manifest = this.manifestFile(this.manifest);
    const means = parts.line(manifest);
    const before = means.readLock();
    const repositories = Object.values(before?.git ?? {}).map(({ question }) => repositoryIn(question));
    this.checkPackages([...packagesIn(before).map(({ name }) => name), ...repositories]);
    const locking: LineOptions["locking"] = this.update
      ? { mode: "update", packages: this.packages }
      : { mode: "lock" };
    const { changedLock, world } = await planLine(
      { manifest, wish: wishedTarget(this), locking },
      means,
      this.buildOptions(),
    );
    await registerLock(manifest, parts);
    const changes = changedLock ? packageChanges(packagesIn(before), packagesIn(changedLock)) : [];
    const revisions = changedLock ? revisionMoves(before?.git, changedLock.git) : [];
    for (const text of await unwantedIn(world, changedLock && means.indexes))
      this.renderer.event({ type: "warning", text });
    this.done();
    if (this.json)
      this.print(
        JSON.stringify({
          lock: lockPath(manifest),
          written: changedLock !== undefined,
          changes,
          ...(revisions.length > 0 && { revisions }),
        } satisfies Answer),
      );
    else if (changes.length + revisions.length > 0) {
      if (changes.length > 0) this.tell(changes);
      this.print(...revisions.map(revisionLine));
    } else
      this.context.stderr.write(
        changedLock
          ? "locked; no package changed\n"
          : this.update
            ? "nothing is newer than what is locked\n"
            : "the lock answers everything already\n",
      );
    return 0;
  }

  private tell(changes: readonly PackageChange[]): void {
    const { lines, isWhole } = summaryLines(changes);
    this.print(...lines);
    if (!isWhole)
      this.context.stderr.write(
        `each is told with --json, and by \`kit diff HEAD:${this.manifest} ${this.manifest}\` where git has the lock as it was\n`,
      );
  }

  /** @throws {Fault} `usage/bad-option`, `usage/unknown-package` */
  private checkPackages(pinned: readonly string[]): void {
    if (this.packages.length > 0 && !this.update) {
      const isManifest = this.packages.every((name) => /\.ya?ml$/.test(name));
      throw new Fault("usage/bad-option", "packages are named only with --update", {
        hint: isManifest
          ? "a manifest has its own lock: run it for each"
          : `kit lock ${this.manifest} --update ${this.packages.join(" ")}`,
      });
    }
    const unknown = this.packages.find((name) => !pinned.includes(name));
    if (unknown === undefined) return;
    const close = nearest(unknown, pinned);
    throw new Fault("usage/unknown-package", `the lock of ${this.manifest} pins no package ${unknown}`, {
      hint:
        close === undefined
          ? "the manifest comes first: kit lock MANIFEST --update PACKAGE"
          : `did you mean ${close}?`,
    });
  }
}

/** What a view has and does not want. Names are looked for where lists were: a lock that stays is told without any. */
async function unwantedIn(world: World, indexes: Indexes | undefined): Promise<string[]> {
  const view = plannedView(world);
  const { packages = [], sources = [] } = view?.manifest.unwanted ?? {};
  if (view === undefined || packages.length + sources.length === 0) return [];
  const pulled = toldOnce(unwantedRemarks(viewResult(view).unwanted), [...view.on.keys()]);
  if (indexes === undefined) return pulled;
  const listings: ViewIndexes[] = [];
  for (const { question } of view.on.values())
    listings.push(await viewLists(question, world.assembly, indexes));
  return [...pulled, ...unknownUnwanted(view, listings)];
}

interface Answer {
  readonly lock: string;
  readonly written: boolean;
  readonly changes: readonly PackageChange[];
  readonly revisions?: readonly RevisionMove[];
}

/** `moved https://example.org/x.git main: 0123456789ab to ba9876543210` */
function revisionLine({ question, before, after }: RevisionMove): string {
  const short = (commit: string) => commit.slice(0, 12);
  const moved = before === undefined ? `pinned ${question}: ` : `moved ${question}: ${short(before)} to `;
  return visible(`${moved}${short(after)}`);
}
