// Comps: a repository's groups, categories and environments of packages.
// Knows the format and how a group becomes requests; does not know which packages there are.

import { nearest } from "../../../evaluator/manifest/nearest.ts";
import { Fault } from "../../../store/model/fault.ts";
import { isWord, oneLine } from "./field.ts";
import { childrenOf, parseXml, textOf, type XmlElement } from "./xml.ts";

export interface Comps {
  readonly groups: ReadonlyMap<string, Group>;
  readonly categories: ReadonlyMap<string, Category>;
  readonly environments: ReadonlyMap<string, Environment>;
}

/** Names and descriptions are those without a language, on one line; ids are words. */
export interface Group extends Described {
  readonly default: boolean;
  readonly userVisible: boolean;
  readonly packages: readonly GroupPackage[];
}

export interface Category extends Described {
  readonly groups: readonly string[];
}

export interface Environment extends Described {
  readonly groups: readonly string[];
  readonly optionalGroups: readonly { readonly id: string; readonly default: boolean }[];
}

export interface Described {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

export type GroupPackage =
  | { readonly type: "mandatory" | "default" | "optional"; readonly name: string }
  /** Wanted where the package `requires` is there. */
  | { readonly type: "conditional"; readonly name: string; readonly requires: string };

export type PackageType = GroupPackage["type"];

/** A package a group asks for; with `when`, only where that package is installed. */
export interface GroupRequest {
  readonly name: string;
  readonly when?: string;
}

/** What dnf installs of a group unless it is told otherwise (dnf.conf(5), group_package_types). */
export const defaultTypes: readonly PackageType[] = ["mandatory", "default", "conditional"];

/**
 * Reads comps.xml. Language packs are passed over, as are packages without a name, of an unknown type, and
 * conditional ones without a condition.
 *
 * @throws {Fault} `digest/bad-xml`, `digest/too-large`; `digest/bad-comps` where it is another file or has an id twice
 */
export async function parseComps(label: string, document: Uint8Array): Promise<Comps> {
  const root = await parseXml(label, document, compsLimits);
  if (root.name !== "comps") throw bad(label, `it begins with <${root.name.slice(0, 40)}>`);
  return {
    groups: byId(label, root, "group", groupOf),
    categories: byId(label, root, "category", (element) => ({
      ...describe(element),
      groups: idsIn(element, "grouplist"),
    })),
    environments: byId(label, root, "environment", environmentOf),
  };
}

/**
 * What a group asks for, in its order, each request once.
 *
 * @throws {Fault} `unresolved/unknown-group`
 */
export function groupRequests(
  comps: Comps,
  id: string,
  types: readonly PackageType[] = defaultTypes,
): readonly GroupRequest[] {
  const group = comps.groups.get(id);
  if (group === undefined) throw unknownGroup(comps, id);
  const requests = group.packages
    .filter(({ type }) => types.includes(type))
    .map((each): GroupRequest => {
      return each.type === "conditional" ? { name: each.name, when: each.requires } : { name: each.name };
    });
  return [...new Map(requests.map((request) => [`${request.name} ${request.when ?? ""}`, request])).values()];
}

const compsLimits = { records: 1, depth: 16, elements: 1_000_000, record: 1 << 26, piece: 1 << 20 } as const;

function byId<T extends Described>(
  label: string,
  root: XmlElement,
  name: string,
  read: (element: XmlElement) => T,
): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const element of childrenOf(root, name)) {
    const item = read(element);
    if (!isWord(item.id)) throw bad(label, `a ${name} has no id`);
    if (found.has(item.id)) throw bad(label, `the ${name} ${item.id} is there twice`);
    found.set(item.id, item);
  }
  return found;
}

function describe(element: XmlElement): Described {
  return {
    id: textOf(element, "id") ?? "",
    name: untranslated(element, "name"),
    description: untranslated(element, "description"),
  };
}

function untranslated(element: XmlElement, name: string): string {
  const own = childrenOf(element, name).find(({ attributes }) => attributes["xml:lang"] === undefined);
  return oneLine(own?.text ?? "");
}

function groupOf(element: XmlElement): Group {
  const listed = childrenOf(element, "packagelist").flatMap((list) => childrenOf(list, "packagereq"));
  return {
    ...describe(element),
    default: isTrue(textOf(element, "default"), false),
    userVisible: isTrue(textOf(element, "uservisible"), true),
    packages: listed.flatMap(packageOf),
  };
}

// As libcomps, which dnf reads groups with: mandatory where nothing is said, and in none where it is another word.
function packageOf({ attributes, text }: XmlElement): GroupPackage[] {
  const name = text.trim();
  const { type = "mandatory", requires = "" } = attributes;
  if (!isWord(name)) return [];
  if (type === "conditional") return isWord(requires) ? [{ type, name, requires }] : [];
  return type === "mandatory" || type === "default" || type === "optional" ? [{ type, name }] : [];
}

function environmentOf(element: XmlElement): Environment {
  const optional = childrenOf(element, "optionlist").flatMap((list) => childrenOf(list, "groupid"));
  return {
    ...describe(element),
    groups: idsIn(element, "grouplist"),
    optionalGroups: optional.map(({ attributes, text }) => ({
      id: text.trim(),
      default: isTrue(attributes["default"], false),
    })),
  };
}

function idsIn(element: XmlElement, name: string): readonly string[] {
  return childrenOf(element, name).flatMap((list) =>
    childrenOf(list, "groupid").map(({ text }) => text.trim()),
  );
}

function isTrue(text: string | undefined, otherwise: boolean): boolean {
  return text === undefined || text === "" ? otherwise : text.toLowerCase() === "true";
}

function unknownGroup({ groups }: Comps, id: string): Fault {
  const close = closest(id, [...groups.keys()]);
  const hint =
    close.length > 0
      ? `did you mean ${close.join(" or ")}?`
      : groups.size === 0
        ? "the distribution's repositories have no groups"
        : `it has ${groups.size} groups, such as ${[...groups.keys()].slice(0, 5).join(", ")}`;
  return new Fault("unresolved/unknown-group", `no group is called ${JSON.stringify(id)}`, { hint });
}

/** Up to three ids: those a slip of the finger away, then those that hold what was written. */
function closest(id: string, ids: readonly string[]): readonly string[] {
  const near: string[] = [];
  for (let left = ids; near.length < 3; ) {
    const next = nearest(id, left);
    if (next === undefined) break;
    near.push(next);
    left = left.filter((each) => each !== next);
  }
  const holding = ids.filter((each) => id !== "" && each.includes(id) && !near.includes(each));
  return [...near, ...holding].slice(0, 3);
}

function bad(label: string, why: string): Fault {
  return new Fault("digest/bad-comps", `${label}: not a sound comps file: ${why}`, {
    hint: "the repository's metadata is damaged: try another mirror",
  });
}
