// Sudden death of a running kit, or of its keeper.
// Knows processes; does not know what they were doing.

import { setTimeout as sleep } from "node:timers/promises";
import { keepersOf } from "../sandbox/rig.ts";
import type { Running } from "./kit.ts";

export const victims = ["kit", "keeper"] as const;
export type Victim = (typeof victims)[number];

/** kill -9, as soon as there is somebody to kill; nothing where the command ends before. */
export async function killSoon(running: Running, victim: Victim): Promise<void> {
  while (!kill(running, victim) && running.process.exitCode === null) await sleep(5);
}

/** kill -9; whether there was anybody to kill. */
export function kill({ process: { pid = 0 } }: Running, victim: Victim): boolean {
  const killed = victim === "keeper" ? keepersOf(pid)[0] : pid;
  if (killed === undefined) return false;
  try {
    return process.kill(killed, "SIGKILL");
  } catch (error) {
    // It has ended.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
