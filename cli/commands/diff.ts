// kit diff: what is different between two manifests, locks or revisions.
// Knows what can be compared and how it is told; does not compare anything itself.

import { existsSync, readFileSync } from "node:fs";
import { Command, Option } from "clipanion";
import { type Planned, planLine } from "../../builders/realizer/line.ts";
import type { Root } from "../../evaluator/diff/root.ts";
import { allDerivations } from "../../evaluator/evaluate.ts";
import { parseLock } from "../../evaluator/lock.ts";
import { splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { exitStatus, Fault } from "../../store/model/fault.ts";
import { type Entry, entriesByPath } from "../../store/model/tree.ts";
import { mostText, type Parts } from "../composition.ts";
import { openRevision, parseRevision } from "../revision.ts";
import { PlanCommand } from "./command.ts";
import { differenceLines, differenceOf, isSame, type Side } from "./comparison.ts";
import { knownOf } from "./selection.ts";

export class DiffCommand extends PlanCommand {
  static override paths = [["diff"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "what is different between two manifests, locks or git revisions",
    details: `
      A and B are each a manifest with its lock beside it, a lock file, or \`REV:PATH\` for a manifest or lock as a git
      revision has it. Tells the packages that came, went or moved, who brings in what came, and what that takes; what
      the manifests say otherwise; and what would be built anew, each with the first thing that makes it so: where that
      comes out as it was, nothing is built on it. Where both sides are built, also the files of their roots, accounts,
      services and licences. Of locks alone only the packages. Ends with 10 where there is any difference, 0 where there
      is none.
    `,
    examples: [
      ["What does this commit change?", "kit diff HEAD~1:image.yaml image.yaml"],
      ["What did the update move, for a program", "kit diff HEAD:image.lock image.lock --json"],
    ],
  });

  before = Option.String({ name: "A" });
  after = Option.String({ name: "B" });

  override async work(parts: Parts): Promise<number> {
    parts.warm();
    const [before, after] = [await this.side(this.before, parts), await this.side(this.after, parts)];
    const difference = differenceOf(before, after);
    this.done();
    if (this.json) this.print(JSON.stringify(difference));
    else this.print(...differenceLines(difference));
    return isSame(difference) ? exitStatus.done : exitStatus.differs;
  }

  private async side(written: string, parts: Parts): Promise<Side> {
    const revision = existsSync(this.absolute(written)) ? undefined : parseRevision(written);
    if (revision === undefined) return await this.read(this.absolute(written), parts);
    using opened = openRevision(revision, this.host.directory);
    return await this.read(opened.file, parts);
  }

  private async read(file: string, parts: Parts): Promise<Side> {
    if (!existsSync(file)) throw new Fault("usage/no-such-file", `there is no file ${file}`);
    if (file.endsWith(".lock")) return { lock: parseLock(readFileSync(file, "utf8"), file) };
    const options = { manifest: file, wish: this.wish([]), locking: { mode: "pinned" as const } };
    const planned = await planLine(options, parts.line(file), this.buildOptions());
    const { lock, assembly } = planned.world;
    const derivations = allDerivations(planned.plan.outputs);
    return { lock, assembly, derivations, roots: rootsOf(planned, parts) };
  }
}

/** Root file systems that are built already, by architecture. */
function rootsOf({ plan: { outputs } }: Planned, parts: Parts): ReadonlyMap<string, Root> {
  const known = knownOf(allDerivations(outputs), (request) => parts.records.result(request));
  const results = new Map(known.map(({ derivation, result }) => [derivation.digest, result]));
  return new Map(
    outputs.flatMap(({ architecture, derivation }): [string, Root][] => {
      const input = derivation.inputs["root"];
      if (input === undefined || !("derivation" in input)) return [];
      const content = results.get(input.derivation.digest)?.outputs[input.output];
      if (content === undefined || !parts.records.has(content)) return [];
      return [[architecture, rootAt(splitContent(content).digest, parts)]];
    }),
  );
}

function rootAt(digest: Digest, { records, readText }: Parts): Root {
  const tree = records.tree(digest);
  const entries: ReadonlyMap<string, Entry> = entriesByPath(tree);
  return {
    tree,
    read(path) {
      const entry = entries.get(path);
      return entry?.type === "file" && entry.size <= mostText ? readText(digest, path) : undefined;
    },
  };
}
