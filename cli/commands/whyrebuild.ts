// kit why-rebuild: what would be built now, and the first thing that makes it so.
// Knows what is compared with what, and what of it goes by another name now; does not know how derivations differ.

import { basename } from "node:path";
import { Command, Option } from "clipanion";
import { localTreeAt } from "../../builders/load/local.ts";
import { plainWish } from "../../builders/realizer/targets.ts";
import { builderVersions, isFetching } from "../../builders/recipes.ts";
import { derivationChanges, firstDifference } from "../../evaluator/diff/derivations.ts";
import { fileChanges } from "../../evaluator/diff/files.ts";
import { allDerivations, type World } from "../../evaluator/evaluate.ts";
import { type Content, type Derivation, type Input, splitContent } from "../../store/model/derivation.ts";
import { shortList } from "../../store/model/fault.ts";
import type { Tree } from "../../store/model/tree.ts";
import type { Parts } from "../composition.ts";
import { cacheFolder } from "../entry.ts";
import { recallPlan } from "../lastplan.ts";
import { plural, visible } from "../render/text.ts";
import { PlanCommand } from "./command.ts";
import { knownOf } from "./selection.ts";

export class WhyRebuildCommand extends PlanCommand {
  static override paths = [["why-rebuild"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "what would be built now, and the first thing that makes it so",
    details: `
      Compares what the manifest comes to with what was last realized of it, with this store and for the same build type:
      of everything that would be built, the first input that is another, down to the file of a local folder, or the field
      of a manifest. What is built on something that is built anew may come out of that as it was; then it is not built.
      What is planned only when others are built, as packages of source that need each other's are, is not told before.
      Nothing is built, nothing is locked that is locked already.
    `,
    examples: [
      ["Why does this take so long again?", "kit why-rebuild image.yaml"],
      ["Of all packages of a folder, for a program", "kit why-rebuild packages --json"],
    ],
  });

  manifest = Option.String({ name: "MANIFEST" });

  protected override readonly facts = "recorded";

  override async work(parts: Parts): Promise<number> {
    const { plan, world } = await this.plan(this.manifest, parts);
    const all = allDerivations([...plan.outputs, ...plan.wanted]);
    const open = knownOf(all, (request) => parts.records.sound(request)).filter(
      ({ result }) => result === undefined,
    );
    const wish = plainWish(world.assembly, this.wish([]), world.host);
    const cache = cacheFolder(this.host.environment);
    const place = { cache, store: parts.layout.root, manifest: this.manifestFile(this.manifest), wish };
    const last = recallPlan(place);
    const why = reasons(all, last?.derivations ?? [], {
      versions: last?.versions ?? builderVersions,
      describe: (before, after) => describe(before, after, world, parts),
    });
    const told = open.map(({ derivation }) => ({
      builder: derivation.builder,
      label: derivation.label,
      because: last === undefined ? "nothing was realized of this before" : why(derivation),
    }));
    this.done();
    if (this.json) this.print(JSON.stringify({ format: "kit/why-rebuild/1", builds: told }));
    else {
      this.print(...told.map(({ builder, label, because }) => visible(`${builder} ${label}: ${because}`)));
      this.context.stderr.write(
        told.length === 0
          ? "nothing would be built\n"
          : `${plural(told.length, "build")}${plan.wanted.length === 0 ? " at most" : ", and those that only these tell"}\n`,
      );
    }
    return 0;
  }
}

interface Comparison {
  readonly versions: typeof builderVersions;
  readonly describe: (before: Content, after: Content) => string | undefined;
}

