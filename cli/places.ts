// Where a user's store and configuration are looked for.
// Knows the rules; loads nothing, because kit's first file asks before anything else is there.

import { dirname, join, resolve } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

export interface Caller {
  readonly environment: Environment;
  /** The working directory. */
  readonly directory: string;
  readonly user: { readonly uid: number };
}

/** The store's folder, absolute: the flag's, else KIT_STORE's, else the configuration's (absolute), else the user's own. */
export function storeFolder(caller: Caller, flag: string | undefined, configured?: string): string {
  const named = flag ?? caller.environment["KIT_STORE"];
  return named ? resolve(caller.directory, named) : (configured ?? defaultStore(caller));
}

function defaultStore({ environment, user }: Caller): string {
  if (user.uid === 0) return "/var/lib/kit";
  // Relative ones are to be ignored (XDG base directories).
  const absolute = (name: string) =>
    environment[name]?.startsWith("/") === true ? environment[name] : undefined;
  return join(absolute("XDG_DATA_HOME") ?? join(absolute("HOME") ?? "/", ".local/share"), "kit");
}

/** Where a configuration is looked for: `kit.config.yaml` in the directory and above it, nearest first. */
export function configurationFiles(directory: string): string[] {
  const above = dirname(directory);
  return [join(directory, "kit.config.yaml"), ...(above === directory ? [] : configurationFiles(above))];
}
