// Assembly: a manifest with all it refers to, read and checked as one.
// Knows how references lead from file to file; does not know any kind, and reads no file itself.

import { dirname, join, normalize } from "node:path/posix";
import { Fault, Faults, faultsOf } from "../../store/model/fault.ts";
import { type Kind, type LocalFile, localsIn, type Path, type Reference } from "../kind.ts";
import type { Assembled, Assembly, ResolvedReference } from "./assembly.ts";
import { sortFaults } from "./check.ts";
import { cycleFaults } from "./cycle.ts";
import { type Document, readDocument } from "./document.ts";
import { kindOf } from "./kind.ts";
import { nearest } from "./nearest.ts";
import { limits } from "./node.ts";
import { checkFor } from "./settle.ts";
import { localPath } from "./value.ts";
import { defaultDistro, dependsOnTarget, type Target } from "./variables.ts";

export interface AssembleOptions {
  readonly kinds: readonly Kind<unknown>[];
  /** The text of a file; undefined where there is none. Called once a file; what it throws is passed on. */
  readonly read: (file: string) => Promise<string | undefined>;
  /** Whether there is a file or folder. */
  readonly has: (path: string) => boolean;
  /** Paths of all files in a folder and below, relative to it and sorted; undefined where it is none. */
  readonly list: (folder: string) => readonly string[] | undefined;
  /** The folder of the manifests that ship. */
  readonly shipped: string;
}

/**
 * Reads the manifest at `root` and all it refers to, each once. Which manifests take part is the same for all targets.
 *
 * @throws {Faults} every fault of every file: those of reading and checking, `manifest/missing-file`,
 * `manifest/wrong-kind`, `manifest/cycle`, `manifest/unknown-variable`
 */
export async function assemble(root: string, options: AssembleOptions): Promise<Assembly> {
  const start = normalize(root);
  const manifests = new Map<string, Assembled>();
  const asked = new Set<string>();
  const faults: Fault[] = [];
  let wave: Wanted[] = [{ file: start }];
  while (wave.length > 0) {
    for (const { file } of wave) asked.add(file);
    const read = await Promise.all(
      wave.map(async (wanted) => ({ wanted, text: await options.read(wanted.file) })),
    );
    const parts = read.map(({ wanted, text }) => ({ wanted, part: partOf(wanted, text, options) }));
    const contents = parts.flatMap(({ part }) => part.contents ?? []);
    const found = parts.flatMap(({ wanted, part }) => {
      // A folder has manifests of other kinds too, files that are none, and what packages are made of.
      if (isOther(part, wanted.reference) || isContent(wanted, contents)) {
        // Somebody else may still mean it.
        asked.delete(wanted.file);
        return [];
      }
      faults.push(...part.faults);
      if (part.assembled) manifests.set(wanted.file, part.assembled);
      return part.assembled ?? [];
    });
    wave = wantedBy(found, asked);
  }
  for (const [file, item] of manifests) manifests.set(file, withoutOthers(item, manifests));
  faults.push(...wrongKinds(manifests), ...cycleFaults(start, manifests));
  if (faults.length > 0) throw new Faults(sortFaults(faults));
  return { root: start, manifests };
}

function isOther({ assembled, isStrange = false }: Part, reference: ResolvedReference | undefined): boolean {
  if (reference?.found !== true) return false;
  return assembled === undefined ? isStrange : assembled.kind.name !== reference.kind;
}

/** Whether it was found in a folder that a manifest outside of it names as its source: that is nobody's own to search. */
function isContent({ file, reference }: Wanted, contents: readonly Content[]): boolean {
  const isBelow = (path: string, folder: string) => path.startsWith(`${folder.replace(/\/+$/, "")}/`);
  return (
    reference?.found === true &&
    contents.some(({ folder, from }) => isBelow(file, folder) && !isBelow(from, folder))
  );
}

