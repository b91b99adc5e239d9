// The check of a document against its kind's schema: every fault at once, each with its place and a hint.
// Knows what zod's issues mean to a person; does not know any kind.

import type * as z from "zod";
import { Fault } from "../../store/model/fault.ts";
import type { Path } from "../kind.ts";
import type { Document } from "./document.ts";
import { nearest } from "./nearest.ts";
import { limits } from "./node.ts";

export type Checked<M> =
  | { readonly manifest: M; readonly faults?: undefined }
  | { readonly faults: readonly Fault[]; readonly manifest?: undefined };

/**
 * Checks a document's value (its variables replaced) and gives the manifest with defaults filled in, or all faults in
 * order of place: `manifest/unknown-key`, `manifest/missing-key`, `manifest/wrong-type`, `manifest/bad-value`.
 */
export function checkManifest<M>(schema: z.ZodType<M>, value: unknown, document: Document): Checked<M> {
  // A process checks each manifest once: compiling a checker first took 14 ms for hello.yaml's three, this takes 7.
  const parsed = schema.safeParse(value, { error: note, jitless: true });
  if (parsed.success) return { manifest: parsed.data };
  const faults = parsed.error.issues
    .slice(0, limits.faults)
    .flatMap((issue) => faultsOfIssue(issue, [], value, document));
  return { faults: sortFaults(faults).slice(0, limits.faults) };
}

/** In order of place; files in the order they first come in. */
export function sortFaults(faults: readonly Fault[]): Fault[] {
  const files = new Map<string | undefined, number>();
  for (const { place } of faults) if (!files.has(place?.file)) files.set(place?.file, files.size);
  return faults.toSorted(
    (a, b) =>
      (files.get(a.place?.file) ?? 0) - (files.get(b.place?.file) ?? 0) ||
      (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
      (a.place?.column ?? 0) - (b.place?.column ?? 0),
  );
}

/** A path as a person reads it: `files[0].mode`. */
export function pathText(path: Path): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join("");
}

/**
 * What only the schema knows at an issue, kept in its message: the keys of a mapping with an unknown one, what a
 * missing key is for.
 */
function note(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "unrecognized_keys") {
    const shape = (issue.inst as { def?: { shape?: object } } | undefined)?.def?.shape;
    return shape && Object.keys(shape).join("\n");
  }
  if (issue.input === undefined)
    return (issue.inst as { description?: string } | undefined)?.description ?? "";
  return undefined;
}

function faultsOfIssue(issue: z.core.$ZodIssue, above: Path, root: unknown, document: Document): Fault[] {
  const path = [...above, ...issue.path.map((step) => (typeof step === "symbol" ? String(step) : step))];
  if (issue.code === "unrecognized_keys")
    return issue.keys
      .slice(0, limits.faults)
      .map((key) => unknownKey([...path, key], issue.message, document));
  const value = valueAt(root, path);
  if (value === absent) return [missingKey(path, issue, document)];
  switch (issue.code) {
    case "invalid_type":
      return [wrongType(path, value, [issue.expected], document)];
    case "invalid_value":
      return [notOneOf(path, value, issue.values, document)];
    case "invalid_union":
      return faultsOfUnion(issue, path, root, document);
    case "invalid_key": {
      const words = issue.issues[0]?.message ?? issue.message;
      return [badValue(path, path.at(-1), words, document, "key")];
    }
    default:
      return [badValue(path, value, issue.message, document)];
  }
}

function unknownKey(path: Path, known: string, document: Document): Fault {
  const key = String(path.at(-1));
  const keys = known.split("\n");
  const meant = nearest(key, keys);
  const hint =
    meant === undefined ? `known here: ${keys.join(", ")}` : `did you mean ${JSON.stringify(meant)}?`;
  const where = path.length > 1 ? ` in ${pathText(path.slice(0, -1))}` : "";
  return new Fault("manifest/unknown-key", `unknown key ${quote(key)}${where}`, {
    place: document.place(path, { part: "key" }),
    hint,
  });
}

