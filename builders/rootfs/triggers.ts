// Triggers of packages that lie unpacked: what they are interested in, and what unpacking them has fired.
// Knows deb-triggers(5) and dpkg's `triggers/` files; does not know when they are processed.

import type { Installed, ReadBlob } from "./installed.ts";
import { controlFile, infoName, type Package } from "./package.ts";

export interface TriggerFiles {
  /** `triggers/File`. */
  readonly file: string;
  /** `triggers/NAME` by name. */
  readonly named: ReadonlyMap<string, string>;
  /** `triggers/Unincorp`. */
  readonly fired: string;
}

export function triggerFiles(
  packages: readonly Package[],
  installed: Installed,
  read: ReadBlob,
): TriggerFiles {
  let file = installed.fileTriggers;
  const named = new Map(installed.namedTriggers);
  for (const item of packages) {
    for (const { directive, trigger } of directivesOf(item, read)) {
      if (!directive.startsWith("interest")) continue;
      const line = `${infoName(item)}${directive === "interest-noawait" ? "/noawait" : ""}\n`;
      if (trigger.startsWith("/")) file += `${trigger} ${line}`;
      else named.set(trigger, (named.get(trigger) ?? "") + line);
    }
  }
  return { file, named, fired: firedTriggers(packages, installed.fileTriggers) };
}

function directivesOf(item: Package, read: ReadBlob): { directive: string; trigger: string }[] {
  const blob = controlFile(item, "triggers");
  if (blob === undefined) return [];
  return read(blob)
    .toString("utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim().split(/\s+/))
    .flatMap(([directive, trigger]) => (directive && trigger ? [{ directive, trigger }] : []));
}

/**
 * `PATH AWAITER…` for triggers of installed packages on paths that the new ones bring; `-` where nobody waits.
 * Packages that are only unpacked get none: their configuration sees every file.
 */
function firedTriggers(packages: readonly Package[], fileTriggers: string): string {
  const awaited = new Map<string, boolean>();
  for (const line of fileTriggers.split("\n")) {
    const [path, who] = line.split(" ");
    if (path && who) awaited.set(path, (awaited.get(path) ?? false) || !who.endsWith("/noawait"));
  }
  if (awaited.size === 0) return "";
  const fired = new Map<string, Set<string>>();
  for (const item of packages) {
    for (const path of item.list) {
      for (let at = path; at !== "" && at !== "/"; at = at.slice(0, at.lastIndexOf("/"))) {
        const waits = awaited.get(at);
        if (waits !== undefined)
          fired.set(at, (fired.get(at) ?? new Set()).add(waits ? infoName(item) : "-"));
      }
    }
  }
  return [...fired].map(([path, awaiters]) => `${path} ${[...awaiters].join(" ")}\n`).join("");
}
