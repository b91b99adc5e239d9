// kit diff: what is different between two manifests, locks or revisions.
// Knows what can be compared and how it is told; does not compare anything itself.

import { existsSync, readFileSync } from "node:fs";
import { Command, Option } from "clipanion";
import { planLine } from "../../builders/realizer/line.ts";
import { type DerivationChange, derivationChanges } from "../../evaluator/diff/derivations.ts";
import { type FieldChange, fieldChanges } from "../../evaluator/diff/fields.ts";
import {
  installedBytes,
  type PackageChange,
  packageChanges,
  packagesIn,
  wayTo,
} from "../../evaluator/diff/packages.ts";
import { allDerivations } from "../../evaluator/evaluate.ts";
import { type Lock, parseLock } from "../../evaluator/lock.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import type { Derivation } from "../../store/model/derivation.ts";
import { exitStatus, Fault } from "../../store/model/fault.ts";
import type { Parts } from "../composition.ts";
import { bytesText, plural, visible } from "../render/text.ts";
import { openRevision, parseRevision } from "../revision.ts";
import { changeLines } from "./change.ts";
import { PlanCommand } from "./command.ts";

export class DiffCommand extends PlanCommand {
  static override paths = [["diff"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "what is different between two manifests, locks or git revisions",
    details: `
      A and B are each a manifest with its lock beside it, a lock file, or \`REV:PATH\` for a manifest or lock as a git
      revision has it. Tells the packages that came, went or moved, who brings in what came, and what that takes; what
      the manifests say otherwise; and what would be built anew, each with the first thing that makes it so: where that
      comes out as it was, nothing is built on it. Of locks alone only the packages. Ends with 10 where there is any
      difference, 0 where there is none.
    `,
    examples: [
      ["What does this commit change?", "kit diff HEAD~1:image.yaml image.yaml"],
      ["What did the update move, for a program", "kit diff HEAD:image.lock image.lock --json"],
    ],
  });

  before = Option.String({ name: "A" });
  after = Option.String({ name: "B" });

  override async work(parts: Parts): Promise<number> {
    parts.warm();
    const [before, after] = [await this.side(this.before, parts), await this.side(this.after, parts)];
    const difference = differenceOf(before, after);
    this.done();
    const isSame = [difference.packages, difference.fields, difference.derivations].every(
      (changes) => (changes ?? []).length === 0,
    );
    if (this.json) this.print(JSON.stringify(difference));
    else this.print(...differenceLines(difference));
    return isSame ? exitStatus.done : exitStatus.differs;
  }

  private async side(written: string, parts: Parts): Promise<Side> {
    const revision = existsSync(this.absolute(written)) ? undefined : parseRevision(written);
    if (revision === undefined) return await this.read(this.absolute(written), parts);
    using opened = openRevision(revision, this.host.directory);
    return await this.read(opened.file, parts);
  }

  private async read(file: string, parts: Parts): Promise<Side> {
    if (!existsSync(file)) throw new Fault("usage/no-such-file", `there is no file ${file}`);
    if (file.endsWith(".lock")) return { lock: parseLock(readFileSync(file, "utf8"), file) };
    const options = { manifest: file, wish: this.wish([]), locking: { mode: "pinned" as const } };
    const { plan, world } = await planLine(options, parts.line(file), this.buildOptions());
    return { lock: world.lock, assembly: world.assembly, derivations: allDerivations(plan.outputs) };
  }
}

/** One of two things that are compared; of a lock alone nothing else is known. */
export interface Side {
  readonly lock: Lock;
  readonly assembly?: Assembly;
  readonly derivations?: readonly Derivation[];
}

export interface Difference {
  readonly format: "kit/diff/1";
  readonly packages: readonly (PackageChange & {
    /** The shortest way to what came, or to what went. */
    readonly way?: string;
  })[];
  /** Bytes that the packages of roots take where they are installed. */
  readonly installed: { readonly before: number; readonly after: number };
  /** Absent where one side is a lock alone, as what follows. `manifest` is its kind and, but for the root, its name. */
  readonly fields?: readonly (FieldChange & { readonly manifest: string })[];
  readonly derivations?: readonly DerivationChange[];
}

