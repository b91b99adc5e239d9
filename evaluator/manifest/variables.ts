// Variables: what `${name}` in a manifest's values stands for.
// Knows how they are written, defined and replaced; does not know which value a kind allows where.

import type { BuildType } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Path } from "../kind.ts";
import type { Document } from "./document.ts";
import { nearest } from "./nearest.ts";

/** For what a manifest is evaluated: decided by who asks, not by the manifest. */
export interface Target {
  readonly arch: string;
  readonly buildType: BuildType;
  /** The distro's name: `debian/trixie`. */
  readonly distro: string;
  /** The name of the machine that an image is made for; a package's own `vars` may say one for where nobody asks. */
  readonly machine?: string;
  /** Set for the tools of a distribution that are built before anything is built with them. */
  readonly stage?: "tools";
}

/** What things are built for where no manifest says it. */
export const defaultDistro = "debian/trixie";

export type Variables = ReadonlyMap<string, string>;

/** The names no `vars` may take. */
export const builtinVariables = ["arch", "buildType", "distro", "name", "version"] as const;

/** A use of a variable that has no value. */
export interface Unresolved {
  readonly path: Path;
  /** As it is written: `${archs}`. */
  readonly text: string;
  readonly name: string;
  /** Which of the equal texts in the value, from 0. */
  readonly nth: number;
  readonly why: "unknown" | "circle" | "unclosed" | "too-large";
}

export interface Expanded {
  readonly value: unknown;
  readonly unresolved: readonly Unresolved[];
}

/** What variables may add to one manifest in characters, how deep they may use each other, uses told. */
const limits = { growth: 4 * 1024 * 1024, depth: 64, told: 100 } as const;

/**
 * The variables of a manifest: those of the target, its own `name` and `version`, and its `vars`, which may use each
 * other. Takes any value: what is no text, number or boolean defines nothing.
 */
export function variablesOf(
  manifest: unknown,
  target: Target,
): { variables: Variables; unresolved: readonly Unresolved[] } {
  const definitions = definitionsOf(manifest);
  const variables = new Map<string, string>(
    Object.entries(target).filter(
      ([name, value]) => value !== undefined && !(name === "arch" && isForAll(manifest)),
    ),
  );
  const unresolved: Unresolved[] = [];
  const open: string[] = [];
  let grown = 0;
  const resolve = (name: string): string | undefined => {
    const known = variables.get(name);
    const definition = definitions.get(name);
    if (known !== undefined || definition === undefined) return known;
    const refuse = (use: Pick<Unresolved, "text" | "name" | "nth" | "why">): string => {
      if (unresolved.length < limits.told) unresolved.push({ path: definition.path, ...use });
      return "";
    };
    open.push(name);
    const text = expandText(definition.text, (used, written, { nth }) => {
      if (open.includes(used)) {
        const circle = [...open.slice(open.indexOf(used)), used].join(" → ");
        return refuse({ text: written, name: circle, nth, why: "circle" });
      }
      const value = open.length < limits.depth ? resolve(used) : "";
      grown += value?.length ?? 0;
      if (open.length < limits.depth && grown <= limits.growth) return value;
      return refuse({ text: written, name: used, nth, why: "too-large" });
    });
    open.pop();
    variables.set(name, text);
    return text;
  };
  for (const name of definitions.keys()) resolve(name);
  return { variables, unresolved };
}

/** What is one thing for all architectures is made for none of them: it would differ by who asks for it. */
function isForAll(manifest: unknown): boolean {
  const { architectures } = (manifest ?? {}) as { readonly architectures?: unknown };
  return (
    Array.isArray(architectures) &&
    architectures.length > 0 &&
    architectures.every((one) => one === "all" || one === "noarch")
  );
}

/** Replaces variables in every text inside a value (not in keys, nor in `kind`); what has no value is left as it is. */
export function expandVariables(value: unknown, variables: Variables): Expanded {
  const unresolved: Unresolved[] = [];
  let grown = 0;
  const walk = (inner: unknown, path: Path): unknown => {
    if (typeof inner === "string") {
      return expandText(inner, (name, text, { nth }) => {
        const known = variables.get(name);
        grown += known?.length ?? 0;
        if (known !== undefined && grown <= limits.growth) return known;
        const why = known !== undefined ? "too-large" : text.endsWith("}") ? "unknown" : "unclosed";
        if (unresolved.length < limits.told) unresolved.push({ path, text, name, nth, why });
        return undefined;
      });
    }
    if (Array.isArray(inner)) return inner.map((item, index) => walk(item, [...path, index]));
    if (typeof inner !== "object" || inner === null) return inner;
    return Object.fromEntries(
      Object.entries(inner).map(([key, item]) => [
        key,
        path.length === 0 && key === "kind" ? item : walk(item, [...path, key]),
      ]),
    );
  };
  return { value: walk(value, []), unresolved };
}

