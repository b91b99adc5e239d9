// Planning views: which questions a view's manifests ask.
// Pure. Knows workloads, labels and placeholders; does not know how packages are chosen, and builds nothing of its own.

import type { Planning } from "../../evaluator/evaluate.ts";
import type { Assembled } from "../../evaluator/manifest/assembly.ts";
import { nearest } from "../../evaluator/manifest/nearest.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import type { ViewAnswer } from "../../evaluator/view/pinned.ts";
import { expectedPackages } from "../../evaluator/view/placeholder.ts";
import { type ViewQuestion, viewQuestion, type WorkloadQuestion } from "../../evaluator/view/question.ts";
import { Fault } from "../../store/model/fault.ts";
import type { DistroManifest } from "../distro/schema.ts";
import { architecturesIn, refuseLeftOut, sourceOf } from "../distro/source.ts";
import { packageRequests, planPackages } from "../package/plan.ts";
import { assembled, settleDistro } from "../tools/plan.ts";
import { type WorkloadManifest, workloadKind } from "../workload/schema.ts";
import { isOn, wantsOf } from "../workload/wants.ts";
import { type ViewManifest, viewKind } from "./schema.ts";

/** A view as its manifests have it, and the answer for each of its architectures. */
export interface PlannedView {
  readonly manifest: ViewManifest;
  readonly distro: string;
  /** Those with one of its labels, by name. */
  readonly workloads: ReadonlyMap<string, WorkloadManifest>;
  readonly on: ReadonlyMap<string, ViewAnswer>;
  /** The view that it is added to. */
  readonly subtracts?: PlannedView;
}

/**
 * Undefined while a question is open.
 *
 * @param among architectures, of which those count that the view has; without, the wish's or all that the view has
 * @throws {Fault} `manifest/unknown-label`, `manifest/unsupported-architecture`, `manifest/name-clash`
 */
export function planView(
  planning: Planning,
  file: string,
  among?: readonly string[],
): PlannedView | undefined {
  const { world, wish } = planning;
  const own = assembled(world.assembly, file);
  const first = settleView(planning, own, wish.architecture ?? world.host);
  const offered = architecturesOf(own, first, among === undefined ? wish.architecture : undefined);
  const architectures = among === undefined ? offered : offered.filter((name) => among.includes(name));
  const answers = architectures.map(
    (architecture) => [architecture, planFor(planning, own, architecture)] as const,
  );
  const on = answers.flatMap(([architecture, answer]) =>
    answer === undefined ? [] : [[architecture, answer] as const],
  );
  const below = own.references.find(({ path }) => path[0] === "subtract");
  const subtracts = below && planView(planning, below.file, architectures);
  if (on.length < answers.length || (below !== undefined && subtracts === undefined)) return undefined;
  return {
    manifest: first.manifest,
    distro: first.distro.name,
    workloads: new Map(workloadsIn(planning, own, first).map(({ manifest }) => [manifest.name, manifest])),
    on: new Map(on),
    ...(subtracts !== undefined && { subtracts }),
  };
}

interface SettledView {
  readonly manifest: ViewManifest;
  readonly distro: DistroManifest;
  readonly target: Target;
}

function settleView({ world }: Planning, own: Assembled, architecture: string): SettledView {
  const target = { arch: architecture, buildType: "release", distro: "" } as const;
  const { manifest: distro } = settleDistro(world.assembly, own.file, target);
  const complete = { ...target, distro: distro.name };
  return { manifest: settle(own, viewKind, complete).manifest, distro, target: complete };
}

function architecturesOf(
  own: Assembled,
  { manifest, distro }: SettledView,
  wanted: string | undefined,
): readonly string[] {
  const offered: readonly string[] = manifest.architectures ?? distro.architectures;
  const known: readonly string[] = distro.architectures;
  const refused = (wanted === undefined ? offered : [wanted]).find(
    (name) => !offered.includes(name) || !known.includes(name),
  );
  if (refused === undefined) return wanted === undefined ? [...offered].sort() : [wanted];
  const who = offered.includes(refused) ? distro.name : "this view";
  throw new Fault("manifest/unsupported-architecture", `${who} is not there for ${refused}`, {
    place: own.document.place(manifest.architectures ? ["architectures"] : ["distro"]),
    hint: `it is there for ${(offered.includes(refused) ? known : offered).join(", ")}`,
  });
}

