// Home folders: made from /etc/skel, with the keys that open the account by ssh.
// Knows their owners and modes (useradd(8), sshd(8)); does not know who has one.

import { Fault } from "../../store/model/fault.ts";
import { joinPath, parseTreePath, type TreePath } from "../../store/model/path.ts";
import { directoryAt } from "../../store/model/tree.ts";
import { type Contents, fileEntry } from "../package/place.ts";
import type { Home } from "./accounts.ts";
import type { Draft } from "./draft.ts";

const skeleton = "etc/skel";

/**
 * Makes the home where it is missing and to be made: of a person with login.defs' HOME_MODE and what /etc/skel
 * holds, of a system user empty and 0755 (adduser.conf(5), SYS_DIR_MODE). One that is there stays as it is.
 *
 * @throws {Fault} `manifest/no-home` where keys have no place to be
 */
export function makeHome(home: Home, draft: Draft, contents: Pick<Contents, "put">): void {
  const owned = { uid: home.uid, gid: home.gid };
  const path = parseTreePath(home.path);
  if (draft.find(home.path) === undefined && home.make) {
    draft.place({ ...directoryAt(path, home.system ? 0o755 : homeMode(draft)), ...owned });
    if (!home.system) copySkeleton(path, owned, draft);
  }
  if (home.sshKeys.length === 0) return;
  if (draft.find(home.path)?.type !== "directory") {
    throw new Fault(
      "manifest/no-home",
      `the user ${home.user} has keys for ssh and no home to keep them in`,
      { hint: "give it a `home`" },
    );
  }
  const folder = joinPath(path, parseTreePath(".ssh"));
  draft.place({ ...directoryAt(folder, 0o700), ...owned });
  const keys = Buffer.from(`${home.sshKeys.join("\n")}\n`);
  draft.place(
    fileEntry(joinPath(folder, parseTreePath("authorized_keys")), keys, { mode: 0o600, ...owned }, contents),
  );
}

function copySkeleton(home: TreePath, owned: { uid: number; gid: number }, draft: Draft): void {
  const from = draft.find(skeleton)?.path;
  if (from === undefined) return;
  for (const entry of draft.below(from)) {
    draft.place({
      ...entry,
      path: joinPath(home, parseTreePath(entry.path.slice(from.length + 1))),
      ...owned,
    });
  }
}

/** login.defs(5); 0700 where it does not say. */
function homeMode(draft: Draft): number {
  const [, mode] = /^\s*HOME_MODE\s+([0-7]{3,4})\s*$/m.exec(draft.text("etc/login.defs") ?? "") ?? [];
  return Number.parseInt(mode ?? "0700", 8);
}
