// Two sides compared: all that is different between them, and how it is told.
// Pure. Knows what can be different; does not know where the sides come from.

import { type DerivationChange, derivationChanges } from "../../evaluator/diff/derivations.ts";
import { type FieldChange, fieldChanges } from "../../evaluator/diff/fields.ts";
import type { FileChange } from "../../evaluator/diff/files.ts";
import {
  installedBytes,
  installedPackages,
  openWays,
  type PackageChange,
  type PresentPackage,
  packageChanges,
  packagesIn,
  sourcesIn,
} from "../../evaluator/diff/packages.ts";
import { type NamedChange, type Root, type RootChange, rootChange } from "../../evaluator/diff/root.ts";
import { type PresentView, type ViewChange, viewChanges, viewsIn } from "../../evaluator/diff/views.ts";
import type { Lock } from "../../evaluator/lock.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import type { Derivation } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { bytesText, plural, visible } from "../render/text.ts";
import { changeLines, growthText } from "./change.ts";
import { viewLines } from "./viewchange.ts";

/** One of two things that are compared: a manifest has all of it, a lock alone no more, and a result its roots. */
export interface Side {
  readonly lock?: Lock;
  readonly packages?: readonly PresentPackage[];
  readonly views?: readonly PresentView[];
  readonly assembly?: Assembly;
  readonly derivations?: readonly Derivation[];
  /** The distributions that packages are chosen from, each with an architecture. */
  readonly targets?: readonly { readonly distro: string; readonly architecture: string }[];
  /** Those that are built, by architecture. */
  readonly roots?: ReadonlyMap<string, Root>;
}

export interface Difference {
  readonly format: "kit/diff/1";
  readonly packages: readonly (PackageChange & {
    /** The shortest way to what came, or to what went. */
    readonly way?: string;
  })[];
  /** Of each architecture. */
  readonly views: readonly ViewChange[];
  /** Questions that one side alone has an answer to, where one is a lock and nothing more. */
  readonly questions?: readonly { readonly verb: "added" | "removed"; readonly question: string }[];
  /** Bytes that the packages of roots take where they are installed. */
  readonly installed: { readonly before: number; readonly after: number };
  /** Absent where one side is a lock alone, as what follows. `manifest` is its kind and, but for the root, its name. */
  readonly fields?: readonly (FieldChange & { readonly manifest: string })[];
  readonly derivations?: readonly DerivationChange[];
  /** Of root file systems that both sides have built. */
  readonly roots?: readonly (RootChange & { readonly architecture: string })[];
}

export function differenceOf(before: Side, after: Side): Difference {
  const [was, is] = packagesOf(before, after);
  const [wayThen, wayNow] = [before.lock && openWays(before.lock), after.lock && openWays(after.lock)];
  const packages = packageChanges(was, is).map((change) => {
    const way =
      change.verb === "added" ? wayNow?.(change) : change.verb === "removed" ? wayThen?.(change) : undefined;
    return { ...change, ...(way !== undefined && { way }) };
  });
  const bytes = (present: readonly PresentPackage[]) =>
    installedBytes(present.filter(({ role }) => role === "root"));
  return {
    format: "kit/diff/1",
    packages,
    views: viewChanges(...viewsOf(before, after)),
    // Between manifests they follow from the fields.
    ...(before.lock &&
      after.lock &&
      !(before.assembly && after.assembly) && { questions: questionChanges(before.lock, after.lock) }),
    installed: { before: bytes(was), after: bytes(is) },
    ...(before.assembly && after.assembly && { fields: manifestChanges(before.assembly, after.assembly) }),
    ...(before.derivations &&
      after.derivations && { derivations: derivationChanges(before.derivations, after.derivations) }),
    ...(before.roots && after.roots && { roots: rootChanges(before.roots, after.roots) }),
  };
}

/** Of both sides alike: what is planned, else what is pinned, else what is installed. */
function packagesOf(
  before: Side,
  after: Side,
): readonly [readonly PresentPackage[], readonly PresentPackage[]] {
  if (before.packages && after.packages)
    return [
      [...before.packages, ...sourcesIn(before.lock)],
      [...after.packages, ...sourcesIn(after.lock)],
    ];
  if (before.lock && after.lock) return [pinnedIn(before.lock), pinnedIn(after.lock)];
  return [installedIn(before), installedIn(after)];
}

/** Without those of views, which are told by view. */
function pinnedIn(lock: Lock): PresentPackage[] {
  return packagesIn(lock).filter(({ role }) => role !== "view");
}