function planFor(planning: Planning, own: Assembled, architecture: string): ViewAnswer | undefined {
  const view = settleView(planning, own, architecture);
  const { manifest, distro } = view;
  const gathered = workloadsIn(planning, own, view);
  const questions = gathered.map((workload) => workloadQuestion(planning, workload, view));
  const workloads = questions.filter((question) => question !== undefined);
  if (workloads.length < questions.length) return undefined;
  const requests = workloads.flatMap((workload) => workload.requests);
  const question: ViewQuestion = {
    view: manifest.name,
    source: sourceOf(
      distro,
      architecture,
      distro.format === "deb" ? architecturesIn([...requests, ...manifest.base]) : [],
    ),
    base: manifest.base,
    workloads,
    ...(manifest.buildroot && { buildroot: [...distro.base, ...(manifest.buildroot.base ?? distro.build)] }),
    ...(manifest.buildroot && buildsIndependent(own, view) && { independent: true }),
    placeholders: manifest.buildroot ? placeholderNeeds(gathered, architecture) : {},
  };
  return planning.view(viewQuestion(question));
}

/**
 * What is of all architectures is built once. The view's first architecture by name builds it, whichever one is asked
 * about: amd64 where it is one of them, as with Debian's archive.
 */
function buildsIndependent(own: Assembled, view: SettledView): boolean {
  const [first] = architecturesOf(own, view, undefined);
  return first === view.target.arch;
}

interface GatheredWorkload {
  readonly own: Assembled;
  readonly manifest: WorkloadManifest;
}

/** Those with one of the view's labels, or all. @throws {Fault} `manifest/unknown-label`, `manifest/name-clash` */
function workloadsIn(
  { world }: Planning,
  own: Assembled,
  { manifest: { labels }, target }: SettledView,
): readonly GatheredWorkload[] {
  const files = new Set(own.references.filter(({ kind }) => kind === "workload").map(({ file }) => file));
  const found = [...files].sort().map((file) => {
    const workload = assembled(world.assembly, file);
    return { own: workload, manifest: settle(workload, workloadKind, target).manifest };
  });
  const known = new Set(found.flatMap(({ manifest }) => manifest.labels));
  for (const [index, label] of labels.entries())
    if (!known.has(label)) throw unknownLabel(own, index, label, known);
  const wanted =
    labels.length === 0
      ? found
      : found.filter(({ manifest }) => manifest.labels.some((label) => labels.includes(label)));
  refuseClashes(wanted);
  return wanted;
}

function unknownLabel(own: Assembled, index: number, label: string, known: ReadonlySet<string>): Fault {
  const close = nearest(label, [...known].sort());
  const all = [...known].sort().join(", ") || "none has a label";
  return new Fault("manifest/unknown-label", `no workload has the label ${label}`, {
    place: own.document.place(["labels", index]),
    hint: close === undefined ? `the workloads found have: ${all}` : `did you mean ${close}?`,
  });
}

function refuseClashes(workloads: readonly GatheredWorkload[]): void {
  const places = new Map<string, Assembled>();
  for (const { own, manifest } of workloads) {
    const other = places.get(manifest.name);
    if (other !== undefined)
      throw new Fault("manifest/name-clash", `two workloads are called ${manifest.name}`, {
        place: own.document.place(["name"]),
        related: [{ place: other.document.place(["name"]), message: "the other one" }],
        hint: "rename one of them",
      });
    places.set(manifest.name, own);
  }
}

function workloadQuestion(
  planning: Planning,
  { own, manifest }: GatheredWorkload,
  { target, distro }: SettledView,
): WorkloadQuestion | undefined {
  const { name, groups, options } = manifest;
  const { names, files, placeholders } = wantsOf(own, manifest, target.arch);
  refuseLeftOut(distro, files);
  const made = planPackages(planning, files, target);
  if (made === undefined) return undefined;
  const { asked, brought } = packageRequests(made);
  const expected = placeholders.flatMap((item) => expectedPackages(item, distro.format, target.arch));
  return {
    name,
    requests: [...names, ...asked],
    ...(brought.length > 0 && { brought }),
    groups,
    ...(options.recommends && { recommends: true }),
    strict: options.strict,
    locals: [...made.map(({ stanza }) => stanza), ...expected],
  };
}

function placeholderNeeds(workloads: readonly GatheredWorkload[], architecture: string) {
  const expected = workloads.flatMap(({ manifest }) => manifest.placeholders);
  return Object.fromEntries(
    expected
      .filter((item) => isOn(item, architecture))
      .map(({ source, buildDependencies }) => [source, buildDependencies]),
  );
}
