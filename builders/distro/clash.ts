// Distributions of one name: there is one, because locks, questions and tools know distributions by name.
// Pure. Compares what manifests say; does not know what is made of them.

import type { Assembled, Assembly } from "../../evaluator/manifest/assembly.ts";
import { Fault, Faults } from "../../store/model/fault.ts";

/**
 * A copy that says the same as the other is no other distribution.
 *
 * @throws {Faults} `manifest/name-clash`: what is fetched and run for one would be chosen from the other
 */
export function refuseClashes(assemblies: readonly Assembly[]): void {
  const byName = new Map<string, Assembled>();
  const faults: Fault[] = [];
  // Later ones first: the manifests that ship are not the ones to be renamed.
  for (const item of assemblies.toReversed().flatMap(({ manifests }) => [...manifests.values()])) {
    if (item.kind.name !== "distro") continue;
    const other = byName.get(item.name);
    if (other === undefined) byName.set(item.name, item);
    else if (JSON.stringify(other.document.value) !== JSON.stringify(item.document.value))
      faults.push(clash(item, other));
  }
  if (faults.length > 0) throw new Faults(faults);
}

function clash(item: Assembled, other: Assembled): Fault {
  return new Fault("manifest/name-clash", `another distribution is called ${item.name}, and says otherwise`, {
    place: item.document.place(["name"]),
    related: [{ place: other.document.place(["name"]), message: "the other one" }],
    hint: "call this one otherwise, like mine/stable: locks and tools know distributions by their names",
  });
}
