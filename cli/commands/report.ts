// kit report: a view as a static site, as JSON and as text lists.
// Knows what goes into one and where it comes from; does not know what is on the pages.

import { Command, Option } from "clipanion";
import { reportPlace, writeReport } from "../../builders/report/write.ts";
import { momentIn } from "../../builders/view/moment.ts";
import { viewResult } from "../../builders/view/result.ts";
import { parseLock } from "../../evaluator/lock.ts";
import type { ViewMoment } from "../../evaluator/view/result.ts";
import { Fault } from "../../store/model/fault.ts";
import { commitsOf, contentAt } from "../commits.ts";
import type { Parts } from "../composition.ts";
import { lockPath } from "../lockfile.ts";
import { readPageCode } from "../pagecode.ts";
import { plural } from "../render/text.ts";
import { PlanCommand } from "./command.ts";
import { watchView } from "./view.ts";

export class ReportCommand extends PlanCommand {
  static override paths = [["report"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "what a view comes to, as a site that needs no server",
    details: `
      Writes a folder of pages that open from the disk: workloads, packages and who needs them, sources, what building
      them takes, the architectures side by side, what is unwanted and who brings it, what failed and why, and charts
      over the commits of the lock, where it is in a git repository. The same as \`view.json\` and as text lists. An earlier
      report in the folder is replaced; anything else there is left alone. Locks first where there is no lock yet.
    `,
    examples: [["A report to open in a browser", "kit report view.yaml -o report"]],
  });

  manifest = Option.String({ name: "VIEW" });
  output = Option.String("-o,--output", { description: "the folder to write", required: true });

  override async work(parts: Parts): Promise<number> {
    const folder = this.absolute(this.output);
    reportPlace(folder);
    const watch = watchView();
    await this.plan(this.manifest, parts, [], watch.planned);
    const view = watch.view();
    const result = viewResult(view);
    const history = historyOf(lockPath(this.absolute(this.manifest)), view.manifest.name);
    this.renderer.event({ type: "step", text: `writing the report of ${result.name}` });
    writeReport({ result, history, code: readPageCode() }, folder);
    this.done();
    if (this.json) this.print(JSON.stringify({ report: folder, history: history.length }));
    else
      this.context.stderr.write(
        `${this.output}: open index.html; ${plural(history.length, "commit")} of the lock\n`,
      );
    return 0;
  }
}

/** The oldest first. Commits whose lock no kit of today reads, or that has not the view, are left out. */
function historyOf(lock: string, view: string): ViewMoment[] {
  return commitsOf(lock, mostCommits).flatMap((commit): ViewMoment[] => {
    const text = contentAt(commit, lock, mostBytes);
    const on = text === undefined ? {} : momentOf(text, lock, view);
    return Object.keys(on).length === 0 ? [] : [{ commit: commit.commit, date: commit.date, on }];
  });
}

function momentOf(text: string, lock: string, view: string): ViewMoment["on"] {
  try {
    return momentIn(parseLock(text, lock), view);
  } catch (error) {
    if (error instanceof Fault) return {};
    throw error;
  }
}

/** A year of days; a lock of 23 MB takes 0.2 s. */
const mostCommits = 365;
const mostBytes = 256 << 20;
