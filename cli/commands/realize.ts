// kit realize: from a manifest to artefacts.
// Knows what is printed, linked and remembered; does not know how anything is planned or built.

import { join, relative } from "node:path";
import { Command, Option } from "clipanion";
import type { Event } from "../../builders/event.ts";
import { checksType } from "../../builders/package/outputs.ts";
import { leftOutEvents } from "../../builders/realizer/leftout.ts";
import type { Planned } from "../../builders/realizer/line.ts";
import { realizeLine } from "../../builders/realizer/make.ts";
import { type Realized, Unfinished } from "../../builders/realizer/means.ts";
import { plainWish } from "../../builders/realizer/targets.ts";
import { isFetching } from "../../builders/recipes.ts";
import { allDerivations, type PlannedOutput, type Wish } from "../../evaluator/evaluate.ts";
import { remember } from "../../store/memo.ts";
import type { Content, Result } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault, Faults } from "../../store/model/fault.ts";
import { checkProfileName } from "../../store/profiles.ts";
import type { Parts } from "../composition.ts";
import { cacheFolder, codeFolder } from "../entry.ts";
import { evidence } from "../evidence.ts";
import { recallPlan, rememberPlan } from "../lastplan.ts";
import { lockPath } from "../lockfile.ts";
import { meaningsIn } from "../meaning.ts";
import { memoPlace, type RealizeMemo } from "../memo.ts";
import { hasAddresses, movedSources } from "../moved.ts";
import { configurationFiles } from "../places.ts";
import { leftOutState, type State, statesCsv, statesOf, statesTable } from "../render/states.ts";
import { plural } from "../render/text.ts";
import { type Finding, findingsOf } from "./checked.ts";
import { BuildCommand } from "./command.ts";
import { architectureSuffix, placeLink, refuseUnplaceable } from "./link.ts";
import { registerLock } from "./lockroot.ts";
import { writeOutput } from "./outputfile.ts";
import { fileText } from "./packagefiles.ts";

export class RealizeCommand extends BuildCommand {
  static override paths = [["realize"]];
  static override usage = Command.Usage({
    category: "Building",
    description: "build what a manifest describes",
    details: `
      Builds every output of an image, or a package, and prints a line for each on standard output:
      TYPE PATH ARCHITECTURE NAME. What is known is not built again. Without a lock file the packages
      are chosen first and pinned in one beside the manifest; with one, no index is read.

      \`--check\` makes everything as usual, out of caches too, then builds all that was not fetched once more, and
      compares: it ends with 10 and the first paths that differ where anything does. The recorded results stay; what came
      out otherwise is kept beside them by the profile \`differing\`, until it is let go.

      \`--jobs 4 --cores 2\` runs four builds at once, each with two processors for what counts them; makes share all eight.
      Builds wait where, by what they took before, memory would not do for all of them: \`--memory\` says how much there is.

      In place of a manifest a folder can be named: all packages in it and below are built, those first that others need,
      with one lock, \`packages.lock\` in the folder. \`--only\`, \`--dependents\` and \`--ignore\` choose among them.
    `,
    examples: [
      ["Build an image, with links to its outputs", "kit realize image.yaml -o result"],
      [
        "Only its tar, with its packages built for debugging",
        "kit realize image.yaml --output tar --build-type debug",
      ],
      ["All packages of a folder", "kit realize packages"],
      ["On part of a machine that others use", "kit realize packages --jobs 2 --cores 4 --memory 12GiB"],
      ["What a changed library may break", "kit realize packages --only libhello --dependents --recursive"],
      ["Are all of its builds reproducible?", "kit realize image.yaml --check"],
    ],
  });