export function differenceOf(before: Side, after: Side): Difference {
  const packages = packageChanges(before.lock, after.lock).map((change) => {
    const lock = change.verb === "added" ? after.lock : change.verb === "removed" ? before.lock : undefined;
    const way = lock && wayTo(lock, change);
    return { ...change, ...(way !== undefined && { way }) };
  });
  const installed = (lock: Lock) => installedBytes(packagesIn(lock).filter(({ role }) => role === "root"));
  return {
    format: "kit/diff/1",
    packages,
    installed: { before: installed(before.lock), after: installed(after.lock) },
    ...(before.assembly && after.assembly && { fields: manifestChanges(before.assembly, after.assembly) }),
    ...(before.derivations &&
      after.derivations && { derivations: derivationChanges(before.derivations, after.derivations) }),
  };
}

function manifestChanges(before: Assembly, after: Assembly): NonNullable<Difference["fields"]> {
  const [old, young] = [valuesIn(before), valuesIn(after)];
  return [...new Set([...old.keys(), ...young.keys()])].flatMap((manifest) =>
    fieldChanges(old.get(manifest), young.get(manifest)).map((change) => ({ manifest, ...change })),
  );
}

/** What is compared with what: the roots with each other, all else by kind and name. */
function valuesIn({ root, manifests }: Assembly): ReadonlyMap<string, unknown> {
  return new Map(
    [...manifests].map(([file, { kind, name, document }]) => [
      file === root ? kind.name : `${kind.name} ${name}`,
      document.value,
    ]),
  );
}

export function differenceLines({
  packages,
  installed,
  fields = [],
  derivations = [],
}: Difference): string[] {
  const ofRole = (role: PackageChange["role"]) => packages.filter((change) => change.role === role);
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [title, ...lines.map((line) => visible(`    ${line}`))];
  const growth = installed.after - installed.before;
  return [
    ...section("packages", packageLines(ofRole("root"))),
    ...section("packages of tools", packageLines(ofRole("tools"))),
    ...section("manifests", fields.map(fieldText)),
    ...section("builds", buildLines(derivations)),
    ...(growth === 0
      ? []
      : [
          `installed ${bytesText(installed.after)}, ${bytesText(Math.abs(growth))} ${growth > 0 ? "more" : "less"}`,
        ]),
  ];
}

function packageLines(changes: Difference["packages"]): string[] {
  return changeLines(changes).map((line, i) => {
    const { growth = 0, way } = changes[i] ?? {};
    const size = growth === 0 ? "" : `, ${growth > 0 ? "+" : "-"}${bytesText(Math.abs(growth))}`;
    return `${line}${size}${way === undefined ? "" : `: ${way}`}`;
  });
}

function fieldText({ manifest, path, before, after }: NonNullable<Difference["fields"]>[number]): string {
  const [was, is] = [before, after].map((value) =>
    value === undefined ? undefined : JSON.stringify(value).slice(0, 200),
  );
  const where = [manifest, path].filter((part) => part !== "").join(" ");
  // What stands in a list is called by what it says.
  const named = (text: string) => (path.endsWith(text) ? "" : `: ${text}`);
  if (was === undefined) return `added ${where}${named(is ?? "")}`;
  if (is === undefined) return `removed ${where}${named(was)}`;
  return `changed ${where}: ${was} to ${is}`;
}

/** What is fetched and unpacked follows from the packages: it is counted. */
function buildLines(derivations: readonly DerivationChange[]): string[] {
  const rebuilt = derivations.filter(({ verb }) => verb === "rebuilt");
  const count = (verb: DerivationChange["verb"]) =>
    derivations.filter((change) => change.verb === verb).length;
  const others = [
    ...(count("new") > 0 ? [`${count("new")} new`] : []),
    ...(count("gone") > 0 ? [`${count("gone")} gone`] : []),
  ];
  return [
    ...rebuilt.map(({ builder, label, because }) => `${builder} ${label}: ${because}`),
    ...(others.length > 0 ? [`${plural(rebuilt.length, "build")} anew, ${others.join(", ")}`] : []),
  ];
}
