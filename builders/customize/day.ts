// Days since 1970-01-01, as shadow(5) counts them.
// Knows the calendar; does not know what day it is.

import { Fault } from "../../store/model/fault.ts";

const seconds = 86_400;

/** @throws {Fault} `manifest/bad-date` on a day that no month has */
export function dayOf(date: string): number {
  const milliseconds = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString().slice(0, 10) !== date) {
    throw new Fault("manifest/bad-date", `there is no ${date}`, { hint: "a day is written like 2030-12-31" });
  }
  return milliseconds / 1000 / seconds;
}

/** The day of an epoch, at least 1: to shadow(5) a last change on day 0 means that the password must be changed. */
export function changeDay(epoch: number): number {
  return Math.max(1, Math.floor(epoch / seconds));
}
