// Small rpm repositories for tests: packages in a few words, as stanzas and as the metadata dnf reads.
// Knows both forms; does not know the resolver.

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compactInMemory } from "../../../evaluator/compact.ts";
import { openRpms, scanRpms } from "../../../evaluator/rpm/listing.ts";
import { isRich, parseRelation } from "../../../evaluator/rpm/relation.ts";
import {
  type Source,
  type Universe,
  type UniverseOptions,
  universe,
} from "../../../evaluator/rpm/universe.ts";
import { parseEvr } from "../../../evaluator/rpm/version.ts";
import { wordTables } from "../../../evaluator/words.ts";

export const fields = [
  "Requires",
  "Provides",
  "Conflicts",
  "Obsoletes",
  "Recommends",
  "Suggests",
  "Supplements",
  "Enhances",
  "Files",
] as const;
type Field = (typeof fields)[number];

export type Spec = {
  readonly name: string;
  /** `[epoch:]version-release`. */
  readonly version: string;
  readonly architecture: string;
  /** Modules that claim it, `name:stream:version:context:arch`, with spaces between. */
  readonly modular?: string;
  /** Files that filelists alone tell. */
  readonly listed?: readonly string[];
} & { readonly [field in Field]?: readonly string[] };

/** `a 1-1` or `a 1-1 i686`; `x86_64` and `1-1` if nothing else is said. */
export function rpm(
  words: string,
  relations: { readonly [field in Field | "listed"]?: readonly string[] } = {},
): Spec {
  const [name = "", version = "1-1", architecture = "x86_64"] = words.split(" ");
  return { name, version, architecture, ...relations };
}

export function nevra({
  name,
  version,
  architecture,
}: Pick<Spec, "name" | "version" | "architecture">): string {
  return `${name}-${version}.${architecture}`;
}

export function stanzaText(spec: Spec): string {
  const lines = [
    `Package: ${spec.name}`,
    `Version: ${spec.version}`,
    `Architecture: ${spec.architecture}`,
    `Filename: ${fileName(spec)}`,
    ...(spec.modular === undefined ? [] : [`Modular: ${spec.modular}`]),
    ...fields.flatMap((field) => {
      const values = spec[field] ?? [];
      return values.length === 0 ? [] : [`${field}:`, ...values.map((value) => ` ${value}`)];
    }),
  ];
  return `${lines.join("\n")}\n`;
}

export function source(packages: readonly Spec[], place: Partial<Omit<Source, "index">> = {}): Source {
  const text = Buffer.from(packages.map((spec) => `${stanzaText(spec)}\n`).join(""));
  const { tables, ...scanned } = scanRpms(text);
  const withModules = { ...tables, ...wordTables("modules", artifactsOf(packages)) };
  const index = openRpms(compactInMemory({ ...scanned, tables: withModules }, text));
  return { index, repository: "main", priority: 99, ...place };
}

/** By stream. */
function artifactsOf(packages: readonly Spec[]): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const spec of packages)
    for (const claim of (spec.modular ?? "").split(" ").filter(Boolean)) {
      const stream = claim.split(":", 2).join(":");
      all.set(stream, [...(all.get(stream) ?? []), artifactOf(spec)]);
    }
  return all;
}

/** As modules name it: always with an epoch. */
export function artifactOf(spec: Spec): string {
  const version = spec.version.includes(":") ? spec.version : `0:${spec.version}`;
  return nevra({ ...spec, version });
}

/** A modules.yaml of streams, `name:stream` with its artifacts; those without a `!` are their module's default. */
export function modulesText(streams: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(streams)
    .map(([key, artifacts], i) => {
      const [name, stream] = key.replace("!", "").split(":");
      const defaults = `---\ndocument: modulemd-defaults\nversion: 1\ndata: {module: ${name}, stream: "${stream}"}\n...\n`;
      const about = `summary: x, description: x, license: {module: [MIT]}, arch: x86_64, context: c${i}`;
      const rpms = artifacts.map((artifact) => JSON.stringify(artifact)).join(", ");
      return `${key.includes("!") ? "" : defaults}---\ndocument: modulemd\nversion: 2\ndata: {name: ${name}, stream: "${stream}", version: ${i + 1}, ${about}, artifacts: {rpms: [${rpms}]}}\n...\n`;
    })
    .join("");
}

