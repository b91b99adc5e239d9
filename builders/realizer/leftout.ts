// What of a set is not planned, and whether that is an end.
// Pure. Knows what was refused and whom that keeps; does not know why it was.

import type { Assembled, Assembly } from "../../evaluator/manifest/assembly.ts";
import type { Refusals } from "../../evaluator/refusals.ts";
import { type Fault, Faults, restated } from "../../store/model/fault.ts";

/** A manifest of a set of which nothing is built. */
export interface LeftOut {
  readonly name: string;
  /** `elsewhere`: it is built for other architectures. */
  readonly state: "failed" | "blocked" | "elsewhere";
  /** The fault's code, the names of those it is built with, or why it is not for here. */
  readonly because: string;
  /** What is to be had of nobody else, though nobody says that one of these has it. */
  readonly lacking?: string;
}

export interface Judged {
  readonly leftOut: readonly LeftOut[];
  /** Each once, named for what they are of. */
  readonly faults: readonly Fault[];
}

/** Where it is no set, or that is an end (`keepGoing`), they are thrown. @throws {Faults} */
export function judge(
  { refused, blocked }: Refusals,
  assembly: Assembly,
  { isSet, keepGoing }: { readonly isSet: boolean; readonly keepGoing: boolean },
): Judged {
  const nameOf = (file: string) => assembly.manifests.get(file)?.name ?? file;
  const isElsewhere = ([file, fault]: readonly [string, Fault]) =>
    isSet && isOfItself(fault, file, assembly) && fault.code === "manifest/unsupported-architecture";
  const elsewhere = [...refused].filter(isElsewhere);
  const failed = [...refused].filter((one) => !isElsewhere(one));
  // One fault may be of several: of all in a circle.
  const faults = [...Map.groupBy(failed, ([, fault]) => fault)].map(([fault, all]) => {
    const own = all.length === 1 ? assembly.manifests.get(all[0]?.[0] ?? "") : undefined;
    return own === undefined ? fault : named(fault, own, isSet);
  });
  if (!keepGoing && faults.length > 0) throw new Faults(faults);
  const leftOut = [
    ...elsewhere.map(
      ([file, { hint = "" }]): LeftOut => ({ name: nameOf(file), state: "elsewhere", because: hint }),
    ),
    ...failed.map(([file, { code }]): LeftOut => ({ name: nameOf(file), state: "failed", because: code })),
    ...[...blocked].map(
      ([file, { by, lacking }]): LeftOut => ({
        ...{ name: nameOf(file), state: "blocked", because: by.map(nameOf).join(", ") },
        ...(lacking.length > 0 && { lacking: lacking.join(", ") }),
      }),
    ),
  ];
  return { leftOut, faults };
}

/** In a line, for people. */
export function leftOutText({ name, state, because, lacking }: LeftOut): string | undefined {
  if (lacking !== undefined)
    return `${name} is not built: it needs ${lacking}, which nobody has unless ${because} would`;
  if (state === "blocked") return `${name} is not built: it waits for ${because}`;
  return state === "elsewhere" ? `${name} is left out: ${because}` : undefined;
}

function isOfItself({ place }: Fault, file: string, assembly: Assembly): boolean {
  return place !== undefined && place.file === assembly.manifests.get(file)?.document.place([]).file;
}

/** What has no place of its own is told at its manifest's name; of a set, with that name. */
function named(fault: Fault, { name, document }: Assembled, isSet: boolean): Fault {
  const place = fault.place ?? document.place(["name"]);
  const isTitled = !isSet || [`${name}: `, `${name} `].some((start) => fault.message.startsWith(start));
  return restated(fault, { place, message: isTitled ? fault.message : `${name}: ${fault.message}` });
}