/**
 * Replaces `${name}` by what `known` says, and `$${` by a literal `${`. What `known` does not know stays as it is
 * written; it is also given the text as written, which of equal ones it is, and where it begins.
 */
export function expandText(
  text: string,
  known: (
    name: string,
    written: string,
    where: { readonly nth: number; readonly at: number },
  ) => string | undefined,
): string {
  if (!text.includes("${")) return text;
  const seen = new Map<string, number>();
  return text.replace(/\$\$\{|\$\{([^}\n]*)\}?/g, (written: string, name: string | undefined, at: number) => {
    if (name === undefined) return "${";
    const nth = seen.get(written) ?? 0;
    seen.set(written, nth + 1);
    return known(written.endsWith("}") ? name : "", written, { nth, at }) ?? written;
  });
}

/** Whether what a text becomes depends on the target, directly or through the manifest's own variables. */
export function dependsOnTarget(text: string, manifest: unknown): boolean {
  if (!text.includes("${")) return false;
  const definitions = definitionsOf(manifest);
  const used = new Set<string>();
  const collect = (from: string) =>
    expandText(from, (name) => {
      used.add(name);
      return "";
    });
  collect(text);
  // A set gives what is added while it is walked.
  for (const name of used) collect(definitions.get(name)?.text ?? "");
  return targetNames.some((name) => used.has(name));
}

export function unresolvedFault(document: Document, use: Unresolved, variables: Variables): Fault {
  const place = document.place(use.path, { within: use.text, nth: use.nth });
  const literal = "a literal ${ is written $${";
  switch (use.why) {
    case "circle":
      return new Fault("manifest/cycle", `a variable stands for itself: ${use.name}`, { place });
    case "too-large": {
      const message = `variables use each other more than ${limits.depth} deep, or grow beyond 4 MiB`;
      return new Fault("manifest/too-large", message, { place });
    }
    case "unclosed":
      return new Fault("manifest/unknown-variable", "this variable is never closed with }", {
        place,
        hint: literal,
      });
    case "unknown": {
      if (use.name === "arch")
        return new Fault(
          "manifest/unknown-variable",
          "${arch} has no value in a package for all architectures",
          {
            place,
            hint: "say which ones it is made for: architectures: [any], or leave the variable out",
          },
        );
      const meant = nearest(use.name, variables.keys());
      const message =
        use.name === "version"
          ? "${version} has no value here"
          : use.name === "machine"
            ? "${machine} has no value here: nobody who asks names a machine"
            : `unknown variable ${JSON.stringify(use.name)}`;
      const guess =
        use.name === "machine"
          ? "name one in the image that has it (machine: qemu-amd64), or say here what it is where none does: vars: {machine: any}"
          : meant === undefined
            ? `known here: ${[...variables.keys()].sort().join(", ")}`
            : `did you mean \${${meant}}?`;
      return new Fault("manifest/unknown-variable", message, { place, hint: `${guess}; ${literal}` });
    }
  }
}

const targetNames: readonly string[] = ["arch", "buildType", "distro", "machine"];

function definitionsOf(manifest: unknown): Map<string, { text: string; path: Path }> {
  const definitions = new Map<string, { text: string; path: Path }>();
  if (typeof manifest !== "object" || manifest === null) return definitions;
  const { vars, name, version } = manifest as Record<string, unknown>;
  if (typeof vars === "object" && vars !== null && !Array.isArray(vars)) {
    for (const [key, value] of Object.entries(vars)) {
      if (isScalar(value) && !(builtinVariables as readonly string[]).includes(key)) {
        definitions.set(key, { text: String(value), path: ["vars", key] });
      }
    }
  }
  if (isScalar(name)) definitions.set("name", { text: String(name), path: ["name"] });
  if (isScalar(version)) definitions.set("version", { text: String(version), path: ["version"] });
  return definitions;
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
