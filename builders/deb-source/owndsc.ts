// Source packages of one's own: a .dsc beside the manifest or at an address, checked, and what it lists, unpacked.
// Pure. Knows where its files are; does not know how a signature is checked, nor what is built of it.

import { dirname, join } from "node:path/posix";
import { type Dsc, readDsc } from "../../evaluator/dsc.ts";
import type { Planning } from "../../evaluator/evaluate.ts";
import type { ListedFile } from "../../evaluator/sourcepackage.ts";
import { type Content, type Input, placed, splitContent } from "../../store/model/derivation.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import type { DebDistro } from "../distro/schema.ts";
import { besideFile, fileInAddress, pinnedFile } from "../fetch/pinned.ts";
import { fetchDerivation } from "../fetch/recipe.ts";
import { type DscSource, formOfDsc } from "../package/source.ts";
import { planTools } from "../tools/plan.ts";
import { debUnpackDerivation, dscDerivation, verdictFile } from "./recipe.ts";
import { parseVerdict, type Verdict } from "./verdict.ts";

export interface OwnDscWish {
  readonly source: DscSource;
  readonly distro: DebDistro;
  readonly local: (written: string) => Content;
  /** Of the source, or of one of its keys. */
  readonly place: (key: "dsc" | "sha256" | "signedBy" | "version") => Place;
}

/**
 * Its tree with its patches applied; undefined until it is read.
 *
 * @throws {Fault} `digest/unsigned`, `digest/unknown-key`, `digest/bad-signature`, `digest/malformed-source`,
 * `manifest/bad-key`, `manifest/wrong-type`, `manifest/wrong-package`
 */
export function planOwnDsc(planning: Planning, wish: OwnDscWish): Input | undefined {
  const { source, distro, place } = wish;
  const label = fileNameOf(source.dsc);
  const dsc = dscInput(label, wish);
  const keys = source.signedBy === undefined ? undefined : blobAt(source.signedBy, "signedBy", wish);
  const text = planning.fact(dscDerivation(label, dsc, keys), "verdict", verdictFile);
  const tools = planTools(planning, "dpkg-source", distro.name);
  const launcher = planTools(planning, "launcher", distro.name);
  if (text === undefined || tools === undefined || launcher === undefined) return undefined;
  const read = believed(label, parseVerdict(text), wish);
  if (source.version !== undefined && source.version !== read.version) {
    throw new Fault("manifest/wrong-package", `${label} is of ${read.source} ${read.version}`, {
      place: place("version"),
      hint: `write version: ${read.version}, or leave it out`,
    });
  }
  const files = read.files.map((file) => ({ name: file.name, input: listedInput(file, wish) }));
  const all = [{ name: read.name, input: dsc }, ...files];
  const unpacked = debUnpackDerivation(read.source, all, { tools, launcher });
  return { derivation: placed(unpacked, { "": place("dsc") }), output: "source" };
}

/** What people know it by. */
function fileNameOf(written: string): string {
  const name = formOfDsc(written) === "address" ? fileInAddress(written) : written.split("/").at(-1);
  return name || written;
}

function dscInput(label: string, wish: OwnDscWish): Input {
  const { dsc: url, sha256, mirrors } = wish.source;
  // The schema asks for a digest where there is an address.
  return sha256 === undefined
    ? blobAt(url, "dsc", wish)
    : pinnedFile(label, { url, sha256, mirrors }, (key) => wish.place(key === "url" ? "dsc" : key));
}

function blobAt(written: string, key: "dsc" | "signedBy", { local, place }: OwnDscWish): Input {
  const content = local(written);
  if (splitContent(content).kind === "blob") return { content };
  throw new Fault("manifest/wrong-type", `${written} is a folder; a file is expected`, { place: place(key) });
}

/** Beside a .dsc on the disk, or else wherever else somebody has it by its digest; of one at an address in its folder. */
function listedInput({ name, sha256, size }: ListedFile, { source, place }: OwnDscWish): Input {
  const { dsc, mirrors } = source;
  const by = place("dsc");
  const isHere = formOfDsc(dsc) === "path";
  const folder = isHere ? join(dirname(by.file), dirname(dsc)) : dirname(by.file);
  const urls = isHere
    ? []
    : [dsc, ...mirrors].map((url) => new URL(`./${encodeURIComponent(name)}`, url).href);
  const where = { urls, beside: besideFile(join(folder, name), by) };
  const fetched = fetchDerivation(name, { sha256, size }, where);
  return { derivation: placed(fetched, { "": by }), output: "file" };
}

function believed(label: string, verdict: Verdict, wish: OwnDscWish): Dsc {
  if ("code" in verdict) throw refusal(label, verdict, wish);
  try {
    return readDsc(verdict.text);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { code, message, hint = "" } = error;
    throw new Fault(code, `${label}: ${message}`, { place: wish.place("dsc"), hint, cause: error });
  }
}

function refusal(
  label: string,
  { code, why, details }: Extract<Verdict, { readonly code: string }>,
  { source, place }: OwnDscWish,
): Fault {
  if (code === "manifest/bad-key")
    return new Fault(code, `${source.signedBy}: ${why}`, {
      ...{ place: place("signedBy"), details },
      hint: "signedBy names a file of public keys, as `gpg --export KEY` or `gpg --armor --export KEY` writes it",
    });
  return new Fault(code, `${label}: ${why}`, { place: place("dsc"), details, hint: hints[code] });
}

const anyway = "or say unsigned: true in place of signedBy, and it is taken as it is";

const hints = {
  "digest/malformed-source": "a .dsc has a few lines for each of its files: is this one?",
  "digest/unsigned": `sign it, as debsign or gpg --clearsign does, ${anyway}`,
  "digest/unknown-key": `if you trust who signed it, add their key to the file that signedBy names, ${anyway}`,
  "digest/bad-signature":
    "it was altered after it was signed, or its key was no longer good: take it anew from whoever signed it",
} as const;