/** What came of one file. */
interface Part {
  readonly assembled?: Assembled;
  readonly faults: readonly Fault[];
  /** It is no manifest at all: YAML of something else, or no YAML. */
  readonly isStrange?: boolean;
  readonly contents?: readonly Content[];
}

/** What a manifest names beside it, by canonical path; of a file it is harmless to think that things lie below. */
interface Content {
  readonly folder: string;
  readonly from: string;
}

/** A link that leads nowhere is found like a file, and is none. */
function partOf(wanted: Wanted, text: string | undefined, options: AssembleOptions): Part {
  if (text === undefined) return { faults: [missingFile(wanted)], isStrange: true };
  return assembleFile(wanted.file, text, options);
}

/** References that a folder was found to hold, to manifests of the kind that is meant alone. */
function withoutOthers(item: Assembled, manifests: ReadonlyMap<string, Assembled>): Assembled {
  const counts = ({ found, file, kind }: ResolvedReference) =>
    found !== true || manifests.get(file)?.kind.name === kind;
  return { ...item, references: item.references.filter(counts) };
}

/** A file that is to be read, and who says so first. */
interface Wanted {
  readonly file: string;
  readonly reference?: ResolvedReference;
  readonly from?: Assembled;
}

function wantedBy(found: readonly Assembled[], asked: ReadonlySet<string>): Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const from of found) {
    for (const reference of from.references) {
      const { file } = reference;
      const isMeant = !wanted.has(file) || (wanted.get(file)?.reference?.found && !reference.found);
      if (!asked.has(file) && isMeant) wanted.set(file, { file, reference, from });
    }
  }
  return [...wanted.values()];
}

/** One file's part; where it is a document of a known kind, its references are followed even if it has faults. */
function assembleFile(file: string, text: string, { kinds, has, list, shipped }: AssembleOptions): Part {
  let isStrange = !isManifestText(text, kinds);
  try {
    const document = readDocument(file, text);
    isStrange = !isManifestLike(document, kinds);
    const kind = kindOf(document, kinds);
    const { value, manifest, faults } = checkFor(sampleTarget(document.value), document, kind);
    const written = kind
      .references(manifest ?? value)
      .filter(({ to }) => typeof to === "string" && form.test(to));
    const moving = new Set(
      written.filter(({ path }) => dependsOnTarget(textAt(document, path), document.value)),
    );
    const locals = localsIn(manifest ?? value, kind.locals).filter(
      ({ path, file: local }) =>
        localPath.safeParse(local).success && !dependsOnTarget(textAt(document, path), document.value),
    );
    const missing = locals.filter(({ file: local }) => !has(join(dirname(file), local)));
    const references = written
      .filter((reference) => !moving.has(reference))
      .map((reference) => ({ ...reference, file: resolveReference(file, reference, shipped) }))
      .flatMap((reference) => manifestsAt(reference, list));
    const refused = [...moving].slice(0, limits.faults).map(({ path }) => movingReference(document, path));
    const assembled = { file, kind, name: nameOf(document), document, references };
    const missed = missing.slice(0, limits.faults).map((local) => missingLocal(document, local));
    return {
      assembled,
      faults: [...faults, ...refused, ...missed],
      contents: locals.map(({ file: local }) => ({ folder: join(dirname(file), local), from: file })),
    };
  } catch (error) {
    if (faultsOf(error).length === 0) throw error;
    return { faults: faultsOf(error), isStrange };
  }
}

/** Whether its kind is one that is known, or meant. */
function isManifestLike({ value }: Document, kinds: readonly Kind<unknown>[]): boolean {
  const { kind } = (value ?? {}) as { readonly kind?: unknown };
  return typeof kind === "string" && isKindLike(kind, kinds);
}

