// Other metadata: what changed in every package of an rpm repository, version by version.
// Knows what createrepo_c writes; does not know since when somebody wants to know.

import { type Change, changesField } from "../../../evaluator/changelog.ts";
import { formatStanza } from "../../../evaluator/deb/stanza.ts";
import { Fault } from "../../../store/model/fault.ts";
import { identityOf, oneLine, versionOf } from "./field.ts";
import type { PackagesReader } from "./primary.ts";
import { openWarnings } from "./warnings.ts";
import { readXml, type XmlElement } from "./xml.ts";

/**
 * Reads other.xml as it is unpacked: each package goes to `sink` as a stanza of its name, version, architecture and
 * `Changes`, with the empty line after it, in the file's order. A package with a broken field is skipped with a warning.
 *
 * `end` throws a Fault `digest/bad-other` where it is another file.
 */
export async function readOther(label: string, sink: (text: string) => void): Promise<PackagesReader> {
  const warnings = openWarnings(label);
  let packages = 0;
  const reader = await readXml(label, {
    root(name) {
      if (name === "otherdata") return;
      throw new Fault("digest/bad-other", `${label}: not a list of changes: it begins with <${name}>`, {
        hint: "the repository's metadata is damaged: try another mirror",
      });
    },
    record(element) {
      if (element.name !== "package") return;
      const text = warnings.guard(element.attributes["name"], () => stanzaText(element));
      if (text === undefined) return;
      packages++;
      sink(text);
    },
  });
  return {
    ...reader,
    get packages() {
      return packages;
    },
    warnings: warnings.all,
  };
}

function stanzaText({ attributes, children }: XmlElement): string {
  const { name = "", arch = "" } = attributes;
  const identity = identityOf(
    name,
    arch,
    children.find((child) => child.name === "version"),
  );
  const changes = children.filter((child) => child.name === "changelog").map(changeOf);
  const stanza = {
    Package: identity.name,
    Version: versionOf(identity),
    Architecture: identity.architecture,
    Changes: changesField(changes),
  };
  return `${formatStanza(stanza)}\n`;
}

/** createrepo_c gives the entries of one day a second each, so that their order is that of their dates. */
function changeOf({ attributes, text }: XmlElement): Change {
  const { author = "", date = "" } = attributes;
  return {
    date: /^\d{1,11}$/.test(date) ? Number(date) : 0,
    author: oneLine(author),
    lines: text.split("\n").flatMap((line) => oneLine(line) || []),
  };
}