function missingKey(path: Path, issue: z.core.$ZodIssue, document: Document): Fault {
  const parent = path.slice(0, -1);
  const where = parent.length > 0 ? ` in ${pathText(parent)}` : "";
  const options = optionsOf(issue);
  const about = options.length > 0 ? `one of ${options.join(", ")}` : issue.message;
  return new Fault("manifest/missing-key", `the key ${quote(path.at(-1))} is missing${where}`, {
    place: document.place(parent),
    ...(about !== "" && { hint: `${String(path.at(-1))}: ${about}` }),
  });
}

function wrongType(path: Path, value: unknown, expected: readonly string[], document: Document): Fault {
  const place = document.place(path);
  const written = place.excerpt?.slice(place.column - 1, place.column - 1 + (place.length ?? 0)) ?? "";
  const hint = typeHint(value, expected, written);
  const wanted = [...new Set(expected.map((type) => typeNames[type] ?? type))].join(" or ");
  return new Fault(
    "manifest/wrong-type",
    `${pathText(path) || "a manifest"} must be ${wanted}, not ${typeOf(value)}`,
    {
      place,
      ...(hint && { hint }),
    },
  );
}

function typeHint(value: unknown, expected: readonly string[], written: string): string | undefined {
  if (value === null) return "give it a value, or leave the key out";
  if (expected.includes("string") && typeof value !== "object") return `put it in quotes: "${written}"`;
  if (expected.includes("array"))
    return typeof value === "string" ? `write a list: [${quote(value)}]` : "write a list: [a, b]";
  if (expected.includes("boolean")) return "write true or false";
  if (!expected.some((type) => type === "int" || type === "number")) return undefined;
  if (typeof value === "number") return "leave out the fraction";
  return typeof value === "string" && /^\d+$/.test(value) ? `leave out the quotes: ${value}` : "write digits";
}

function notOneOf(path: Path, value: unknown, values: readonly unknown[], document: Document): Fault {
  const options = values.map(String);
  const meant = typeof value === "string" ? nearest(value, options) : undefined;
  const guess = meant === undefined ? "" : `did you mean ${JSON.stringify(meant)}? `;
  const known = options.length === 1 ? `it can only be ${options[0]}` : `one of ${options.join(", ")}`;
  const message = `${pathText(path)} cannot be ${quote(value)}`;
  return new Fault("manifest/bad-value", message, { place: document.place(path), hint: `${guess}${known}` });
}

/** The faults of the branch that was most likely meant: one whose type fits, and which the fewest things keep from it. */
function faultsOfUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  root: unknown,
  document: Document,
): Fault[] {
  const options = optionsOf(issue);
  const value = valueAt(root, path);
  if (options.length > 0) return [notOneOf(path, value, options, document)];
  const fitting = issue.errors.filter(
    (branch) => !branch.some((inner) => inner.code === "invalid_type" && inner.path.length === 0),
  );
  if (fitting.length === 0) {
    const expected = issue.errors
      .flat()
      .flatMap((inner) => (inner.code === "invalid_type" ? [inner.expected] : []));
    return [wrongType(path, value, expected, document)];
  }
  const weight = (branch: readonly z.core.$ZodIssue[]) =>
    branch.reduce((sum, inner) => sum + (inner.code === "unrecognized_keys" ? inner.keys.length : 1), 0);
  const meant = fitting.toSorted((a, b) => weight(a) - weight(b))[0] ?? [];
  return meant.flatMap((inner) => faultsOfIssue(inner, path, root, document));
}

/** What a schema says itself: `is not a package name`, a line break, what would be one. */
function badValue(
  path: Path,
  value: unknown,
  words: string,
  document: Document,
  part: "key" | "value" = "value",
): Fault {
  const [what = "", ...rest] = words.split("\n");
  const says = /^[a-z]/.test(what) ? what : `is refused: ${what}`;
  const subject =
    typeof value === "object" && value !== null ? pathText(path) || "the manifest" : quote(value);
  const hint = rest.join(" ");
  return new Fault("manifest/bad-value", `${subject} ${says}`, {
    place: document.place(path, { part }),
    ...(hint && { hint }),
  });
}

function optionsOf(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === "invalid_value") return issue.values.map(String);
  return issue.code === "invalid_union" && "options" in issue ? (issue.options ?? []).map(String) : [];
}

const absent = Symbol("absent");

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return absent;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
  null: "empty",
};

function typeOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "boolean") return "true or false";
  return typeNames[typeof value] ?? typeof value;
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
