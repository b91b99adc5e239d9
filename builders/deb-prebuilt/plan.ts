// Planning a .deb that somebody else built: fetched or taken from beside the manifest, and read.
// Pure. What it depends on stands in the .deb alone; does not know how others name it.

import { describePackage } from "../../evaluator/deb/package.ts";
import { parseStanza, type Stanza } from "../../evaluator/deb/stanza.ts";
import type { Planning } from "../../evaluator/evaluate.ts";
import { type Content, type Input, placed, splitContent } from "../../store/model/derivation.ts";
import { Fault, faultsOf, type Place } from "../../store/model/fault.ts";
import type { Made } from "../distro/package.ts";
import { pinnedFile } from "../fetch/pinned.ts";
import type { DebPrebuiltManifest } from "../package/deb-prebuilt.ts";
import { unpackDerivation } from "../unpack/recipe.ts";

export interface DebPrebuiltContext {
  readonly local: (written: string) => Content;
  readonly architecture: string;
  /** Where the manifest names the .deb, or has a key of that. */
  readonly place: (key?: string) => Place;
}

/**
 * It is unpacked before anything can be resolved; undefined until then.
 *
 * @throws {Fault} `manifest/wrong-package`, `manifest/unsupported-architecture`, `digest/bad-deb`
 */
export function planDebPrebuilt(
  planning: Planning,
  manifest: DebPrebuiltManifest,
  { local, architecture, place: placeOf }: DebPrebuiltContext,
): Made | undefined {
  const place = placeOf();
  const [source] = manifest.sources;
  if (source === undefined) throw new Error("the schema asks for a source");
  const label = "file" in source ? source.file : `${manifest.name}.deb`;
  const deb: Input =
    "file" in source
      ? { content: blobContent(local(source.file), source.file) }
      : pinnedFile(label, source, placeOf);
  const unpacking = placed(unpackDerivation(label, deb), { "": place });
  const control = planning.fact(unpacking, "control", "control");
  if (control === undefined) return undefined;
  const stanza = controlOf(control, label, place);
  const { Package: name, Architecture: made = "" } = stanza;
  if (name !== manifest.name) {
    throw new Fault("manifest/wrong-package", `the .deb of ${manifest.name} holds the package ${name}`, {
      place,
      hint: `write name: ${name}`,
    });
  }
  const { Version: version = "" } = stanza;
  if (manifest.version !== undefined && manifest.version !== version) {
    throw new Fault(
      "manifest/wrong-package",
      `the .deb of ${name} holds the version ${version}, not ${manifest.version}`,
      { place, hint: `write version: ${version}, or leave it out` },
    );
  }
  if (made !== "all" && made !== architecture) {
    throw new Fault(
      "manifest/unsupported-architecture",
      `the .deb of ${manifest.name} is made for ${made || "no architecture"}, not for ${architecture}`,
      { place, hint: `name the one that is made for ${architecture}` },
    );
  }
  return { stanza, archive: deb, label };
}

/** @throws {Fault} `digest/bad-deb` */
function controlOf(text: string, label: string, place: Place): Stanza {
  try {
    const stanza = parseStanza(text);
    describePackage(stanza);
    return stanza;
  } catch (error) {
    const [fault] = faultsOf(error);
    if (fault === undefined) throw error;
    throw new Fault("digest/bad-deb", `the control file of ${label}: ${fault.message}`, {
      place,
      cause: error,
      hint: "no tool of Debian makes such a package: build it again with dpkg-deb",
    });
  }
}

function blobContent(content: Content, written: string): Content {
  if (splitContent(content).kind === "blob") return content;
  throw new Fault("manifest/wrong-type", `${written} is a folder; a .deb is expected`);
}