  manifest = Option.String({ name: "MANIFEST" });
  link = Option.String("-o,--out-link", {
    description: "a link to the output; several outputs: LINK-NAME each. Keeps them from collection",
  });
  outputs = Option.Array("--output", [], {
    description: "only outputs of this type or name; may be repeated",
  });
  profile = Option.String("--profile", {
    description: "add what is made to a profile, as its next generation: `kit profile`",
  });
  rebuild = Option.Boolean("--rebuild", false, {
    description: "build all that was not fetched again, and compare what was recorded before",
  });
  check = Option.Boolean("--check", false, {
    description: "build all that was not fetched once more, whatever it came from, and compare",
  });

  only = Option.Array("--only", [], {
    description: "of a set or folder of packages this one, with what it needs; may be repeated",
  });
  dependents = Option.Boolean("--dependents", false, {
    description: "with --only: also those that need it, with what they need",
  });
  recursive = Option.Boolean("--recursive", false, {
    description: "with --dependents: and those that need these, and so on",
  });
  ignore = Option.Array("--ignore", [], {
    description: "of a set or folder all but this package and what needs it; may be repeated",
  });

  states = Option.String("--states", {
    description:
      "write what came of each derivation to this file, as CSV; `-`: as a table below the progress",
  });
  requireTests = Option.Boolean("--require-tests", false, {
    description:
      "end with 1 where the checks of a package whose manifest says `test` found something; of an image, of all in it",
  });
  readonly #ended: Extract<Event, { type: "end" }>[] = [];
  /** Checks that this command has failed for. */
  #refused: readonly Finding[] = [];
  /** Whether it came to all that was to be made. */
  #isWhole = false;

  protected override keepsGoing(): boolean {
    return true;
  }

  protected override heard(event: Event): void {
    if (event.type === "end") this.#ended.push(event);
  }

  protected override wish(outputs: readonly string[]): Wish {
    const { only, ignore, dependents, recursive } = this;
    if (dependents && only.length === 0)
      throw new Fault("usage/bad-option", "--dependents goes with --only: whose they are");
    if (recursive && !dependents) throw new Fault("usage/bad-option", "--recursive goes with --dependents");
    const wish = { ...super.wish(outputs), ...(this.requireTests && { requireTests: true as const }) };
    if (only.length + ignore.length === 0) return wish;
    return {
      ...wish,
      select: { only, ignore, dependents: recursive ? "all" : dependents ? "direct" : "none" },
    };
  }

  override async work(parts: Parts): Promise<number> {
    parts.warm();
    if (this.profile !== undefined) checkProfileName(this.profile);
    const manifest = this.manifestFile(this.manifest);
    return await this.realize(manifest, parts).catch(async (error: unknown) => {
      // What one that failed has fetched stays for the next.
      await registerLock(manifest, parts).catch(() => {});
      throw error;
    });
  }

