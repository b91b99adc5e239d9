// The commits of a lock, read from a real repository.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { commitsOf, contentAt, parseLog } from "../../cli/commits.ts";

const folder = mkdtempSync(join(tmpdir(), "kit-commits-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function git(argv: readonly string[], day = 1): void {
  const date = `2026-01-0${day}T12:00:00+01:00`;
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false", ...argv], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
    stdio: "ignore",
  });
}

describe("the commits of a file", () => {
  const views = join(folder, "views");
  const file = join(views, "eln [1].lock");
  git(["init", "-q"]);
  mkdirSync(views);
  for (const [day, text] of ["one", "two", "three"].entries()) {
    // In the end it has another name than in the beginning.
    const path = day === 0 ? join(views, "old\nname.lock") : file;
    if (day === 1) git(["mv", "views/old\nname.lock", "views/eln [1].lock"]);
    writeFileSync(path, `a lock that is long enough to be known again\nwhatever it is called\n${text}\n`);
    writeFileSync(join(folder, "other"), text);
    git(["add", "."]);
    git(["commit", "-q", "-m", `${text}\n\nwith \x02 and \x01 in it`], day + 1);
  }
  writeFileSync(join(folder, "other"), "the lock is as it was");
  git(["commit", "-q", "-a", "-m", "other"], 4);

  it("are those that changed it, the oldest first, also under another name", () => {
    const commits = commitsOf(file, 100);
    expect(commits.map(({ date }) => date)).toEqual([1, 2, 3].map((day) => `2026-01-0${day}T12:00:00+01:00`));
    expect(commits.map(({ path }) => path)).toEqual([
      "views/old\nname.lock",
      "views/eln [1].lock",
      "views/eln [1].lock",
    ]);
    const texts = commits.map((commit) =>
      contentAt(commit, file, 1 << 20)
        ?.split("\n")
        .at(-2),
    );
    expect(texts).toEqual(["one", "two", "three"]);
  });

  it("are the newest of them where there are more than were asked for", () => {
    expect(commitsOf(file, 2).map(({ date }) => date.slice(0, 10))).toEqual(["2026-01-02", "2026-01-03"]);
  });

  it("have no content that is larger than one wants", () => {
    const [commit] = commitsOf(file, 1);
    if (commit === undefined) throw new Error("no commit");
    expect(contentAt(commit, file, 10)).toBeUndefined();
    expect(contentAt({ ...commit, path: "none" }, file, 1 << 20)).toBeUndefined();
  });

  it("are none of a file that was never committed, or is in no repository", () => {
    writeFileSync(join(views, "new.lock"), "");
    expect(commitsOf(join(views, "new.lock"), 9)).toEqual([]);
    const outside = mkdtempSync(join(tmpdir(), "kit-commits-none-"));
    expect(commitsOf(join(outside, "x.lock"), 9)).toEqual([]);
    expect(commitsOf(join(outside, "none/x.lock"), 9)).toEqual([]);
    rmSync(outside, { recursive: true });
  });

  it("are not made up from what is no log", () => {
    expect(parseLog("")).toEqual([]);
    expect(parseLog("\x02xyz\x012026\0a")).toEqual([]);
  });
});