function reasons(
  all: readonly Derivation[],
  before: readonly Derivation[],
  { versions, describe }: Comparison,
): (derivation: Derivation) => string {
  const changes = derivationChanges(before, all, describe);
  const known = new Map(changes.map((change) => [titleOf(change), change.because]));
  const same = new Set(before.map(({ digest }) => digest));
  const renamed = renamings(all, before, describe);
  const used = new Set(before.flatMap(inputsOf).map(([, input]) => identity(input)));
  return (derivation) => {
    const { builder, digest } = derivation;
    const [was, is] = [versions[builder], builderVersions[builder]];
    const other = Object.keys(is ?? {}).find((name) => was?.[name] !== is?.[name]);
    if (other !== undefined)
      return `this kit builds it otherwise: ${other} ${was?.[other] ?? "0"} became ${is?.[other]}`;
    if (same.has(digest)) return "what it is made of is built anew, or its result is gone";
    return known.get(titleOf(derivation)) ?? renamed(derivation) ?? unknown(derivation, used);
  };
}

/** Of what has another version in its name than it had, that one and the first difference; undefined of all else. */
function renamings(
  all: readonly Derivation[],
  before: readonly Derivation[],
  describe: Comparison["describe"],
): (derivation: Derivation) => string | undefined {
  const beyond = (list: readonly Derivation[], others: readonly Derivation[]) => {
    const titles = new Set(others.map(titleOf));
    return Map.groupBy(
      list.filter((one) => !titles.has(titleOf(one))),
      stemOf,
    );
  };
  const [fresh, gone] = [beyond(all, before), beyond(before, all)];
  return (derivation) => {
    const stem = stemOf(derivation);
    const [former, ...others] = gone.get(stem) ?? [];
    if (former === undefined || others.length > 0 || fresh.get(stem)?.length !== 1) return undefined;
    const it = `it was ${former.label}`;
    return isFetching(former.builder) ? it : `${it}; ${firstDifference(former, derivation, describe)}`;
  };
}

/** Of what is built for the first time, what it is made of that nothing was made of before. */
function unknown(derivation: Derivation, used: ReadonlySet<string>): string {
  const news = inputsOf(derivation).flatMap(([name, input]) => (used.has(identity(input)) ? [] : [name]));
  const listed = news.length === 0 ? "" : `; new in it: ${shortList(news).join(", ")}`;
  return `nothing of this name was built before${listed}`;
}

function inputsOf({ inputs }: Derivation): [string, Input][] {
  return Object.entries(inputs);
}

function identity(input: Input): string {
  return "content" in input ? input.content : `${input.derivation.digest} ${input.output}`;
}

function titleOf({ builder, label }: Pick<Derivation, "builder" | "label">): string {
  return `${builder} ${label}`;
}

/** Without the version in its label, or the commit. */
function stemOf({ builder, label, system = "" }: Derivation): string {
  return [builder, label.replace(/[-_ ]\d[\w.+~:-]*| [0-9a-f]{12}\b/, ""), system].join(" ");
}

/** The file that is another; of a folder the first path, and how many more are. */
function describe(
  before: Content,
  after: Content,
  { locals }: World,
  { records }: Parts,
): string | undefined {
  const [was, is] = [splitContent(before), splitContent(after)];
  const [at, ...alike] = [...locals].flatMap(([path, content]) => (content === after ? [path] : []));
  if (was.kind === "blob" && is.kind === "blob" && at !== undefined) {
    // Which of several that are alike it is the input's own name says, if anything does.
    return alike.length > 0 ? "changed (content)" : `${basename(at)} changed (content)`;
  }
  if (was.kind !== "tree" || is.kind !== "tree" || !records.has(before)) return undefined;
  const now: Tree | undefined = records.has(after)
    ? records.tree(is.digest)
    : at === undefined
      ? undefined
      : localTreeAt(at);
  if (now === undefined) return undefined;
  const [first, ...more] = fileChanges(records.tree(was.digest), now);
  if (first === undefined) return undefined;
  const others = more.length === 0 ? "" : `, and ${plural(more.length, "other path")}`;
  return `${first.path} ${first.verb}${first.aspects ? ` (${first.aspects.join(", ")})` : ""}${others}`;
}
