// What a sandbox is made of, as data: overlay, mounts, environment, argv.
// Pure: decides everything and touches nothing; `run.ts` carries it out.

/** Part of every sandboxed request's key: raise it when anything below shapes bytes differently. */
export const sandboxVersion = "1";

/** One command in a root of declared inputs. All of it shapes bytes and so is part of the key, but for `limits`. */
export interface Command {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Seconds since 1970, for SOURCE_DATE_EPOCH. */
  readonly epoch: number;
  readonly directory?: string;
  /** Fixed outputs only. */
  readonly network?: boolean;
  /** A person's shell: it stays in the terminal's session, so that ^C and job control work. Never part of a build. */
  readonly terminal?: boolean;
}

export interface Limits {
  /** Seconds. */
  readonly time: number;
  /** Bytes. */
  readonly memory: number;
  readonly processes: number;
}

export const defaultLimits: Limits = { time: 8 * 3600, memory: 16 * 2 ** 30, processes: 8192 };

/** Places on disk that a sandbox is composed of. */
export interface Places {
  /** Read-only checkouts, uppermost first. */
  readonly lower: readonly string[];
  readonly upper: string;
  readonly work: string;
  /** Where the overlay is mounted. */
  readonly root: string;
  readonly binds: readonly { readonly source: string; readonly target: string; readonly writable: boolean }[];
}

/** The launcher: bubblewrap and a shell out of a tool environment, run through their own loader. */
export interface Launcher {
  readonly loader: string;
  readonly libraries: string;
  readonly program: string;
  readonly shell: string;
}

/**
 * The overlay's options, all written out, so that no kernel's default shapes what a build sees.
 * `redirect_dir=nofollow` is what `off` is called beside `userxattr`. `volatile`: a sandbox's fsync costs nothing,
 * what is kept of the upper layer is flushed with the store's own next flush (dpkg calls it 400 times in a root).
 */
export function overlayOptions(places: Pick<Places, "lower" | "upper" | "work">): string {
  const layers = `lowerdir=${places.lower.map(escapeOption).join(":")},upperdir=${escapeOption(places.upper)},workdir=${escapeOption(places.work)}`;
  return `${layers},userxattr,redirect_dir=nofollow,index=off,metacopy=off,xino=off,volatile`;
}

/** What every command finds in its environment; the command's own come over it. */
export function sandboxEnvironment(command: Command): Record<string, string> {
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    TERM: "dumb",
    USER: "root",
    LOGNAME: "root",
    SHELL: "/bin/sh",
    SOURCE_DATE_EPOCH: String(command.epoch),
    ...command.environment,
  };
}

/** Capabilities a package's scripts need of root; none lets a process leave its namespaces. */
const capabilities = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_DAC_READ_SEARCH",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETPCAP",
  "CAP_SETFCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_SYS_CHROOT",
  "CAP_AUDIT_WRITE",
];

/** A shell of the launcher's, through its own loader. */
export function shellArguments(launcher: Launcher): string[] {
  return [...loadArguments(launcher), launcher.shell];
}

/** What the launcher is given as open files: the system call filter as 3, the user namespace it goes into as 4. */
export interface Given {
  readonly filter: boolean;
  readonly userNamespace: boolean;
}

/** The launcher's argv, bubblewrap through its own loader. */
export function launcherArguments(
  launcher: Launcher,
  places: Places,
  command: Command,
  given: Given,
): string[] {
  const environment = Object.entries(sandboxEnvironment(command)).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...loadArguments(launcher),
    launcher.program,
    ...(given.userNamespace ? ["--userns", "4"] : []),
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    ...(command.network ? [] : ["--unshare-net"]),
    "--hostname",
    "kit",
    "--die-with-parent",
    ...(command.terminal ? [] : ["--new-session"]),
    "--bind",
    places.root,
    "/",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--perms",
    "1777",
    "--tmpfs",
    "/tmp",
    ...places.binds.flatMap(({ source, target, writable }) => [
      writable ? "--bind" : "--ro-bind",
      source,
      target,
    ]),
    "--cap-drop",
    "ALL",
    ...capabilities.flatMap((name) => ["--cap-add", name]),
    "--clearenv",
    ...environment.flatMap(([name, value]) => ["--setenv", name, value]),
    "--chdir",
    command.directory ?? "/",
    ...(given.filter ? ["--seccomp", "3"] : []),
    "--",
    ...command.argv,
  ];
}

/**
 * What a shell does to become the launcher: put itself under the limits first (`enter`). That way they hold from the
 * first instruction on, and no word has to go to and fro while the sandbox waits (4.9 ms of 18).
 */
export function launcherScript(enter: string, launcher: readonly string[]): string {
  return `${enter} && exec ${launcher.map(quoted).join(" ")}`;
}

/** A word as a shell reads it back. @throws {Error} on NUL, which no word can hold */
export function quoted(word: string): string {
  if (word.includes("\0")) throw new Error(`a word of a command holds NUL: ${JSON.stringify(word)}`);
  return /^[\w./=:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function loadArguments({ loader, libraries }: Launcher): string[] {
  return [loader, "--library-path", libraries];
}

/** Overlayfs reads `\`, `,` and `:` in its options. */
function escapeOption(path: string): string {
  return path.replace(/[\\,:]/g, (character) => `\\${character}`);
}
