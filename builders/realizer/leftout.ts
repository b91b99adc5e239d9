// What of a set is not planned, and whether that is an end.
// Pure. Knows what was refused and whom that keeps; does not know why it was.

import type { Assembled, Assembly } from "../../evaluator/manifest/assembly.ts";
import type { Refusals } from "../../evaluator/refusals.ts";
import { Fault, Faults, faultRecord, restated } from "../../store/model/fault.ts";
import type { Event } from "../event.ts";

/** A manifest of a set of which nothing is built. */
export interface LeftOut {
  readonly file: string;
  readonly name: string;
  /** `elsewhere`: it is built for other architectures. */
  readonly state: "failed" | "blocked" | "elsewhere";
  /** The fault's code, the names of those it is built with, or why it is not for here. */
  readonly because: string;
  /** What is to be had of nobody else, though nobody says that one of these has it. */
  readonly lacking?: string;
  /** Of one that is blocked, where that began: the derivation that has failed, or the file of a manifest that was refused. */
  readonly cause?: string;
  readonly fault?: Fault;
}

export interface Judged {
  readonly leftOut: readonly LeftOut[];
  /** Each once, named for what they are of. */
  readonly faults: readonly Fault[];
}

/** Where it is no set, or that is an end (`keepGoing`), they are thrown. @throws {Faults} */
export function judge(
  refusals: Refusals,
  assembly: Assembly,
  { isSet, keepGoing }: { readonly isSet: boolean; readonly keepGoing: boolean },
): Judged {
  const nameOf = (file: string) => assembly.manifests.get(file)?.name ?? file;
  const isElsewhere = (file: string, fault: Fault | undefined) =>
    isSet && fault?.code === "manifest/unsupported-architecture" && isOfItself(fault, file, assembly);
  const elsewhere = [...refusals.refused].filter(([file, fault]) => isElsewhere(file, fault));
  const { refused, blocked, unbuilt } = withoutElsewhere(
    refusals,
    new Map(elsewhere.map(([file]) => [file, nameOf(file)])),
  );
  // One fault may be of several: of all in a circle.
  const faults = [...Map.groupBy(refused, ([, fault]) => fault)].map(([fault, all]) => {
    const own = all.length === 1 ? assembly.manifests.get(all[0]?.[0] ?? "") : undefined;
    return own === undefined ? fault : named(fault, own, isSet);
  });
  if (!keepGoing && faults.length > 0) throw new Faults(faults);
  const leftOut = [
    ...elsewhere.map(
      ([file, { hint = "" }]): LeftOut => ({ file, name: nameOf(file), state: "elsewhere", because: hint }),
    ),
    ...[...refused].map(
      ([file, fault]): LeftOut => ({ file, name: nameOf(file), state: "failed", because: fault.code, fault }),
    ),
    ...[...blocked].map(([file, { by, lacking }]): LeftOut => {
      const cause = causeOf(file, { refused, blocked, unbuilt });
      return {
        ...{ file, name: nameOf(file), state: "blocked", because: by.map(nameOf).join(", ") },
        ...(lacking.length > 0 && { lacking: lacking.join(", ") }),
        ...(cause !== undefined && { cause }),
      };
    }),
  ];
  return { leftOut, faults };
}

/** Who is for other architectures alone gives nobody anything: who has nobody else to wait for is refused. */
function withoutElsewhere(refusals: Refusals, elsewhere: ReadonlyMap<string, string>): Refusals {
  const refused = new Map([...refusals.refused].filter(([file]) => !elsewhere.has(file)));
  const blocked = new Map(refusals.blocked);
  for (const [file, { by, lacking }] of blocked) {
    const others = by.filter((one) => !elsewhere.has(one));
    if (others.length === by.length) continue;
    if (others.length > 0) blocked.set(file, { by: others, lacking });
    else {
      blocked.delete(file);
      refused.set(
        file,
        nobodyHere(
          lacking,
          by.map((one) => elsewhere.get(one) ?? one),
        ),
      );
    }
  }
  return { refused, blocked, unbuilt: refusals.unbuilt };
}

function nobodyHere(lacking: readonly string[], names: readonly string[]): Fault {
  const what = lacking.length > 0 ? lacking.join(", ") : names.join(", ");
  return new Fault("unresolved/nobody-provides", `nobody provides ${what} for this architecture`, {
    hint: `${names.join(", ")}: for other architectures alone; is this one, too?`,
  });
}

/** Follows whom one waits for, the first of them that leads somewhere. @param seen those that were followed already */
function causeOf(file: string, refusals: Refusals, seen = new Set<string>()): string | undefined {
  const { refused, blocked, unbuilt } = refusals;
  const own = unbuilt.get(file) ?? (refused.has(file) ? file : undefined);
  if (own !== undefined || seen.has(file)) return own;
  seen.add(file);
  for (const other of blocked.get(file)?.by ?? []) {
    const cause = causeOf(other, refusals, seen);
    if (cause !== undefined) return cause;
  }
  return undefined;
}

/** In a line, for people. */
function leftOutText({ name, state, because, lacking }: LeftOut): string | undefined {
  if (lacking !== undefined)
    return `${name} is not built: it needs ${lacking}, which nobody has unless ${because} would`;
  if (state === "blocked") return `${name} is not built: it waits for ${because}`;
  return state === "elsewhere" ? `${name} is left out: ${because}` : undefined;
}

/** What is told of it. */
export function leftOutEvents(one: LeftOut): Event[] {
  const { file, name, state, cause, fault } = one;
  const text = leftOutText(one);
  const told: Event[] = text === undefined ? [] : [{ type: "warning", text }];
  if (state === "elsewhere") return told;
  const why = { ...(cause !== undefined && { cause }), ...(fault && { fault: faultRecord(fault) }) };
  return [...told, { type: "unplanned", file, name, how: state, ...why }];
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
