// The root with everything laid over it that needs no command, and the commands that are left to run.
// Pure but for reading and putting blobs: settings, then accounts, then the manifest's files.

import { parseTreePath, type TreePath } from "../../store/model/path.ts";
import { entriesByPath, type FileEntry, makeTree, type Tree } from "../../store/model/tree.ts";
import { type Contents, placedEntries, readInput, readScript, type Sources } from "../package/place.ts";
import { type AccountTexts, editAccounts } from "./accounts.ts";
import { changeDay } from "./day.ts";
import { type Draft, openDraft } from "./draft.ts";
import { makeHome } from "./home.ts";
import { planLocale } from "./locale.ts";
import type { CustomizeParameters } from "./recipe.ts";
import { planSteps } from "./script.ts";
import {
  hostnameFiles,
  kernelFiles,
  networkFiles,
  repositoryFiles,
  sshFiles,
  timezoneFiles,
} from "./settings.ts";

export interface Customized {
  readonly tree: Tree;
  /** Where the manifest's own files lie. */
  readonly named: ReadonlySet<TreePath>;
  readonly argvs: readonly (readonly string[])[];
  /** The scripts that steps run, by their name in the work folder. */
  readonly scripts: ReadonlyMap<string, Buffer>;
}

/** @throws {Fault} `manifest/…` where the root cannot be what the manifest asks for */
export function customize(root: Tree, parameters: CustomizeParameters, sources: Sources): Customized {
  const draft = openDraft(root, sources);
  const { hostname, locale, timezone, networks, repositories } = parameters;
  const language = locale === undefined ? { settings: [], generate: false } : planLocale(locale, draft);
  const settings = [
    ...(hostname === undefined ? [] : hostnameFiles(hostname)),
    ...language.settings,
    ...(timezone === undefined ? [] : timezoneFiles(timezone, draft)),
    ...networkFiles(networks, draft),
    ...kernelFiles(parameters),
    ...repositoryFiles(repositories, draft, (key) => readInput(key, sources)),
    ...sshFiles(draft),
  ];
  for (const setting of settings) draft.set(setting);
  changeAccounts(parameters, draft, sources);
  const named = parameters.files.flatMap((file) =>
    placedEntries(file, sources, file.template && parameters.variables).map((entry) => draft.place(entry)),
  );
  const steps = planSteps(parameters, draft, language.generate);
  const scripts = new Map(steps.scripts.map(({ name, input }) => [name, readScript(input, sources)]));
  return { tree: draft.tree(), named: new Set(named), argvs: steps.argvs, scripts };
}

function changeAccounts({ users, groups, epoch }: CustomizeParameters, draft: Draft, sources: Sources): void {
  if (users.length === 0 && groups.length === 0) return;
  const text = (name: string) => draft.text(`etc/${name}`);
  const gshadow = text("gshadow");
  const before: AccountTexts = {
    passwd: text("passwd") ?? "",
    group: text("group") ?? "",
    shadow: text("shadow") ?? "",
    ...(gshadow !== undefined && { gshadow }),
  };
  const { texts, homes, uids, gids } = editAccounts(before, { users, groups }, changeDay(epoch));
  draft.reown(uids, gids);
  for (const name of ["passwd", "group", "shadow", "gshadow"] as const) {
    const after = texts[name];
    const secret = name.endsWith("shadow");
    // Debian's shadow group has the same number everywhere (base-passwd).
    const attributes = { mode: secret ? 0o640 : 0o644, uid: 0, gid: secret ? 42 : 0 };
    if (after !== undefined && after !== before[name]) draft.rewrite(`etc/${name}`, after, attributes);
  }
  for (const home of homes) makeHome(home, draft, sources);
}

const policy = parseTreePath("usr/sbin/policy-rc.d");

/** What the commands run over: services stay off, nothing may start in a root that is being built. */
export function withServicesDenied({ tree }: Customized, contents: Contents): Tree {
  if (entriesByPath(tree).has(policy)) return tree;
  const draft = openDraft(tree, contents);
  draft.set({ path: policy, content: "#!/bin/sh\nexit 101\n", mode: 0o755 });
  return draft.tree();
}

/**
 * A normalized root in which what the manifest placed is as the commands left it: it may be a log or a host key,
 * but it is no trace of the build.
 */
export function withNamed(normalized: Tree, scanned: Tree, named: ReadonlySet<TreePath>): Tree {
  const present = entriesByPath(normalized);
  const lost = scanned.entries.filter((entry): entry is FileEntry => {
    const kept = present.get(entry.path);
    return (
      entry.type === "file" && named.has(entry.path) && (kept?.type !== "file" || kept.blob !== entry.blob)
    );
  });
  for (const { link: _, ...entry } of lost) present.set(entry.path, entry);
  return makeTree(present.values());
}
