// Secrets of builds: out of the environment, or of files that the configuration names.
// Knows where they are; does not know which build gets any.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Fault } from "../store/model/fault.ts";

/** What a variable is called that holds one: `KIT_SECRET_NAME`. */
export const secretPrefix = "KIT_SECRET_";

/** Shorter ones would be found in everything. */
const fewestBytes = 8;

/** By name, in base64. @throws {Fault} `usage/bad-setting` */
export function readSecrets(
  files: Readonly<Record<string, string>>,
  base: string,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const found = new Map<string, Buffer>();
  for (const [name, file] of Object.entries(files)) found.set(name, readSecret(name, resolve(base, file)));
  for (const [variable, value] of Object.entries(environment))
    if (variable.startsWith(secretPrefix) && value)
      found.set(variable.slice(secretPrefix.length), Buffer.from(value));
  for (const [name, value] of found) {
    if (value.toString("latin1").trim().length >= fewestBytes) continue;
    throw new Fault("usage/bad-setting", `the secret ${name} has fewer than ${fewestBytes} bytes`, {
      hint: "it could not be told from other text in logs and results",
    });
  }
  return Object.fromEntries([...found].map(([name, value]) => [name, value.toString("base64")]));
}

function readSecret(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Fault(
      "usage/bad-setting",
      `the file of the secret ${name} cannot be read: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}