/** Of both sides alike: what kit builds has a version only where it is planned. */
function viewsOf(before: Side, after: Side): readonly [readonly PresentView[], readonly PresentView[]] {
  if (before.views && after.views) return [before.views, after.views];
  const [was, is] = [before, after].map(({ lock }) => (lock === undefined ? [] : viewsIn(lock)));
  return [was ?? [], is ?? []];
}

/** What the roots say, where one side has no lock. @throws {Fault} `usage/not-built` */
function installedIn({ roots = new Map() }: Side): PresentPackage[] {
  if (roots.size === 0)
    throw new Fault("usage/not-built", "a result can be compared only with what is built too", {
      hint: "build the other side first: kit realize MANIFEST",
    });
  return [...roots.values()].flatMap(({ read }) => installedPackages(read("var/lib/dpkg/status") ?? ""));
}

export function isSame(difference: Difference): boolean {
  const { packages, views, questions = [], fields = [], derivations = [], roots = [] } = difference;
  const files = roots.flatMap((root) => root.files);
  return [packages, views, questions, fields, derivations, files].every((changes) => changes.length === 0);
}

function questionChanges(before: Lock, after: Lock): NonNullable<Difference["questions"]> {
  const only = (verb: "added" | "removed", one: Lock, other: Lock) =>
    Object.entries(one.answers).flatMap(([digest, { question }]) =>
      other.answers[digest] === undefined ? [{ verb, question }] : [],
    );
  return [...only("removed", before, after), ...only("added", after, before)];
}

function rootChanges(before: ReadonlyMap<string, Root>, after: ReadonlyMap<string, Root>) {
  return [...after].flatMap(([architecture, root]) => {
    const former = before.get(architecture);
    return former === undefined ? [] : [{ architecture, ...rootChange(former, root) }];
  });
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
  views,
  questions = [],
  installed,
  fields = [],
  derivations = [],
  roots = [],
}: Difference): string[] {
  const ofRole = (role: PackageChange["role"]) => packages.filter((change) => change.role === role);
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [title, ...lines.map((line) => visible(`    ${line}`))];
  const growth = installed.after - installed.before;
  return [
    ...section("packages", packageLines(ofRole("root"))),
    ...section("source packages", packageLines(ofRole("source"))),
    ...section("packages of tools", packageLines(ofRole("tools"))),
    ...views.flatMap((view) => viewLines(view).flatMap(([title, lines]) => section(title, lines))),
    ...section(
      "questions",
      questions.map(({ verb, question }) => `${verb} ${question}`),
    ),
    ...section("manifests", fields.map(fieldText)),
    ...section("builds", buildLines(derivations)),
    ...roots.flatMap((root) =>
      section(
        roots.length > 1 ? `root file system, ${root.architecture}` : "root file system",
        rootLines(root),
      ),
    ),
    ...(growth === 0 ? [] : [`installed ${bytesText(installed.after)}, ${growthText(growth)}`]),
  ];
}

function packageLines(changes: Difference["packages"]): string[] {
  return changeLines(changes).map((line, i) => {
    const { growth = 0, way } = changes[i] ?? {};
    const size = growth === 0 ? "" : `, ${growthText(growth)}`;
    return `${line}${size}${way === undefined ? "" : `: ${way}`}`;
  });
}

function rootLines({ files, users, groups, services, licences, size }: RootChange): string[] {
  const named = (what: string, changes: readonly NamedChange[]) =>
    changes.map(({ name, before, after }) => {
      if (before === undefined) return `${what} ${name} added: ${after}`;
      return after === undefined
        ? `${what} ${name} removed: ${before}`
        : `${what} ${name}: ${before} to ${after}`;
    });
  const growth = size.after - size.before;
  return [
    ...files.slice(0, mostFiles).map(fileText),
    ...(files.length > mostFiles ? [`and ${plural(files.length - mostFiles, "other path")}`] : []),
    ...named("user", users),
    ...named("group", groups),
    ...named("service", services),
    ...named("licences of", licences),
    ...(growth === 0 ? [] : [`size ${bytesText(size.after)}, ${growthText(growth)}`]),
  ];
}

/** Paths that a person is told; programs are told all. */
const mostFiles = 20;

function fileText({ path, verb, aspects = [], growth }: FileChange): string {
  const what = verb === "changed" ? `: ${aspects.join(", ")}` : "";
  return `${verb} /${path}${what}${growth === 0 ? "" : `, ${growthText(growth)}`}`;
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
