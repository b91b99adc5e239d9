// Why a package is there: the shortest ways to it from what was asked for, in each root that has it.
// Pure. Knows how chains are told; does not know how a closure was chosen.

import { type Chain, nameIn, openChains } from "../../evaluator/chain.ts";
import { standsForNative } from "../../evaluator/deb/request.ts";
import type { Answered } from "../../evaluator/evaluate.ts";
import { isRoot, questionText } from "../../evaluator/question.ts";
import { visible } from "../render/text.ts";

/** What a package is looked for in, as it is told: a root, or one workload of a view. */
export interface Title {
  /** What was asked, as the lock has it. */
  readonly question: string;
  /** Its name, where it is one of a view. */
  readonly workload?: string;
}

export interface PackageReasons extends Title {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** How many chains are as short as these. */
  readonly count: number;
  readonly chains: readonly Chain[];
}

/** Chains that are written out. */
const most = 10;

/** Answers about roots that are whole: a root's base is asked about by itself too, and so are tools. */
export function rootsIn<A extends Answered>(answered: readonly A[]): readonly A[] {
  const roots = answered.filter(({ question }) => isRoot(question));
  const whole = roots.filter(
    ({ question: { requests, groups, optional } }) =>
      requests.length > 0 || groups !== undefined || optional !== undefined,
  );
  return whole.length > 0 ? whole : roots;
}

/** An answer; with its title where that is more than its question. */
export type Seen = Answered & { readonly title?: Title };

/** `wanted` is `NAME`, or `NAME:ARCHITECTURE` for a foreign one. Of tool environments only where no root has it. */
export function packageReasons(answered: readonly Seen[], wanted: string): PackageReasons[] {
  const told = reasonsIn(rootsIn(answered), wanted);
  return told.length > 0 ? told : reasonsIn(answered, wanted);
}

function reasonsIn(answered: readonly Seen[], wanted: string): PackageReasons[] {
  return answered.flatMap(({ question, closure: { packages }, title }) => {
    const native = question.source.architecture;
    const called = calledIn(wanted, native);
    const item = packages.find((one) => nameIn(one, native) === called);
    if (item === undefined) return [];
    const { name, version, architecture } = item;
    const chains = openChains(packages, native)(called, most);
    return [{ name, version, architecture, ...(title ?? { question: questionText(question) }), ...chains }];
  });
}

/** As reasons call it: who asks may name the native architecture too. */
export function calledIn(wanted: string, native: string): string {
  const [name = "", architecture = native] = wanted.split(":");
  return architecture === native || standsForNative(architecture) ? name : wanted;
}

export function packageLines(told: readonly PackageReasons[]): string[] {
  return told
    .flatMap(({ name, version, architecture, count, chains, ...title }) => [
      `${name} ${version} ${architecture} in ${titleText(title)}`,
      ...chains.map((chain) => `    ${chainText(chain)}`),
      ...(count > chains.length ? [`    and ${count - chains.length} more, as short`] : []),
    ])
    .map(visible);
}

export function titleText({ question, workload }: Title): string {
  return workload === undefined ? question : `the workload ${workload} of ${question}`;
}

/** `request nginx -> libc6 (>= 2.38)`; who stands for another name is told: `awk [mawk]`. */
function chainText({ from, links }: Chain): string {
  const texts = links.map((link) => {
    const isNamed =
      link.relation.replace(/^[A-Z][a-z-]+: /, "").split(/[\s:|=(]/)[0] === link.package.split(":")[0];
    return isNamed ? link.relation : `${link.relation} [${link.package}]`;
  });
  return `${from} ${texts.join(" -> ")}`;
}
