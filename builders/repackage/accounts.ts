// Users and groups by their numbers, as /etc/passwd and /etc/group have them.
// Pure. Knows passwd(5) and group(5); does not know whose files they own.

export interface Accounts {
  /** The name under a number; root where nobody has it. */
  readonly user: (id: number) => string;
  readonly group: (id: number) => string;
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

export function accountsIn(passwd: string, group: string): Accounts {
  const [users, groups] = [namesIn(passwd), namesIn(group)];
  return {
    user: (id) => users.get(id) ?? "root",
    group: (id) => groups.get(id) ?? "root",
    users: [...users.values()],
    groups: [...groups.values()],
  };
}

function namesIn(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name = "", , id = ""] = line.split(":");
    if (/^[a-z_][a-z0-9_-]*$/.test(name) && /^\d+$/.test(id) && !names.has(Number(id)))
      names.set(Number(id), name);
  }
  return names;
}
