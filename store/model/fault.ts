// Faults: everything that can go wrong in a way a person should read.
// Knows codes, places and exit statuses; does not know how a fault is printed.

/** Exit statuses of the `kit` command; documented in README.md and stable. */
export const exitStatus = {
  done: 0,
  build: 1,
  usage: 2,
  manifest: 3,
  unresolved: 4,
  store: 5,
  network: 6,
  host: 7,
  digest: 8,
  differs: 10,
  interrupted: 130,
} as const;

export type FaultClass = Exclude<keyof typeof exitStatus, "done">;

/** A position in a text a person wrote; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The offending line, without its line break. */
  readonly excerpt?: string;
  /** How many columns of the excerpt the fault covers. */
  readonly length?: number;
}

export interface FaultDetails {
  readonly place?: Place;
  /** What the reader can do about it. */
  readonly hint?: string;
  /** Other places that take part, each with its role. */
  readonly related?: readonly { readonly place: Place; readonly message: string }[];
  /** Further lines: a log's end, a solver's argument. */
  readonly details?: readonly string[];
  /** Which of the places that its derivation is written at; see `Derivation.places`. */
  readonly about?: string | undefined;
  /** Another of those places, which takes part. */
  readonly against?: string | undefined;
  readonly cause?: unknown;
}

/**
 * One thing that went wrong: where, what, and what to try.
 * `code` is stable and of the form `class/short-name`; the class decides the exit status.
 */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: `${FaultClass}/${string}`;
  readonly place: Place | undefined;
  readonly hint: string | undefined;
  readonly related: readonly { readonly place: Place; readonly message: string }[];
  readonly details: readonly string[];
  readonly about: string | undefined;
  readonly against: string | undefined;

  constructor(code: `${FaultClass}/${string}`, message: string, details: FaultDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.place = details.place;
    this.hint = details.hint;
    this.related = details.related ?? [];
    this.details = details.details ?? [];
    this.about = details.about;
    this.against = details.against;
  }

  get class(): FaultClass {
    return this.code.slice(0, this.code.indexOf("/")) as FaultClass;
  }

  get exit(): number {
    return exitStatus[this.class];
  }
}

/** The same fault with these in the place of its own. */
export function restated(fault: Fault, changes: FaultDetails & { readonly message?: string }): Fault {
  const { place, hint, related, details, about, against, cause } = fault;
  return new Fault(fault.code, changes.message ?? fault.message, {
    ...(place && { place }),
    ...(hint !== undefined && { hint }),
    ...{ related, details, about, against, cause },
    ...changes,
  });
}

/** Several faults found in one pass, told together; its exit status is the first one's. */
export class Faults extends Error {
  override readonly name = "Faults";
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map((fault) => fault.message).join("\n"));
    this.faults = faults;
  }
}

/** A fault as plain data, for the wire between kit's processes and for `--json`. */
export interface FaultRecord {
  readonly code: string;
  readonly message: string;
  readonly place?: Place;
  readonly hint?: string;
  readonly related?: Fault["related"];
  readonly details?: readonly string[];
  readonly about?: string;
  readonly against?: string;
}

export function faultRecord(fault: Fault): FaultRecord {
  return {
    code: fault.code,
    message: fault.message,
    ...(fault.place && { place: fault.place }),
    ...(fault.hint && { hint: fault.hint }),
    ...(fault.related.length > 0 && { related: fault.related }),
    ...(fault.details.length > 0 && { details: fault.details }),
    ...(fault.about !== undefined && { about: fault.about }),
    ...(fault.against !== undefined && { against: fault.against }),
  };
}

export function faultFromRecord(record: FaultRecord): Fault {
  const { code, message, ...details } = record;
  return new Fault(code as Fault["code"], message, details);
}

/** All faults in an error, or none where the error is a defect of kit's own. */
export function faultsOf(error: unknown): readonly Fault[] {
  if (error instanceof Fault) return [error];
  if (error instanceof Faults) return error.faults;
  return [];
}

/** The end of every `switch` over a named union. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

/** The first ten of what a fault is about, for its details, and how many more there are. */
export function shortList(items: readonly string[]): string[] {
  const more = items.length - mostListed;
  return [...items.slice(0, mostListed), ...(more > 0 ? [`and ${more} more`] : [])];
}

const mostListed = 10;
