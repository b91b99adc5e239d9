// Data files: scripts beside the page, because nothing else can be read from file://.
// Knows where they are and how they leave their values; does not know what is in them.

import { dataProperty } from "../datafile.ts";
import type { DataFiles } from "../form.ts";
import { make, replace } from "./make.ts";

type DataName = keyof DataFiles & string;

/** The value of a data file, which is read when it is first asked for. */
export function load<K extends DataName>(name: K): Promise<DataFiles[K]> {
  const known = loaded(name);
  if (known !== undefined) return Promise.resolve(known);
  const { promise, resolve, reject } = Promise.withResolvers<DataFiles[K]>();
  const source = `data/${name}.js`;
  const present = document.head.querySelector<HTMLScriptElement>(`script[src="${source}"]`);
  const script = present ?? make("script", { src: source });
  script.addEventListener("load", () => {
    const value = loaded(name);
    if (value === undefined) reject(new Error(`${source} has no ${name} in it`));
    else resolve(value);
  });
  script.addEventListener("error", () => reject(new Error(`${source} cannot be read`)));
  if (present === null) document.head.append(script);
  return promise;
}

/** The same file of every architecture, in their order. */
export async function loadAll<K extends "packages" | "needs" | "members">(
  kind: K,
): Promise<DataFiles[`${K}-${number}`][]> {
  const { architectures } = await load("names");
  return await Promise.all(architectures.map((_, place) => load(`${kind}-${place}` as const)));
}

export function showTrouble(section: HTMLElement, error: unknown): void {
  replace(
    section,
    make(
      "p",
      { class: "notice bad", role: "alert" },
      `This part of the report cannot be shown: ${String(error)}`,
    ),
  );
}

function loaded<K extends DataName>(name: K): DataFiles[K] | undefined {
  const values = Reflect.get(globalThis, dataProperty) as Map<string, unknown> | undefined;
  return values?.get(name) as DataFiles[K] | undefined;
}