  private async realize(manifest: string, parts: Parts): Promise<number> {
    const planned = await this.plan(this.manifest, parts, this.outputs);
    const { plan, failures, leftOut } = planned;
    if (plan.views.length > 0)
      throw new Fault("usage/not-realizable", "a view is nothing that can be built", {
        hint: "`kit report` shows what it comes to; an image or a package can be realized",
      });
    for (const event of leftOut.flatMap(leftOutEvents)) this.renderer.event(event);
    try {
      const status = await this.make({ ...planned, manifest }, parts).catch((error: unknown) => {
        if (error instanceof Unfinished) this.#isWhole = error.wentOn && !this.signal.aborted;
        throw error instanceof Faults ? new Faults([...failures, ...error.faults]) : error;
      });
      if (failures.length > 0) throw new Faults(failures);
      return status;
    } finally {
      const facts = planned.facts.map((derivation) => ({ derivation }));
      const all = allDerivations([...plan.outputs, ...facts]);
      const states = statesOf(all, { events: this.#ended, refused: this.#refused, isWhole: this.#isWhole });
      this.tellStates([...states, ...leftOut.map(leftOutState)]);
    }
  }

  /** @throws {Fault} `usage/unwritable` */
  private tellStates(states: readonly State[]): void {
    if (this.states === undefined) return;
    if (this.states === "-") {
      this.done();
      this.context.stderr.write(
        statesTable(states)
          .map((line) => `${line}\n`)
          .join(""),
      );
    } else writeOutput(this.absolute(this.states), statesCsv(states));
  }

  private async make(
    {
      plan,
      world,
      facts,
      files,
      failures,
      manifest,
    }: Pick<Planned, "plan" | "world" | "facts" | "files" | "failures"> & { readonly manifest: string },
    parts: Parts,
  ): Promise<number> {
    const linksOf = this.linkNames(plan.outputs);
    for (const link of linksOf) refuseUnplaceable(link);
    // What is compared has to be recorded, and not only offered.
    const targets = this.check
      ? allDerivations(plan.outputs)
      : plan.outputs.map(({ derivation }) => derivation);
    const again = (rebuild: boolean) => ({
      ...this.buildOptions(),
      // What was fetched has the digest that was asked for: there is nothing to compare.
      rebuild: ({ builder }: { readonly builder: string }) => rebuild && !isFetching(builder),
    });
    const line = parts.line(manifest);
    const realized = await realizeLine(targets, world, line, again(this.rebuild && !this.check));
    const { results } = realized;
    const leaves = plan.answered.some(({ question }) => question.source.search !== undefined);
    const told = leaves ? fileText(allDerivations(plan.outputs), realized) : "";
    if (told !== "") this.renderer.event({ type: "step", text: `package files: ${told}` });
    const second = this.check
      ? await realizeLine(targets, world, line, { ...again(true), caches: "none" })
      : undefined;
    this.#isWhole = true;
    const { differing, built } = second ?? realized;
    const shown = await Promise.all(plan.outputs.map((output) => presentOutput(output, results, parts)));
    const places = shown.map(({ path }) => path);
    await this.addToProfile(plan.outputs, shown, realized, parts);
    await registerLock(manifest, parts);
    const place = { cache: cacheFolder(this.host.environment), store: parts.layout.root, manifest };
    const wish = plainWish(world.assembly, this.wish(this.outputs), world.host);
    const isPart = wish.select !== undefined || this.outputs.length > 0 || failures.length > 0;
    const all = allDerivations([...plan.outputs, ...facts.map((derivation) => ({ derivation }))]);
    const last = all.some(({ hints }) => hasAddresses(hints)) ? recallPlan({ ...place, wish }) : undefined;
    for (const text of movedSources(all, last?.derivations ?? []))
      this.renderer.event({ type: "warning", text });
    rememberPlan({ ...place, wish }, all, isPart);
    const links = await this.linkAll(plan.outputs, shown, linksOf, realized, parts);
    const made = Math.round(this.context.now() / 1000);
    const details = await evidence(differing, results, plan.outputs, { parts, label: this.manifest, made });
    if (second !== undefined && differing.length === 0)
      this.renderer.event({ type: "step", text: `built again and the same: ${plural(built, "result")}` });
    const isSound = this.tellChecks(findingsOf(plan.outputs, places, realized));
    this.done();
    const lines = plan.outputs.map(
      (output, index) => `${output.type} ${places[index]} ${output.architecture} ${output.name}`,
    );
    this.context.stdout.write(lines.map((line) => `${line}\n`).join(""));
    const { host, argv, now } = this.context;
    const memo = memoPlace(argv, host.directory, host.environment);
    const read = [...files, lockPath(manifest), ...configurationFiles(host.directory)];
    const meanings = meaningsIn(world);
    // A store that became another kit's, or a newer one's, is not answered for.
    const depends = [...read, parts.layout.format, codeFolder];
    // What checks found is told every time.
    if (memo && isSound && failures.length === 0)
      remember<RealizeMemo>(memo, depends, { lines, paths: places, links }, { now: now(), meanings });
    if (differing.length === 0) return 0;
    throw new Fault(
      this.check ? "differs/check" : "differs/rebuild",
      `built again, ${differing.map(({ derivation }) => derivation.label).join(", ")} came out otherwise than recorded`,
      {
        details,
        hint: "the recorded results stay; `kit profile differing` keeps both. Find what varies: dates, order, randomness",
      },
    );
  }

  /** Whether all ended well. @throws {Faults} `build/checks-failed` where that is no mere warning */
  private tellChecks(findings: readonly Finding[]): boolean {
    if (findings.length > 0 && this.requireTests) {
      this.#refused = findings;
      throw new Faults(findings.map(({ fault }) => fault));
    }
    for (const { message, hint } of findings.map(({ fault }) => fault))
      this.renderer.event({ type: "warning", text: `${message}; ${hint}` });
    return findings.length === 0;
  }

  private async addToProfile(
    outputs: readonly PlannedOutput[],
    shown: readonly Shown[],
    { results, requests }: Realized,
    { layout, keeper }: Parts,
  ): Promise<void> {
    if (this.profile === undefined) return;
    const contents = outputs.flatMap((output) => contentsOf(output, results));
    const names = outputs.map((output) => `${output.name}${architectureSuffix(output, outputs)}`);
    await (await keeper()).addGeneration(this.profile, {
      made: Math.round(this.context.now() / 1000),
      label: this.manifest,
      outputs: Object.fromEntries(
        names.map((name, index) => [name, relative(layout.root, shown[index]?.path ?? "")]),
      ),
      contents: [...new Set([...contents, ...shown.map(({ tree }) => tree)])],
      requests: allDerivations(outputs).flatMap(({ digest }) => requests.get(digest) ?? []),
    });
  }

  /** The links of the outputs, in their order; none where none is wanted. */
  private linkNames(outputs: readonly PlannedOutput[]): readonly string[] {
    if (this.link === undefined) return [];
    const { link } = this;
    const isMade = ({ type }: PlannedOutput) => type !== checksType;
    const isOne = outputs.filter(isMade).length === 1;
    return outputs.map((output) => {
      const suffix = isOne && isMade(output) ? "" : `-${output.name}${architectureSuffix(output, outputs)}`;
      return this.absolute(`${link}${suffix}`);
    });
  }

  /** Makes the wanted links, each a root for its output and all that was built for it; returns where they lead. */
  private async linkAll(
    outputs: readonly PlannedOutput[],
    shown: readonly Shown[],
    names: readonly string[],
    { results, requests }: Realized,
    parts: Parts,
  ): Promise<Record<string, string>> {
    const links: Record<string, string> = {};
    if (names.length === 0) return links;
    const keeper = await parts.keeper();
    for (const [index, output] of outputs.entries()) {
      const link = names[index] ?? "";
      const { path: target = "", tree } = shown[index] ?? {};
      const wanted = allDerivations([output]).flatMap(({ digest }) => requests.get(digest) ?? []);
      // The root first: nothing is collected while this session is open, and later the link is there.
      const contents = [...contentsOf(output, results), ...(tree === undefined ? [] : [tree])];
      await keeper.addRoot({ kind: "link", link, contents: [...new Set(contents)], requests: wanted });
      placeLink(link, target);
      links[link] = target;
    }
    return links;
  }
}

function contentsOf(output: PlannedOutput, results: ReadonlyMap<Digest, Result>): Content[] {
  return Object.values(results.get(output.derivation.digest)?.outputs ?? {});
}

/** An output as users find it: its file or its folder, and the tree that has to stay for it. */
interface Shown {
  readonly path: string;
  readonly tree: Content;
}

async function presentOutput(
  { derivation, output, file, name }: PlannedOutput,
  results: ReadonlyMap<Digest, Result>,
  { layout, keeper }: Parts,
): Promise<Shown> {
  const content = results.get(derivation.digest)?.outputs[output];
  if (content === undefined) throw new Error(`${name} has no result`);
  const { place, tree } = await (await keeper()).present(content, file);
  return { path: join(layout.root, place, ...(file === undefined ? [] : [file])), tree };
}
