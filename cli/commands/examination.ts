// The examination of a host: whether builds can run here, found out by trying.
// Knows what kit needs and what mends its absence; does not know how that is told.

import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, statfsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { Keeper } from "../../builders/keeper/client.ts";
import { userMaps } from "../../builders/keeper/identity.ts";
import type { Probe } from "../../builders/keeper/protocol.ts";
import { whatWouldHelp } from "../../builders/rootfs/runnable.ts";
import { readBinfmt } from "../../builders/sandbox/binfmt.ts";
import { type Binfmt, emulatedOn } from "../../builders/sandbox/emulation.ts";
import { seccompProgram } from "../../builders/sandbox/seccomp.ts";
import { type Fault, faultsOf } from "../../store/model/fault.ts";
import { debianArchitecture } from "../composition.ts";
import { bytesText } from "../render/text.ts";
import type { Host, Settings } from "../settings.ts";
import { temporaryFolder } from "../temporary.ts";

export interface Finding {
  readonly name: string;
  /** `weak`: kit works, with the limitation that `detail` tells. */
  readonly state: "ok" | "weak" | "lacks";
  readonly detail: string;
  /** The command that mends it. */
  readonly mend?: string;
}

/** Parts over some store, to be closed by whoever asked for them. */
export type OpenParts = (store: string) => { keeper(): Promise<Keeper>; close(): Promise<void> };

/** Everything a host needs, each found out on its own, so that all that is missing is told at once. */
export async function examine(host: Host, settings: Settings, open: OpenParts): Promise<Finding[]> {
  const programs = programsFinding(host);
  const identity = identityFinding(host);
  const ready = programs.state === "ok" && identity.state === "ok";
  const tried = ready ? await tryNamespaces(settings.store, open) : [notTried];
  return [nodeFinding(), machineFinding(), programs, identity, ...tried, ...storeFindings(settings.store)];
}

const notTried: Finding = {
  name: "namespaces",
  state: "lacks",
  detail: "not tried: what is lacking above comes first",
};

function nodeFinding(): Finding {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= 24) return { name: "node", state: "ok", detail: process.version };
  return {
    name: "node",
    state: "lacks",
    detail: `${process.version} is older than 24`,
    mend: "npm ci, and start kit by its own launcher",
  };
}

function machineFinding(): Finding {
  if (seccompProgram(process.arch) !== undefined)
    return { name: "processor", state: "ok", detail: process.arch };
  return {
    name: "processor",
    state: "lacks",
    detail: `sandboxes are made on x64 and arm64, this is ${process.arch}`,
  };
}

function programsFinding({ environment, user }: Host): Finding {
  const needed = [{ program: "unshare", from: "util-linux" }];
  if (user.uid !== 0)
    needed.push({ program: "newuidmap", from: "uidmap" }, { program: "newgidmap", from: "uidmap" });
  const missing = needed.filter(({ program }) => !isInPath(program, environment["PATH"] ?? ""));
  const names = (list: typeof needed) => list.map(({ program }) => program).join(", ");
  if (missing.length === 0) return { name: "programs", state: "ok", detail: names(needed) };
  const packages = [...new Set(missing.map(({ from }) => from))].join(" ");
  return {
    name: "programs",
    state: "lacks",
    detail: `there is no ${names(missing)}`,
    mend: `as root: apt-get install ${packages}`,
  };
}

function isInPath(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, program)));
}

function identityFinding({ user }: Host): Finding {
  if (user.uid === 0) return { name: "identities", state: "ok", detail: "root maps a range of its own" };
  try {
    userMaps(user, textIn("/etc/subuid"), textIn("/etc/subgid"));
    return { name: "identities", state: "ok", detail: `${user.name} has subordinate users and groups` };
  } catch (error) {
    return lacking("identities", error);
  }
}

