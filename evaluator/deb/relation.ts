// Dependency fields: `a (>= 1) | b:any [amd64] <!nocheck>, c`.
// Knows their syntax; does not know which packages exist.

import { Fault } from "../../store/model/fault.ts";
import type { Operator } from "./version.ts";

/** One alternative of a dependency field (Debian policy 7.1). Members that are not written are absent. */
export interface Relation {
  readonly name: string;
  /** `any`, `native` or an architecture: what stands after the colon. */
  readonly architecture?: string;
  readonly operator?: Operator;
  /** Present exactly when `operator` is. */
  readonly version?: string;
  /** `[amd64 !arm64 linux-any]`, for build dependencies. */
  readonly architectures?: readonly string[];
  /** `<!nocheck cross> <stage1>`: a disjunction of conjunctions, for build dependencies. */
  readonly profiles?: readonly (readonly string[])[];
}

/**
 * Groups in the order written, each with its alternatives in the order written; an empty field has no groups.
 *
 * @throws {Fault} `unresolved/malformed-relation`
 */
export function parseRelations(text: string): Relation[][] {
  if (text.length > longest) throw malformed(text, `it is longer than ${longest} characters`);
  return splitGroups(text).map(parseGroup);
}

/** The groups of a field as they are written, trimmed; empty ones (a comma at the end) are left out. */
export function splitGroups(text: string): string[] {
  return text
    .split(",")
    .map((group) => group.trim())
    .filter((group) => group !== "");
}

/** @throws {Fault} `unresolved/malformed-relation` */
export function parseGroup(text: string): Relation[] {
  return text.split("|").map(parseRelation);
}

/** As it is written in a control file; parsing it gives an equal relation. */
export function formatRelation(relation: Relation): string {
  const { name, architecture, operator, version, architectures, profiles } = relation;
  return [
    architecture === undefined ? name : `${name}:${architecture}`,
    ...(operator === undefined ? [] : [`(${operator} ${version})`]),
    ...(architectures === undefined ? [] : [`[${architectures.join(" ")}]`]),
    ...(profiles ?? []).map((conjunction) => `<${conjunction.join(" ")}>`),
  ].join(" ");
}

/** Alternatives as they are written in a control file. */
export function formatGroup(group: readonly Relation[]): string {
  return group.map(formatRelation).join(" | ");
}

// The longest field of trixie's main is 29,000 characters.
const longest = 1_000_000;

const syntax =
  /^([A-Za-z0-9][A-Za-z0-9+._-]*)(?::([a-z0-9-]+))?\s*(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s()<>=|,]+)\s*\))?\s*(?:\[([^\][]*)\])?\s*((?:<[^<>]*>\s*)*)$/;

const architectureWord = /^!?[A-Za-z0-9][A-Za-z0-9-]*$/;

function parseRelation(text: string): Relation {
  const match = syntax.exec(text.trim());
  if (match === null)
    throw malformed(text, "expected NAME[:ARCH] [(OPERATOR VERSION)] [[ARCHS]] [<PROFILES>]");
  const [, name = "", architecture, operator, version, architectures, profiles] = match;
  const strange = words(architectures ?? "").find((word) => !architectureWord.test(word));
  if (strange !== undefined) throw malformed(text, `${JSON.stringify(strange)} is no architecture`);
  return {
    name,
    ...(architecture !== undefined && { architecture }),
    ...(operator !== undefined && version !== undefined && { operator: strict(operator), version }),
    ...(architectures !== undefined && { architectures: words(architectures) }),
    ...(profiles && {
      profiles: profiles
        .split(">")
        .map((part) => words(part.replace("<", "")))
        .filter((part) => part.length > 0),
    }),
  };
}

/** The deprecated `<` and `>` mean `<=` and `>=` (policy 7.1). */
function strict(operator: string): Operator {
  if (operator === "<") return "<=";
  if (operator === ">") return ">=";
  return operator as Operator;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function malformed(text: string, why: string): Fault {
  return new Fault(
    "unresolved/malformed-relation",
    `malformed dependency ${JSON.stringify(text.slice(0, 200))}: ${why}`,
  );
}
