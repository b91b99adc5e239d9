// Planning an .rpm that somebody else built: fetched or taken from beside the manifest, and read.
// Pure. What it depends on stands in the .rpm alone; does not know how others name it.

import { parseStanza } from "../../evaluator/deb/stanza.ts";
import type { Planning } from "../../evaluator/evaluate.ts";
import { type Content, type Input, placed, splitContent } from "../../store/model/derivation.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import type { Made } from "../distro/package.ts";
import { pinnedFile } from "../fetch/pinned.ts";
import type { RpmPrebuiltManifest } from "../package/rpm.ts";
import { packagesFile, rpmAboutDerivation } from "./recipe.ts";

export interface RpmPrebuiltContext {
  readonly local: (written: string) => Content;
  readonly architecture: string;
  /** Where the manifest names the .rpm, or has a key of that. */
  readonly place: (key?: string) => Place;
}

/** Undefined until it is read. @throws {Fault} `manifest/wrong-package`, `manifest/unsupported-architecture` */
export function planRpmPrebuilt(
  planning: Planning,
  manifest: RpmPrebuiltManifest,
  { local, architecture, place: placeOf }: RpmPrebuiltContext,
): Made | undefined {
  const place = placeOf();
  const [source] = manifest.sources;
  if (source === undefined) throw new Error("the schema asks for a source");
  const label = "file" in source ? source.file : `${manifest.name}.rpm`;
  const archive = archiveOf(label, source, { local, place: placeOf });
  const files = [{ name: `${manifest.name}.rpm`, rpm: archive }];
  const about = placed(rpmAboutDerivation(manifest.name, files), { "": place });
  const text = planning.fact(about, "packages", packagesFile);
  if (text === undefined) return undefined;
  const { Filename: _, ...stanza } = parseStanza(text);
  const { Package: name = "", Version: version = "", Architecture: made = "" } = stanza;
  const refuse = (what: string, hint: string) =>
    new Fault("manifest/wrong-package", `the .rpm of ${manifest.name} holds ${what}`, { place, hint });
  if (name !== manifest.name) throw refuse(`the package ${name}`, `write name: ${name}`);
  if (![undefined, version, version.replace(/-[^-]*$/, "")].includes(manifest.version))
    throw refuse(
      `the version ${version}, not ${manifest.version}`,
      `write version: ${version}, or leave it out`,
    );
  if (!["noarch", architecture].includes(made)) {
    throw new Fault(
      "manifest/unsupported-architecture",
      `the .rpm of ${manifest.name} is made for ${made}, not for ${architecture}`,
      { place, hint: `name the one that is made for ${architecture}` },
    );
  }
  return { stanza, archive, label };
}

function archiveOf(
  label: string,
  source: RpmPrebuiltManifest["sources"][number],
  { local, place }: Pick<RpmPrebuiltContext, "local" | "place">,
): Input {
  if ("url" in source) return pinnedFile(label, source, place);
  const content = local(source.file);
  if (splitContent(content).kind === "blob") return { content };
  throw new Fault("manifest/wrong-type", `${source.file} is a folder; an .rpm is expected`, {
    place: place(),
  });
}