/** Starts a keeper: in the store, or in a folder that is gone afterwards where there is no store yet. */
async function tryNamespaces(store: string, open: OpenParts): Promise<Finding[]> {
  const temporary = existsSync(join(store, "format")) ? undefined : temporaryBeside(store);
  const parts = open(temporary === undefined ? store : join(temporary, "store"));
  try {
    const probe = await (await parts.keeper()).probe();
    return [
      { name: "namespaces", state: "ok", detail: "entered" },
      overlayFinding(probe),
      checkoutFinding(probe),
      limitsFinding(probe),
      foreignFinding({ ...readBinfmt(), own: probe.handlers }),
    ];
  } catch (error) {
    return [lacking("namespaces", error)];
  } finally {
    await parts.close();
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}

/** A new folder on the file system the store will be on, if one may be made there. */
function temporaryBeside(store: string): string {
  return newFolderIn(existing(store)) ?? temporaryFolder(".kit-doctor-");
}

function overlayFinding({ overlay }: Probe): Finding {
  if (overlay === undefined) return { name: "overlays", state: "ok", detail: "mounted in a user namespace" };
  return {
    name: "overlays",
    state: "lacks",
    detail: overlay,
    mend: "as root: modprobe overlay; the kernel must be 5.11 or newer, and the store on ext4, xfs, btrfs or tmpfs",
  };
}

function checkoutFinding({ checkout }: Probe): Finding {
  const detail = {
    hardlink: "by hard links",
    reflink: "by reflinks",
    copy: "by copies: slower and larger than on a file system with hard links",
  }[checkout];
  return { name: "checkouts", state: checkout === "copy" ? "weak" : "ok", detail };
}

function limitsFinding({ groups }: Probe): Finding {
  if (groups !== 0) return { name: "limits", state: "ok", detail: `control groups version ${groups}` };
  return {
    name: "limits",
    state: "weak",
    detail:
      "no control groups may be made here: memory and processes are limited for each process, not for a build",
    mend: "systemd-run --user --scope -p Delegate=yes kit …",
  };
}

/** What is not of this machine is built and configured by emulation, where that can be had. */
export function foreignFinding(binfmt: Binfmt, host: string = debianArchitecture()): Finding {
  const emulated = emulatedOn(host, binfmt);
  const by = binfmt.own ? "by handlers of kit's own" : "by the host's own handlers";
  const names = emulated.map(({ name }) => name).join(", ");
  if (emulated.length > 0) return { name: "foreign", state: "ok", detail: `${names}: emulated, ${by}` };
  return {
    name: "foreign",
    state: "weak",
    detail: "this kernel, and nothing that the host has, starts programs of other architectures",
    mend: whatWouldHelp,
  };
}

function storeFindings(store: string): Finding[] {
  const place = existing(store);
  const { bavail, bsize } = statfsSync(place);
  const type = fileSystemOf(realpathSync(place), textIn("/proc/self/mounts"));
  const kind = placeFinding(store, place, type);
  const free = bavail * bsize;
  const room: Finding = {
    name: "free space",
    state: free < enough ? "weak" : "ok",
    detail: bytesText(free),
    ...(free < enough && { mend: "kit gc, or a store elsewhere: --store DIR" }),
  };
  return [kind, room];
}

function placeFinding(store: string, place: string, type: string): Finding {
  const mend = "--store DIR or KIT_STORE, in a folder of your own on a local disk";
  if (networkTypes.test(type)) {
    const detail = `${store} would be on ${type}, whose locks and links reach over machines`;
    return { name: "store", state: "lacks", detail, mend };
  }
  // A store that is there was looked at before; one that is not has to be made.
  const made = place === store ? undefined : newFolderIn(place);
  if (made !== undefined) rmSync(made, { recursive: true });
  else if (place !== store) {
    return {
      name: "store",
      state: "lacks",
      detail: `${store} cannot be made: ${place} is not writable`,
      mend,
    };
  }
  return { name: "store", state: "ok", detail: `${store} on ${type}` };
}

/** What a small image with its packages and tools takes twice. */
const enough = 4 * 2 ** 30;
const networkTypes = /^(nfs|cifs|smb|9p|afs|ceph|fuse\.sshfs|glusterfs)/;

/** The type of the file system that holds a path, of proc_pid_mounts(5). */
export function fileSystemOf(path: string, mounts: string): string {
  let [longest, type] = ["", "an unknown file system"];
  for (const line of mounts.split("\n")) {
    const [, target = "", kind = ""] = line.split(" ");
    const place = target.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const holds = place === "/" || path === place || path.startsWith(`${place}/`);
    // A later line of the same place lies over the earlier one.
    if (holds && place !== "" && place.length >= longest.length) [longest, type] = [place, kind];
  }
  return type;
}

function lacking(name: string, error: unknown): Finding {
  const [fault]: readonly Fault[] = faultsOf(error);
  if (fault === undefined) throw error;
  const mend = fault.code === "host/no-user-namespaces" ? (sysctlMend(textIn) ?? fault.hint) : fault.hint;
  return { name, state: "lacks", detail: fault.message, ...(mend !== undefined && { mend }) };
}

/** The settings that commonly forbid user namespaces, and what allows them. */
export function sysctlMend(read: (file: string) => string): string | undefined {
  const wrong = [
    { file: "kernel/unprivileged_userns_clone", bad: "0", right: "1" },
    { file: "kernel/apparmor_restrict_unprivileged_userns", bad: "1", right: "0" },
    { file: "user/max_user_namespaces", bad: "0", right: "15000" },
  ].filter(({ file, bad }) => read(`/proc/sys/${file}`).trim() === bad);
  if (wrong.length === 0) return undefined;
  return `as root: sysctl -w ${wrong.map(({ file, right }) => `${file.replace("/", ".")}=${right}`).join(" ")}`;
}

function existing(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : existing(dirname(path));
}

/** A new folder, or undefined where none can be made: what access(2) says of /proc, say, is not what happens. */
function newFolderIn(folder: string): string | undefined {
  try {
    return mkdtempSync(join(folder, ".kit-doctor-"));
  } catch {
    return undefined;
  }
}

function textIn(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
