// What changed in what manifests say, field by field.
// Pure. Knows plain values; does not know any kind of manifest.

/** A field, by its path: `users.admin.shell`; what is absent on one side was not written there. */
export interface FieldChange {
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/**
 * Members of mappings by their keys; of lists of mappings that have names by these, `outputs.tar`; of other lists what
 * came and what went, whatever its place. A list whose order alone changed is told whole.
 */
export function fieldChanges(before: unknown, after: unknown, path = ""): FieldChange[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const [old, young] = [membersOf(before), membersOf(after)];
  const isAlike = isMapping(before) === isMapping(after);
  if (old === undefined || young === undefined || !isAlike) return [changeOf(path, before, after)];
  const keys = [...new Set([...old.keys(), ...young.keys()])];
  const changes = keys.flatMap((key) =>
    fieldChanges(old.get(key), young.get(key), path === "" ? key : `${path}.${key}`),
  );
  return changes.length > 0 || isMapping(before) ? changes : [changeOf(path, before, after)];
}

function changeOf(path: string, before: unknown, after: unknown): FieldChange {
  return { path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
}

/** Undefined for a scalar, and for a list that has no way to tell one member from another. */
function membersOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (isMapping(value)) return new Map(Object.entries(value));
  if (!Array.isArray(value)) return undefined;
  const members = new Map(value.map((item) => [nameOf(item), item]));
  return members.size === value.length ? members : undefined;
}

function nameOf(item: unknown): string {
  if (!isMapping(item)) return JSON.stringify(item);
  const name = ["name", "path", "type"].map((key) => item[key]).find((one) => typeof one === "string");
  return name ?? JSON.stringify(item);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
