// One of two things that are compared: a manifest, a lock, or a result, as it is now or as a git revision has it.
// Knows how each is named and read; does not compare anything.

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { isAbsolute } from "node:path";
import { type LineOptions, type Planned, planLine } from "../../builders/realizer/line.ts";
import type { RealizeOptions } from "../../builders/realizer/means.ts";
import { chosenPackages, installedPackages } from "../../evaluator/diff/packages.ts";
import type { Root } from "../../evaluator/diff/root.ts";
import { type PresentView, viewsAnswered } from "../../evaluator/diff/views.ts";
import { allDerivations, type Wish } from "../../evaluator/evaluate.ts";
import { isRoot } from "../../evaluator/question.ts";
import { type Content, splitContent } from "../../store/model/derivation.ts";
import { type Digest, digestFromHex } from "../../store/model/digest.ts";
import { Fault, Faults, faultsOf, type Place } from "../../store/model/fault.ts";
import { type Entry, entriesByPath } from "../../store/model/tree.ts";
import { findMember } from "../../store/pool.ts";
import { readRoots } from "../../store/roots.ts";
import type { Parts } from "../composition.ts";
import { lockPath, readLockFile } from "../lockfile.ts";
import { openRevision, parseRevision, type Revision } from "../revision.ts";
import type { Side } from "./comparison.ts";
import { knownOf, short } from "./selection.ts";

export interface SideMeans {
  readonly parts: Parts;
  /** The working directory, and a path of the command line from there. */
  readonly directory: string;
  readonly absolute: (written: string) => string;
  readonly wish: Wish;
  readonly build: RealizeOptions;
}

/** @throws {Fault} `usage/no-such-file`, `usage/no-revision`, `usage/no-result`; what planning says */
export async function readSide(written: string, means: SideMeans): Promise<Side> {
  if (written === "")
    throw new Fault("usage/bad-option", "an empty word names nothing that could be compared");
  const hex = /^(?:blake3-)?([0-9a-f]{64})$/.exec(written)?.[1];
  if (hex !== undefined) return resultSide(digestFromHex(hex), means.parts);
  const file = means.absolute(written);
  // As it is written: made absolute, `HEAD:../x` would have no `HEAD:` left.
  const isThere = existsSync(isAbsolute(written) ? written : `${means.directory}/${written}`);
  const revision = isThere ? undefined : parseRevision(written);
  if (revision === undefined) return await fileSide(file, means);
  using opened = openRevision(revision, means.directory);
  try {
    return await fileSide(opened.file, means);
  } catch (error) {
    throw renamed(error, opened);
  }
}

/** Told of the revision, not of the folder that is gone by the time somebody reads it. */
function renamed(error: unknown, { named }: Revision): unknown {
  const faults = faultsOf(error).map((fault) => {
    const placed = (place: Place): Place => ({ ...place, file: named(place.file) });
    return new Fault(fault.code, named(fault.message), {
      ...(fault.place && { place: placed(fault.place) }),
      ...(fault.hint !== undefined && { hint: named(fault.hint) }),
      related: fault.related.map(({ place, message }) => ({ place: placed(place), message: named(message) })),
      details: fault.details.map(named),
      cause: fault.cause,
    });
  });
  return faults.length === 0 ? error : new Faults(faults);
}

async function fileSide(file: string, means: SideMeans): Promise<Side> {
  if (!existsSync(file)) throw new Fault("usage/no-such-file", `there is no file ${file}`);
  const request = requestOf(file, means.parts);
  if (request !== undefined) return resultSide(request, means.parts);
  if (file.endsWith(".lock")) return { lock: readLockFile(file) };
  const { parts, wish, build } = means;
  const options: LineOptions = { manifest: file, wish, locking: { mode: "pinned" } };
  const planned = await planLine(options, parts.line(file), build).catch((error: unknown) => {
    throw withoutLock(error, file);
  });
  const { lock, assembly } = planned.world;
  const derivations = allDerivations(planned.plan.outputs);
  const packages = chosenPackages(planned.plan.answered);
  const views = viewsAnswered(planned.plan.views);
  const targets = targetsOf(planned.plan, views);
  return { lock, packages, views, assembly, derivations, targets, roots: rootsOf(planned, parts) };
}

