// What the process that kit runs in is allowed, where that may be too little.
// Pure. Knows the form of /proc/self/limits (proc(5)); does not know what a build takes.

import { Fault } from "../../store/model/fault.ts";

/**
 * Refuses what everything would fail by somewhere on its way.
 *
 * @param limits the text of /proc/self/limits
 * @throws {Fault} `host/open-files`, `host/file-size`
 */
export function refuseAllowance(limits: string): void {
  const most = (name: string) => {
    const soft = new RegExp(`^${name} +(\\S+)`, "m").exec(limits)?.[1];
    return soft === undefined || soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
  };
  const files = most("Max open files");
  if (files < fewestFiles)
    throw new Fault("host/open-files", `kit may have no more than ${files} files open`, {
      hint: `raise the limit that it is run with, to ${fewestFiles} or more: ulimit -n 4096`,
    });
  const size = most("Max file size");
  if (size < leastSize)
    throw new Fault("host/file-size", `kit may write no file larger than ${Math.floor(size / 1024)} KiB`, {
      hint: "raise the limit that it is run with: ulimit -f unlimited",
    });
}

/** 40 are too few for a keeper of two threads; Linux gives 1,024. */
const fewestFiles = 256;

/** Bytes: most images are larger, and some packages. */
const leastSize = 2 ** 30;