export function universeOf(packages: readonly Spec[], options: Partial<UniverseOptions> = {}): Universe {
  return universe({ architecture: "x86_64", sources: [source(packages)], ...options });
}

/** Documents beside the lists of packages. */
export interface Documents {
  /** comps.xml. */
  readonly group?: string;
  /** modules.yaml. */
  readonly modules?: string;
}

/** Writes what dnf reads of a repository: packages in the order of their file names, as createrepo_c has them. */
export function writeRepository(
  folder: string,
  packages: readonly Spec[],
  { group, modules }: Documents = {},
): void {
  mkdirSync(join(folder, "repodata"), { recursive: true });
  const sorted = packages.toSorted((a, b) => (fileName(a) < fileName(b) ? -1 : 1));
  const primary = `<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="${sorted.length}">${sorted.map(primaryOf).join("")}</metadata>`;
  const filelists = `<filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="${sorted.length}">${sorted.map(filesOf).join("")}</filelists>`;
  const lists = { primary, filelists, ...(group && { group }), ...(modules && { modules }) };
  const data = Object.entries(lists).map(([type, text]) => {
    const file = `repodata/${type}.${type === "modules" ? "yaml" : "xml"}`;
    writeFileSync(join(folder, file), text);
    return `<data type="${type}"><checksum type="sha256">${sha256(text)}</checksum><location href="${file}"/><timestamp>1</timestamp><size>${Buffer.byteLength(text)}</size></data>`;
  });
  writeFileSync(
    join(folder, "repodata/repomd.xml"),
    `<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>${data.join("")}</repomd>`,
  );
}

function primaryOf(spec: Spec): string {
  const own = { ...spec, Provides: [...(spec.Provides ?? []), `${spec.name} = ${spec.version}`] };
  const relations = fields
    .filter((field) => field !== "Files" && own[field])
    .map((field) => {
      const tag = `rpm:${field.toLowerCase()}`;
      return `<${tag}>${(own[field] ?? []).map(entryOf).join("")}</${tag}>`;
    });
  const files = (spec.Files ?? []).map((file) => `<file>${file}</file>`);
  return `<package type="rpm"><name>${spec.name}</name><arch>${spec.architecture}</arch><version ${evrOf(spec.version)}/><checksum type="sha256" pkgid="YES">${sha256(nevra(spec))}</checksum><summary>x</summary><description>x</description><packager/><url/><time file="1" build="1"/><size package="1" installed="1" archive="1"/><location href="${fileName(spec)}"/><format><rpm:license>x</rpm:license>${relations.join("")}${files.join("")}</format></package>`;
}

function filesOf(spec: Spec): string {
  const files = [...(spec.Files ?? []), ...(spec.listed ?? [])].map((file) => `<file>${file}</file>`);
  return `<package pkgid="${sha256(nevra(spec))}" name="${spec.name}" arch="${spec.architecture}"><version ${evrOf(spec.version)}/>${files.join("")}</package>`;
}

const flags = { "<": "LT", "<=": "LE", "=": "EQ", ">=": "GE", ">": "GT" } as const;

function entryOf(text: string): string {
  const relation = parseRelation(text);
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  if (isRich(relation)) return `<rpm:entry name="${escaped}"/>`;
  const { name, operator, version } = relation;
  if (operator === undefined || version === undefined) return `<rpm:entry name="${name}"/>`;
  return `<rpm:entry name="${name}" flags="${flags[operator]}" ${evrOf(version)}/>`;
}

function evrOf(text: string): string {
  const { epoch, version, release } = parseEvr(text);
  return `epoch="${epoch || "0"}" ver="${version}"${release === undefined ? "" : ` rel="${release}"`}`;
}

function fileName({ name, version, architecture }: Spec): string {
  return `${name}-${version.replace(/^\d+:/, "")}.${architecture}.rpm`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
