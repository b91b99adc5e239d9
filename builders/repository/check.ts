// Checks of an index's word against the time and what is known already.
// Knows its dates and names; does not know signatures, which are checked before.

import { Fault } from "../../store/model/fault.ts";
import type { Release } from "./release.ts";

export interface Expected {
  /** How the suite is told to a person: `security bookworm-security`. */
  readonly label: string;
  /** The suite asked for. */
  readonly suite: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The date of the locked index, in seconds since 1970: nothing older is taken. */
  readonly notBefore?: number | undefined;
  /** A dated archive: its indexes are meant to be past their time. */
  readonly dated?: boolean | undefined;
}

const day = 86_400;

/**
 * What speaks against a signed Release file, all of it; empty where nothing does.
 * - `digest/wrong-suite`: it is another suite's, which whoever holds the same key signed;
 * - `digest/expired-index`: its Valid-Until has passed;
 * - `digest/future-index`: it is dated more than a day ahead;
 * - `digest/stale-index`: it is older than the one the lock was made from.
 */
export function checkRelease(release: Release, expected: Expected): readonly Fault[] {
  const { label, suite } = expected;
  const now = Math.floor(expected.now / 1000);
  const faults: Fault[] = [];
  // Old security suites are `buster/updates`, and call themselves `buster`.
  if (![suite, suite.split("/")[0]].some((name) => name === release.codename || name === release.suite)) {
    const own = release.codename ?? release.suite ?? "nameless";
    faults.push(
      new Fault("digest/wrong-suite", `${label}: the index is that of ${own}`, {
        hint: "the mirror mixes suites up or replays another one's index: try another through KIT_MIRRORS",
      }),
    );
  }
  if (release.validUntil !== undefined && release.validUntil < now && !expected.dated) {
    faults.push(
      new Fault(
        "digest/expired-index",
        `${label}: the index was valid until ${iso(release.validUntil)}, and it is ${iso(now)}`,
        {
          hint: "the mirror is no longer updated: try another through KIT_MIRRORS; or this machine's clock is ahead",
        },
      ),
    );
  }
  return [...faults, ...checkDate(release.date, expected)];
}

/** What speaks against an index's date, in seconds since 1970: `digest/future-index`, `digest/stale-index`. */
export function checkDate(date: number, expected: Omit<Expected, "suite" | "dated">): readonly Fault[] {
  const { label, notBefore } = expected;
  const now = Math.floor(expected.now / 1000);
  const faults: Fault[] = [];
  if (date > now + day) {
    faults.push(
      new Fault("digest/future-index", `${label}: the index is of ${iso(date)}, and it is ${iso(now)}`, {
        hint: "set this machine's clock",
      }),
    );
  }
  if (notBefore !== undefined && date < notBefore) {
    faults.push(
      new Fault(
        "digest/stale-index",
        `${label}: the index is of ${iso(date)}, older than the locked one of ${iso(notBefore)}`,
        {
          hint: "the mirror lags behind or replays an old index: try another through KIT_MIRRORS, or wait until it is updated",
        },
      ),
    );
  }
  return faults;
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
