// kit diff: what is different between two manifests, locks, results or revisions.
// Knows the command's words; does not compare anything itself.

import { Command, Option } from "clipanion";
import { exitStatus } from "../../store/model/fault.ts";
import type { Parts } from "../composition.ts";
import { visible } from "../render/text.ts";
import { changelogLines, changelogsOf } from "./changelogs.ts";
import { PlanCommand } from "./command.ts";
import { differenceLines, differenceOf, isSame } from "./comparison.ts";
import { readSide } from "./side.ts";

export class DiffCommand extends PlanCommand {
  static override paths = [["diff"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "what is different between two manifests, locks, results or git revisions",
    details: `
      A and B are each a manifest with its lock beside it, a lock file, \`REV:PATH\` for either as a git revision has
      it, or a result: a link that \`-o\` made, or the digest of a request. Tells the packages that came, went or moved,
      who brings in what came, and what that takes; what the manifests say otherwise; and what would be built anew, each
      with the first thing that makes it so: where that comes out as it was, nothing is built on it. Of a view it tells
      the packages with the workloads that have them, workloads that came, went, began or ceased to fail, and what
      building takes, level by level. Where both sides are
      built, also the files of their roots, accounts, services and licences. A lock tells of packages alone, a result of
      what is in its root. With \`--changelogs\` also what packagers say of the versions that packages went up through:
      an rpm's as its repository tells it now, a deb's as the built root has it. Ends with 10 where there is any difference, 0 where there is none.
    `,
    examples: [
      ["What does this commit change?", "kit diff HEAD~1:image.yaml image.yaml"],
      ["What became of a view since the last commit?", "kit diff HEAD:view.yaml view.yaml"],
      ["How do two results differ?", "kit diff old-tar result-tar"],
      ["Why is there a new version?", "kit diff HEAD:image.yaml image.yaml --changelogs"],
      ["What did the update move, for a program", "kit diff HEAD:image.lock image.lock --json"],
    ],
  });

  changelogs = Option.Boolean("--changelogs", false, {
    description: "of packages that go up also what their changelogs say of it",
  });

  before = Option.String({ name: "A" });
  after = Option.String({ name: "B" });

  override async work(parts: Parts): Promise<number> {
    parts.warm();
    const { directory } = this.host;
    const absolute = (written: string) => this.absolute(written);
    const means = { parts, directory, absolute, wish: this.wish([]), build: this.buildOptions() };
    const [before, after] = [await readSide(this.before, means), await readSide(this.after, means)];
    const difference = differenceOf(before, after);
    const changelogs = this.changelogs ? await changelogsOf(difference, after, parts) : undefined;
    this.done();
    if (this.json) this.print(JSON.stringify({ ...difference, ...(changelogs && { changelogs }) }));
    else this.print(...differenceLines(difference), ...changelogLines(changelogs ?? []).map(visible));
    return isSame(difference) ? exitStatus.done : exitStatus.differs;
  }
}
