// What a git server says its references are.
// Pure. Source: gitprotocol-http(5), smart server response; gitprotocol-pack(5), reference discovery.

import { Fault } from "../../store/model/fault.ts";

/** Where a server tells its references, by protocol version 0, which every one speaks. */
export function refsUrl(url: string): string {
  return `${url.replace(/\/+$/, "")}/info/refs?service=git-upload-pack`;
}

/** Commits by the names of references; a tag that is an object of its own stands for what it is of. */
export function parseRefs(label: string, body: Buffer): ReadonlyMap<string, string> {
  const refs = new Map<string, string>();
  const peeled = new Map<string, string>();
  let begun = false;
  for (const line of linesOf(label, body)) {
    if (!begun) {
      begun = true;
      if (line !== "# service=git-upload-pack") throw notGit(label);
      continue;
    }
    const [, commit = "", name = ""] = /^([0-9a-f]{40}) ([^\0]+)/.exec(line) ?? [];
    if (commit === "") continue;
    if (name.endsWith("^{}")) peeled.set(name.slice(0, -3), commit);
    else refs.set(name, commit);
  }
  if (!begun) throw notGit(label);
  return new Map([...refs, ...peeled]);
}

/**
 * The commit that a name means: as git itself looks, a tag before a branch (gitrevisions(7)).
 *
 * @throws {Fault} `unresolved/no-revision`
 */
export function commitOf(label: string, rev: string, refs: ReadonlyMap<string, string>): string {
  const found = [rev, `refs/${rev}`, `refs/tags/${rev}`, `refs/heads/${rev}`].flatMap(
    (name) => refs.get(name) ?? [],
  );
  const [commit] = found;
  if (commit !== undefined) return commit;
  const names = [...refs.keys()].flatMap((name) => /^refs\/(?:heads|tags)\/(.+)$/.exec(name)?.[1] ?? []);
  const shown = names.slice(0, mostShown).join(", ");
  throw new Fault("unresolved/no-revision", `${label} has no branch or tag ${rev}`, {
    about: "rev",
    hint: `${names.length === 0 ? "it has none at all" : `it has ${shown}${names.length > mostShown ? ", …" : ""}`}; a commit is named by all of its 40 digits`,
  });
}

const mostShown = 12;

/** Packet lines (gitprotocol-common(5)): four hex digits of length, then that much; 0000 ends a section. */
function linesOf(label: string, body: Buffer): string[] {
  const lines: string[] = [];
  for (let at = 0; at < body.length; ) {
    const digits = body.toString("latin1", at, at + 4);
    const length = /^[0-9a-f]{4}$/.test(digits) ? Number.parseInt(digits, 16) : -1;
    if (length < 0 || (length > 0 && length < 4) || at + length > body.length) throw notGit(label);
    if (length > 0) lines.push(body.toString("utf8", at + 4, at + length).replace(/\n$/, ""));
    at += Math.max(4, length);
  }
  return lines;
}

/** What asking for references failed with; where the server has nothing there, that there is no repository. */
export function noRepository(url: string, error: unknown): unknown {
  if (!(error instanceof Fault) || error.code !== "network/not-found") return error;
  return new Fault(error.code, `there is no git repository at ${url}`, {
    details: error.details,
    cause: error,
    hint: "its address is what `git clone` takes; one that takes a password kit cannot read",
  });
}

function notGit(label: string): Fault {
  return new Fault("network/not-git", `${label} does not answer as a git repository does`, {
    hint: "its address is what `git clone` takes, over https or http from a server that speaks git's protocol: a folder of files served as they are is none",
  });
}
