// Locks: questions with their pinned answers, as a file for version control.
// Knows the file's form; does not read it from disk, nor answer anything.

import * as z from "zod/mini";
import type { BuildType } from "../store/model/derivation.ts";
import { Fault } from "../store/model/fault.ts";
import { type PackageFile, packageFile } from "./deb/file.ts";
import type { Stanza } from "./deb/stanza.ts";
import { type LockedGit, lockedGitShape } from "./gitsource.ts";
import { type Closure, type ClosureQuestion, questionDigest } from "./question.ts";
import type { ChosenPackage } from "./resolution.ts";
import { type LockedSource, lockedSourceShape } from "./sourcepackage.ts";
import { compareText } from "./text.ts";
import { byKey, type LockedView, lockedViewShape, sortedView } from "./view/answer.ts";

/** An index that packages were chosen from. */
export interface LockedIndex {
  readonly repository: string;
  readonly suite: string;
  readonly component: string;
  readonly architecture: string;
  /** SHA-256 of the InRelease and of the Packages file. */
  readonly release: string;
  readonly packages: string;
  /** Of the InRelease, in seconds since 1970. */
  readonly date: number;
}

export interface LockedDistro {
  readonly indexes: readonly LockedIndex[];
  /** By `NAME_VERSION_ARCHITECTURE`. */
  readonly packages: Readonly<Record<string, { readonly from: string; readonly stanza: Stanza }>>;
}

export interface LockedAnswer {
  readonly question: string;
  readonly distro: string;
  readonly date: number;
  /** Keys of the distro's packages, `local NAME` for those kit builds; each with why it is there. */
  readonly packages: Readonly<Record<string, readonly string[]>>;
}

export interface Lock {
  readonly format: "kit/lock/1";
  /** Not all is answered yet that the manifests ask: who realizes them goes on with it. */
  readonly partial?: true;
  readonly distros: Readonly<Record<string, LockedDistro>>;
  readonly answers: Readonly<Record<string, LockedAnswer>>;
  /** Of views; absent where there are none. */
  readonly views?: Readonly<Record<string, LockedView>>;
  /** Of source packages that are built; absent where there are none. */
  readonly sources?: Readonly<Record<string, LockedSource>>;
  /** Commits that branches and tags of git repositories are; absent where there are none. */
  readonly git?: Readonly<Record<string, LockedGit>>;
  /** Of manifests with variants: digests of what each build type asks, as far as it is locked; absent where there are none. */
  readonly builds?: Readonly<Partial<Record<BuildType, readonly string[]>>>;
}

export const emptyLock: Lock = { format: "kit/lock/1", distros: {}, answers: {} };

const limits = { bytes: 256 << 20 } as const;

/**
 * @throws {Fault} `unresolved/bad-lock`, `unresolved/newer-lock`
 */
export function parseLock(text: string, file: string): Lock {
  const place = { file, line: 1, column: 1 };
  const hint = "restore it from version control, or remove it and run `kit lock`";
  if (text.length > limits.bytes)
    throw new Fault("unresolved/bad-lock", "the lock file is larger than 256 MiB", { place, hint });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Fault("unresolved/bad-lock", `the lock file is no JSON: ${(cause as Error).message}`, {
      place,
      hint,
      cause,
    });
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === "string" && /^kit\/lock\/\d+$/.test(format) && format !== emptyLock.format) {
    throw new Fault(
      "unresolved/newer-lock",
      `the lock file has the format ${format}; this kit reads ${emptyLock.format}`,
      { place, hint: "use the kit that wrote it" },
    );
  }
  const parsed = z.safeParse(shape, value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Fault(
      "unresolved/bad-lock",
      `the lock file is not as kit writes it, at ${issue?.path.join(".") || "its top"}`,
      { place, hint },
    );
  }
  return parsed.data as Lock;
}

/** One member a line where it helps a diff; keys sorted, so that the same lock is the same bytes. */
export function formatLock(lock: Lock): string {
  return `${JSON.stringify(sorted(lock), null, 1)}\n`;
}

/** The pinned answer; absent where the lock has none for just this question. */
export function pinnedAnswer(lock: Lock, question: ClosureQuestion): Closure | undefined {
  const answer = lock.answers[questionDigest(question)];
  if (answer === undefined) return undefined;
  const locals = new Map(question.locals.map((stanza) => [stanza["Package"] ?? "", stanza]));
  return { packages: answeredPackages(lock, answer, (name) => locals.get(name)), date: answer.date };
}

/**
 * The packages of an answer; `local` gives the stanzas of those that kit builds, which no lock has.
 *
 * @throws {Fault} `unresolved/bad-lock`
 */
