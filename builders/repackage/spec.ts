// The spec that makes an .rpm of files as they are.
// Pure text; runs nothing.

import { Fault } from "../../store/model/fault.ts";
import type { Entry, Tree } from "../../store/model/tree.ts";
import type { Accounts } from "./accounts.ts";
import type { RpmHead } from "./head.ts";

/** Where the files are, in the sandbox. */
export const filesFolder = "/tmp/kit/files";

export interface SpecParts {
  readonly head: RpmHead;
  readonly files: Tree;
  /** Absolute paths of files that an administrator may have changed. */
  readonly config: ReadonlySet<string>;
  readonly accounts: Accounts;
  /** Further provides. */
  readonly provides: readonly string[];
}

/**
 * Nothing is stripped, compressed or bent into shape, and what it needs is as its head says: rpmbuild adds what its
 * files provide alone (sonames, pkg-config modules).
 *
 * @throws {Fault} `digest/unsafe-path` on a name that no spec can hold
 */
export function specText({ head, files, config, accounts, provides }: SpecParts): string {
  const { name, epoch, version, release, architecture, summary, requires } = head;
  const listed = files.entries.filter(({ path }) => path !== "");
  return `%global __os_install_post %{nil}
%global debug_package %{nil}
%define _build_id_links none
%define _binaries_in_noarch_packages_terminate_build 0
Name: ${name}
Epoch: ${epoch}
Version: ${version}
Release: ${release}
Summary: ${escaped(summary)}
License: see /usr/share/doc/${name}/copyright
AutoReq: no
${architecture === "noarch" ? "BuildArch: noarch\n" : ""}${lines("Requires", requires)}${lines("Requires(pre)", ownersOf(listed, accounts))}${lines("Provides", [...head.provides, ...provides])}
%description
${escaped(summary)}

%install
cp -a ${filesFolder}/. %{buildroot}

%files
${listed.map((entry) => fileLine(entry, { config, accounts })).join("\n")}
`;
}

/** Whose names have to be known before a file is theirs. */
function ownersOf(entries: readonly Entry[], accounts: Accounts): string[] {
  const users = entries.map(({ uid }) => accounts.user(uid)).filter((name) => name !== "root");
  const groups = entries.map(({ gid }) => accounts.group(gid)).filter((name) => name !== "root");
  return [...new Set([...users.map((name) => `user(${name})`), ...groups.map((name) => `group(${name})`)])];
}

function lines(tag: string, values: readonly string[]): string {
  return values.map((value) => `${tag}: ${escaped(value)}\n`).join("");
}

function fileLine(entry: Entry, { config, accounts }: Pick<SpecParts, "config" | "accounts">): string {
  const path = `/${entry.path}`;
  if (/["\\\p{Cc}]/u.test(path))
    throw new Fault("digest/unsafe-path", `no spec can hold the path ${JSON.stringify(path)}`);
  const { user, group } = { user: accounts.user(entry.uid), group: accounts.group(entry.gid) };
  const mode = entry.type === "symlink" ? "-" : (entry.mode & 0o7777).toString(8).padStart(4, "0");
  const kind = entry.type === "directory" ? "%dir " : config.has(path) ? "%config(noreplace) " : "";
  return `${kind}%attr(${mode},${user},${group}) "${escaped(path)}"`;
}

/** Where rpm reads macros, a percent sign is written twice. */
function escaped(text: string): string {
  return text.replaceAll("%", "%%");
}