/** Each once. */
function targetsOf(
  { answered }: Planned["plan"],
  views: readonly PresentView[],
): NonNullable<Side["targets"]> {
  const roots = answered.filter(({ question }) => isRoot(question)).map(({ question: { source } }) => source);
  const all = [...roots, ...views.map(({ architecture, locked: { distro } }) => ({ distro, architecture }))];
  const keyed = all.map(({ distro, architecture }) => [
    `${distro} ${architecture}`,
    { distro, architecture },
  ]);
  return [...new Map(keyed as [string, (typeof all)[number]][]).values()];
}

/** Which of the two sides it is that nobody locked. */
function withoutLock(error: unknown, file: string): unknown {
  const [fault] = faultsOf(error);
  if (fault?.code !== "unresolved/not-locked") return error;
  if (existsSync(lockPath(file)))
    return new Fault(fault.code, `${file}: ${fault.message}`, {
      details: fault.details,
      ...(fault.hint !== undefined && { hint: fault.hint }),
    });
  return new Fault(fault.code, `there is no lock beside ${file}`, {
    hint: "what is not locked cannot be compared: run `kit lock`, and keep the lock file in version control",
  });
}

/** What was made into the output that a file in the store is, or a link leads to; undefined where it is elsewhere. */
function requestOf(file: string, { layout }: Parts): Digest | undefined {
  const [found, outputs] = [realpathSync(file), `${layout.outputs}/`];
  const store = existsSync(outputs) ? `${realpathSync(outputs)}/` : outputs;
  if (!found.startsWith(store)) return undefined;
  const hex = found.slice(store.length).split("/")[0] ?? "";
  // Any that keeps it: of whatever was made into just this, the root is as good.
  const kept = readRoots(layout).find(
    ({ root }) => root.kind === "link" && root.contents.some((content) => content.endsWith(`-${hex}`)),
  );
  const request = kept?.root.requests.at(-1);
  if (request !== undefined) return request;
  throw new Fault("usage/no-result", `${file} leads into the store, and no link keeps what it leads to`, {
    hint: "name the link that `kit realize -o` made, or the digest of a request",
  });
}

/** The root file system a result is, or was made of. */
function resultSide(request: Digest, parts: Parts): Side {
  const { records } = parts;
  const made = records.result(request);
  const root = made?.outputs["root"] ?? records.origin(request)?.request?.inputs["root"];
  if (made === undefined)
    throw new Fault("usage/no-result", `the store has no result of ${short(request)}`, {
      hint: "bring it with `kit pull`, or name a manifest",
    });
  if (root === undefined || !records.has(root))
    throw new Fault(
      "usage/no-result",
      `no root file system is known that the result of ${short(request)} is made of`,
      {
        hint: "name a manifest, or the result of an image",
      },
    );
  const found = rootAt(root, parts);
  return { roots: new Map([[architectureIn(found), found]]) };
}

/** Root file systems that are built already, by architecture. */
function rootsOf({ plan: { outputs } }: Planned, parts: Parts): ReadonlyMap<string, Root> {
  const known = knownOf(allDerivations(outputs), (request) => parts.records.result(request));
  const results = new Map(known.map(({ derivation, result }) => [derivation.digest, result]));
  return new Map(
    outputs.flatMap(({ architecture, derivation }): [string, Root][] => {
      const input = derivation.inputs["root"];
      if (input === undefined || !("derivation" in input)) return [];
      const content = results.get(input.derivation.digest)?.outputs[input.output];
      return content === undefined || !parts.records.has(content)
        ? []
        : [[architecture, rootAt(content, parts)]];
    }),
  );
}

function rootAt(content: Content, { records, layout }: Parts): Root {
  const tree = records.tree(splitContent(content).digest);
  const entries: ReadonlyMap<string, Entry> = entriesByPath(tree);
  const bytes = (path: string) => {
    const entry = entries.get(path);
    if (entry?.type !== "file" || entry.size > mostText) return undefined;
    const member = findMember(layout, entry.blob, entry);
    return member === undefined ? undefined : readFileSync(member);
  };
  return { tree, bytes, read: (path) => bytes(path)?.toString() };
}

/** Bytes of a text that is compared: dpkg's status has 1 KiB a package. */
const mostText = 64 << 20;

/** That of most of its packages. */
function architectureIn({ read }: Root): string {
  const all = installedPackages(read("var/lib/dpkg/status") ?? "").map(({ architecture }) => architecture);
  const counts = Map.groupBy(
    all.filter((name) => name !== "all"),
    (name) => name,
  );
  const [most] = [...counts].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  return most?.[0] ?? "all";
}
