// Locks: questions with their pinned answers, as a file for version control.
// Knows the file's form; does not read it from disk, nor answer anything.

import * as z from "zod/mini";
import { type Digest, isSha256 } from "../store/model/digest.ts";
import { Fault } from "../store/model/fault.ts";
import type { Stanza } from "./deb/stanza.ts";
import {
  type ChosenPackage,
  type Closure,
  type ClosureQuestion,
  questionDigest,
  questionText,
} from "./question.ts";

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
  readonly distros: Readonly<Record<string, LockedDistro>>;
  readonly answers: Readonly<Record<string, LockedAnswer>>;
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
  const distro = lock.distros[answer.distro];
  return Object.entries(answer.packages).map(([key, reasons]): ChosenPackage => {
    const written = reasons.map(parseReason);
    if (key.startsWith("local ")) {
      const stanza = local(key.slice(6));
      if (stanza === undefined) throw damaged(key);
      return { ...identityOf(stanza), stanza, origin: "local", reasons: written };
    }
    const locked = distro?.packages[key];
    if (locked === undefined) throw damaged(key);
    const [repository = "", suite = ""] = locked.from.split(" ");
    return {
      ...identityOf(locked.stanza),
      stanza: locked.stanza,
      origin: { repository, suite },
      reasons: written,
    };
  });
}

/** The lock with one more answer. What no answer names any more is left out by {@link pruneLock}. */
export function withAnswer(
  lock: Lock,
  question: ClosureQuestion,
  closure: Closure,
  indexes: readonly LockedIndex[],
): Lock {
  const name = question.source.distro;
  const known = lock.distros[name] ?? { indexes: [], packages: {} };
  const chosen = closure.packages.filter((item) => item.origin !== "local");
  const stanzas = chosen.map((item) => {
    const origin = item.origin as Exclude<ChosenPackage["origin"], "local">;
    return [packageKey(item), { from: `${origin.repository} ${origin.suite}`, stanza: item.stanza }] as const;
  });
  const answer: LockedAnswer = {
    question: questionText(question),
    distro: name,
    date: closure.date,
    packages: Object.fromEntries(
      closure.packages.map((item) => [
        item.origin === "local" ? `local ${item.name}` : packageKey(item),
        item.reasons.map(({ by, relation }) => (relation === "" ? by : `${by}: ${relation}`)),
      ]),
    ),
  };
  const others = known.indexes.filter(
    (index) => !indexes.some((other) => indexKey(other) === indexKey(index)),
  );
  return {
    ...lock,
    distros: {
      ...lock.distros,
      [name]: {
        indexes: [...others, ...indexes],
        packages: { ...known.packages, ...Object.fromEntries(stanzas) },
      },
    },
    answers: { ...lock.answers, [questionDigest(question)]: answer },
  };
}

/** Only the answers asked for, and what they name. */
export function pruneLock(lock: Lock, wanted: ReadonlySet<Digest>): Lock {
  const answers = Object.fromEntries(
    Object.entries(lock.answers).filter(([digest]) => wanted.has(digest as Digest)),
  );
  const used = new Map<string, Set<string>>();
  for (const { distro, packages } of Object.values(answers)) {
    const keys = used.get(distro) ?? new Set();
    for (const key of Object.keys(packages)) keys.add(key);
    used.set(distro, keys);
  }
  const distros = Object.entries(lock.distros).filter(([name]) => used.has(name));
  const pruned = distros.map(([name, distro]) => {
    const packages = Object.entries(distro.packages).filter(([key]) => used.get(name)?.has(key));
    return [name, { ...distro, packages: Object.fromEntries(packages) }] as const;
  });
  return { ...lock, distros: Object.fromEntries(pruned), answers };
}

export function packageKey(item: Pick<ChosenPackage, "name" | "version" | "architecture">): string {
  return `${item.name}_${item.version}_${item.architecture}`;
}

/** The stanza's digest and size of its .deb. @throws {Fault} `unresolved/bad-lock` */
export function debOf(item: ChosenPackage) {
  const size = Number(item.stanza["Size"]);
  const path = item.stanza["Filename"] ?? "";
  const digest = item.stanza["SHA256"] ?? "";
  const isPlain = path !== "" && !path.split("/").includes("..");
  if (!Number.isSafeInteger(size) || !isPlain || !isSha256(digest)) throw damaged(packageKey(item));
  return { sha256: digest, size, path };
}

const shape = z.object({
  format: z.literal("kit/lock/1"),
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

function indexKey({ repository, suite, component, architecture }: LockedIndex): string {
  return [repository, suite, component, architecture].join(" ");
}

/** Keys of all mappings sorted, but for stanzas, whose order is the file's. */
function sorted(lock: Lock): Lock {
  const byKey = <T>(record: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> =>
    Object.fromEntries(
      Object.entries(record)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => [key, change(value)]),
    );
  return {
    format: lock.format,
    distros: byKey(lock.distros, (distro) => ({
      indexes: [...distro.indexes].sort((a, b) => (indexKey(a) < indexKey(b) ? -1 : 1)),
      packages: byKey(distro.packages, (value) => value),
    })),
    answers: byKey(lock.answers, (answer) => ({
      ...answer,
      packages: byKey(answer.packages, (reasons) => reasons),
    })),
  };
}

function damaged(what: string): Fault {
  return new Fault("unresolved/bad-lock", `the lock file names ${what} and does not say what it is`, {
    hint: "restore it from version control, or remove it and run `kit lock`",
  });
}