export function answeredPackages(
  lock: Lock,
  answer: LockedAnswer,
  local: (name: string) => Stanza | undefined,
): ChosenPackage[] {
  const packages = Object.entries(answer.packages).map(([key, reasons]) => ({
    ...lockedPackage(lock, answer.distro, key, local),
    reasons: reasons.map(parseReason),
  }));
  // As closures are, and not by key: there `libpam-modules-bin_…` stands before `libpam-modules_…`.
  return packages.sort(
    (a, b) =>
      compareText(a.name, b.name) ||
      compareText(a.architecture, b.architecture) ||
      compareText(a.version, b.version),
  );
}

/**
 * The package that a key stands for.
 *
 * @throws {Fault} `unresolved/bad-lock`
 */
export function lockedPackage(
  lock: Lock,
  distro: string,
  key: string,
  local: (name: string) => Stanza | undefined,
): Omit<ChosenPackage, "reasons"> {
  if (key.startsWith(localPrefix)) {
    const stanza = local(key.slice(localPrefix.length));
    if (stanza === undefined) throw damaged(key);
    return { ...identityOf(stanza), stanza, origin: "local" };
  }
  const locked = lock.distros[distro]?.packages[key];
  if (locked === undefined) throw damaged(key);
  const [repository = "", suite = ""] = locked.from.split(" ");
  return { ...identityOf(locked.stanza), stanza: locked.stanza, origin: { repository, suite } };
}

/** As locks call a package: those of no repository by name alone. */
export function lockKey(item: Pick<ChosenPackage, "name" | "version" | "architecture" | "origin">): string {
  return item.origin === "local" ? `${localPrefix}${item.name}` : packageKey(item);
}

const localPrefix = "local ";

export function packageKey(item: Pick<ChosenPackage, "name" | "version" | "architecture">): string {
  return `${item.name}_${item.version}_${item.architecture}`;
}

/** What the stanza says of its file. @throws {Fault} `unresolved/bad-lock` */
export function packageFileOf(item: ChosenPackage): PackageFile {
  try {
    return packageFile(item.stanza);
  } catch (cause) {
    if (cause instanceof Fault) throw damaged(packageKey(item));
    throw cause;
  }
}

const shape = z.object({
  format: z.literal("kit/lock/1"),
  partial: z.optional(z.literal(true)),
  distros: z.record(
    z.string(),
    z.object({
      indexes: z.array(
        z.object({
          repository: z.string(),
          suite: z.string(),
          component: z.string(),
          architecture: z.string(),
          release: z.string(),
          packages: z.string(),
          date: z.number(),
        }),
      ),
      packages: z.record(
        z.string(),
        z.object({ from: z.string(), stanza: z.record(z.string(), z.string()) }),
      ),
    }),
  ),
  answers: z.record(
    z.string(),
    z.object({
      question: z.string(),
      distro: z.string(),
      date: z.number(),
      packages: z.record(z.string(), z.array(z.string())),
    }),
  ),
  views: z.optional(z.record(z.string(), lockedViewShape)),
  sources: z.optional(z.record(z.string(), lockedSourceShape)),
  git: z.optional(z.record(z.string(), lockedGitShape)),
  builds: z.optional(
    z.object({ release: z.optional(z.array(z.string())), debug: z.optional(z.array(z.string())) }),
  ),
});

function identityOf(stanza: Stanza) {
  return {
    name: stanza["Package"] ?? "",
    version: stanza["Version"] ?? "",
    architecture: stanza["Architecture"] ?? "",
  };
}

function parseReason(text: string) {
  const colon = text.indexOf(": ");
  return colon < 0
    ? { by: text, relation: "" }
    : { by: text.slice(0, colon), relation: text.slice(colon + 2) };
}

/** What tells an index from others, whatever its state. */
export function indexKey({ repository, suite, component, architecture }: LockedIndex): string {
  return [repository, suite, component, architecture].join(" ");
}

/** Keys of all mappings sorted, but for stanzas, whose order is the file's. */
function sorted(lock: Lock): Lock {
  return {
    format: lock.format,
    ...(lock.partial && { partial: true as const }),
    distros: byKey(lock.distros, (distro) => ({
      indexes: [...distro.indexes].sort((a, b) => (indexKey(a) < indexKey(b) ? -1 : 1)),
      packages: byKey(distro.packages, (value) => value),
    })),
    answers: byKey(lock.answers, (answer) => ({
      ...answer,
      packages: byKey(answer.packages, (reasons) => reasons),
    })),
    ...(lock.views && { views: byKey(lock.views, sortedView) }),
    ...(lock.sources && { sources: byKey(lock.sources, (value) => value) }),
    ...(lock.git && { git: byKey(lock.git, (value) => value) }),
    ...(lock.builds && { builds: byKey(lock.builds, (digests) => digests?.toSorted()) }),
  };
}

function damaged(what: string): Fault {
  return new Fault("unresolved/bad-lock", `the lock file names ${what} and does not say what it is`, {
    hint: "restore it from version control, or remove it and run `kit lock`",
  });
}