/** The same of a text that may be no YAML, or more documents than one. */
function isManifestText(text: string, kinds: readonly Kind<unknown>[]): boolean {
  return [...text.matchAll(/^kind:[ \t]+["']?([\w-]+)/gm)].some(([, kind = ""]) => isKindLike(kind, kinds));
}

function isKindLike(kind: string, kinds: readonly Kind<unknown>[]): boolean {
  const names = kinds.map(({ name }) => name);
  return names.includes(kind) || nearest(kind, names) !== undefined;
}

/**
 * Some target, to check a manifest before anybody asked for one: its own first architecture, the default build type, some
 * machine where it does not say itself what that is.
 */
function sampleTarget(value: unknown): Target {
  const { architectures, distro, vars } = value as {
    architectures?: unknown;
    distro?: unknown;
    vars?: { machine?: unknown } | null;
  };
  const first: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  const named = typeof first === "string" && !["any", "all", "noarch"].includes(first);
  return {
    arch: named ? first : "amd64",
    buildType: "release",
    distro: typeof distro === "string" && !distro.startsWith(".") ? distro : defaultDistro,
    ...(vars?.machine === undefined && { machine: "any" }),
  };
}

function movingReference(document: Document, path: Path): Fault {
  const message = "which manifests take part cannot depend on architecture, build type, distro or machine";
  const hint = "refer to one manifest, and use the variables inside it";
  return new Fault("manifest/bad-value", message, { place: document.place(path), hint });
}

/** What can be looked for: a relative path, or a name. Anything else is its schema's to refuse. */
const form = /^(?:\.\.?\/[^\0]+|[a-z0-9][a-z0-9.+/-]*)$/;

function resolveReference(file: string, reference: Reference, shipped: string): string {
  if (/^\.\.?\//.test(reference.to)) return join(dirname(file), reference.to);
  return join(shipped, `${reference.kind}s`, `${reference.to}.yaml`);
}

/** The reference itself; of a folder, one to each manifest in it. */
function manifestsAt(
  reference: ResolvedReference,
  list: AssembleOptions["list"],
): readonly ResolvedReference[] {
  const files = reference.folder ? list(reference.file) : undefined;
  if (files === undefined) return [reference];
  return files
    .filter((file) => /\.ya?ml$/.test(file))
    .map((file) => ({ ...reference, file: join(reference.file, file), found: true }));
}

function missingFile({ file, reference, from }: Wanted): Fault {
  if (reference === undefined || from === undefined) {
    return new Fault("manifest/missing-file", `there is no file ${file}`, {
      hint: "name the manifest's file",
    });
  }
  const place = from.document.place(reference.path);
  if (/^\.\.?\//.test(reference.to)) {
    return new Fault("manifest/missing-file", `there is no file ${file}`, {
      place,
      hint: `${reference.to} is looked for in the folder of ${from.file}`,
    });
  }
  return new Fault(
    "manifest/missing-file",
    `no ${reference.kind} of the name ${reference.to} ships with kit`,
    {
      place,
      hint: `one of your own is named by a path that begins with ./ or ../`,
    },
  );
}

/** For the loader too: a path that depends on the target is looked for when there is one. */
export function missingLocal(document: Document, { path, file }: LocalFile): Fault {
  return new Fault("manifest/missing-file", `there is no ${file} beside this manifest`, {
    place: document.place(path),
    hint: "the path is relative to the manifest's own folder",
  });
}

function wrongKinds(manifests: ReadonlyMap<string, Assembled>): Fault[] {
  return [...manifests.values()].flatMap(({ document, references }) =>
    references.flatMap((reference) => {
      const target = manifests.get(reference.file);
      if (target === undefined || target.kind.name === reference.kind) return [];
      const message = `a ${reference.kind} belongs here, and ${reference.to} is a manifest of kind ${target.kind.name}`;
      return new Fault("manifest/wrong-kind", message, {
        place: document.place(reference.path),
        related: [{ place: target.document.place(["kind"]), message: "its kind" }],
      });
    }),
  );
}

function nameOf({ value, file }: Document): string {
  const { name } = value as { name?: unknown };
  return typeof name === "string" ? name : file;
}

/** The text at a path as it is written. */
function textAt(document: Document, path: Path): string {
  return String(
    path.reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], document.value),
  );
}
