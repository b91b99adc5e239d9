// Comps: a repository's groups and environments of packages.
// Knows the format and what of a group dnf installs; does not know which packages there are.

import { Fault } from "../../../store/model/fault.ts";
import { isWord } from "./field.ts";
import { childrenOf, parseXml, textOf, type XmlElement } from "./xml.ts";

export interface Comps {
  /**
   * By id what a group asks for, in its order: names of its mandatory and default packages, and of a conditional one
   * `(name if other)`, as dnf has it (dnf.conf(5), group_package_types).
   */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** By id the groups that an environment is sure to have. */
  readonly environments: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads comps.xml. Categories, language packs and what is optional are passed over, as are packages whose names are none,
 * of an unknown type, conditional ones without a condition, and what is marked as another architecture's (`arch=`), as
 * dnf filters it.
 *
 * @throws {Fault} `digest/bad-xml`, `digest/too-large`; `digest/bad-comps` where it is another file or has an id twice
 */
export async function parseComps(label: string, document: Uint8Array, architecture?: string): Promise<Comps> {
  const root = await parseXml(label, document, compsLimits);
  if (root.name !== "comps") throw bad(label, `it begins with <${root.name.slice(0, 40)}>`);
  return {
    groups: byId(label, root, "group", architecture, membersOf),
    environments: byId(label, root, "environment", architecture, groupsOf),
  };
}

const compsLimits = { records: 1, depth: 16, elements: 1_000_000, record: 1 << 26, piece: 1 << 20 } as const;

function byId(
  label: string,
  root: XmlElement,
  name: string,
  architecture: string | undefined,
  read: (element: XmlElement, isFor: Fits) => readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const isFor: Fits = ({ attributes: { arch } }) =>
    architecture === undefined || arch === undefined || arch.split(/[\s,]+/).includes(architecture);
  for (const element of childrenOf(root, name)) {
    if (!isFor(element)) continue;
    const id = textOf(element, "id") ?? "";
    if (!isWord(id)) throw bad(label, `a ${name} has no id`);
    if (found.has(id)) throw bad(label, `the ${name} ${id} is there twice`);
    found.set(id, [...new Set(read(element, isFor))]);
  }
  return found;
}

type Fits = (element: XmlElement) => boolean;

function membersOf(group: XmlElement, isFor: Fits): string[] {
  const listed = childrenOf(group, "packagelist").flatMap((list) => childrenOf(list, "packagereq"));
  return listed.filter(isFor).flatMap(memberOf);
}

// As libcomps, which dnf reads groups with: mandatory where nothing is said, and in none where it is another word.
function memberOf({ attributes, text }: XmlElement): string[] {
  const name = text.trim();
  const { type = "mandatory", requires = "" } = attributes;
  if (!packageName.test(name)) return [];
  if (type === "conditional") return capability.test(requires) ? [`(${name} if ${requires})`] : [];
  return type === "mandatory" || type === "default" ? [name] : [];
}

const packageName = /^[A-Za-z0-9_][A-Za-z0-9._+~^-]*$/;
const capability = /^[^\s,()<>=]+(?:\([^\s,()]*\))*$/;

function groupsOf(environment: XmlElement, isFor: Fits): string[] {
  const listed = childrenOf(environment, "grouplist").flatMap((list) => childrenOf(list, "groupid"));
  return listed
    .filter(isFor)
    .map(({ text }) => text.trim())
    .filter(isWord);
}

function bad(label: string, why: string): Fault {
  return new Fault("digest/bad-comps", `${label}: not a sound comps file: ${why}`, {
    hint: "the repository's metadata is damaged: try another mirror",
  });
}
