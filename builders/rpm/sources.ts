// What a source package is packed of: a spec, and what it names as its sources and patches.
// Pure. Knows where a manifest says each of them is; does not know how it is packed.

import type { Planning } from "../../evaluator/evaluate.ts";
import { type Content, type Derivation, type Input, splitContent } from "../../store/model/derivation.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import { fileInAddress, pinnedFile } from "../fetch/pinned.ts";
import type { RpmManifest } from "../package/rpm.ts";
import { planGit } from "../source/plan.ts";

/** A file or a folder, by what the spec calls it. */
export interface Named {
  readonly name: string;
  readonly input: Input;
}

export type Pack = (spec: Named, sources: readonly Named[]) => Derivation;

export interface SourcesPlan {
  readonly planning: Planning;
  /** Name of the distribution whose packages tools are taken of. */
  readonly distro: string;
  readonly manifest: Pick<RpmManifest, "rpm" | "sources">;
  /** A local file, as the manifest writes it. */
  readonly local: (written: string) => Content;
  readonly place: (path: readonly (string | number)[]) => Place;
}

export interface PlannedSource {
  readonly srpm: Input;
  /** What is built: the same, or one that its checks are not in. */
  readonly unchecked: Input;
  /** Where it is packed. */
  readonly packing?: Derivation;
}

/**
 * The source package that the manifest names, or one packed of its spec; undefined while a question is open.
 *
 * @throws {Fault} `manifest/wrong-type`, `manifest/unnamed-source`, `manifest/same-source`
 */
export function planSources(plan: SourcesPlan, pack: Pack): PlannedSource | undefined {
  const { manifest, place } = plan;
  const { spec } = manifest.rpm;
  const planned = manifest.sources.map((_, index) => planSource(plan, index));
  const sources = planned.flatMap((source) => source ?? []);
  if (sources.length < planned.length) return undefined;
  if (spec !== undefined) {
    refuseSame(sources, place);
    const packing = pack(
      { name: lastPart(spec), input: written(plan, "blob", spec, ["rpm", "spec"]) },
      sources,
    );
    const packed = (output: "srpm" | "unchecked") => ({ derivation: packing, output });
    return { srpm: packed("srpm"), unchecked: packed("unchecked"), packing };
  }
  const [packed] = sources;
  if (packed === undefined) throw new Error("the schema asks for a spec or a source package");
  return { srpm: packed.input, unchecked: packed.input };
}

function planSource(plan: SourcesPlan, index: number): Named | undefined {
  const source = plan.manifest.sources[index];
  const path = ["sources", index] as const;
  if (source === undefined) throw new Error(`there is no source ${index}`);
  const place = (key: string) => plan.place([...path, key]);
  if ("srpm" in source)
    return { name: lastPart(source.srpm), input: written(plan, "blob", source.srpm, [...path, "srpm"]) };
  if ("dir" in source)
    return { name: source.archive, input: written(plan, "tree", source.dir, [...path, "dir"]) };
  if ("file" in source)
    return { name: lastPart(source.file), input: written(plan, "blob", source.file, [...path, "file"]) };
  if ("git" in source) {
    const input = planGit(plan.planning, source, { distro: plan.distro, place });
    return input && { name: source.archive, input };
  }
  const name = nameInAddress(source.url, place("url"));
  return { name, input: pinnedFile(name, source, place) };
}

function written(
  { local, place }: SourcesPlan,
  expected: "blob" | "tree",
  file: string,
  path: readonly (string | number)[],
): Input {
  const content = local(file);
  if (splitContent(content).kind === expected) return { content };
  const text = expected === "blob" ? "is a folder; a file is expected" : "is a file; a folder is expected";
  throw new Fault("manifest/wrong-type", `${file} ${text}`, { place: place(path) });
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** What a spec calls it. @throws {Fault} `manifest/unnamed-source` */
function nameInAddress(url: string, place: Place): string {
  const name = fileInAddress(url);
  if (name !== undefined) return name;
  throw new Fault("manifest/unnamed-source", `the last part of ${url} is no name of a file`, {
    place,
    hint: "a spec calls a source as its address ends: https://example.org/hello-1.0.tar.gz",
  });
}

function refuseSame(sources: readonly Named[], place: SourcesPlan["place"]): void {
  sources.forEach(({ name }, index) => {
    const first = sources.findIndex((one) => one.name === name);
    if (first === index) return;
    throw new Fault("manifest/same-source", `two sources are called ${name}`, {
      place: place(["sources", index]),
      related: [{ place: place(["sources", first]), message: "the other one" }],
      hint: "a spec finds its sources by their names alone: leave one out, or rename its file",
    });
  });
}
