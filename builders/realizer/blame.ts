// Faults on their way to who reads them: whose they are, and where a manifest names what they are about.
// Pure. Knows which faults are of what a manifest names; does not know what came about.

import { dirname, join } from "node:path/posix";
import type { Derivation, Places } from "../../store/model/derivation.ts";
import {
  type Fault,
  type FaultClass,
  Faults,
  faultsOf,
  type Place,
  restated,
} from "../../store/model/fault.ts";

/** The fault of a derivation, by its label, which a fault of a file may begin with already. */
export function blamed(fault: Fault, { label, places }: Pick<Derivation, "label" | "places">): Fault {
  const titled = fault.message.startsWith(`${label}: `) ? fault.message : `${label}: ${fault.message}`;
  return restated(located(fault, places), { message: titled });
}

/** A place of its own stays; a host or a person who interrupts is nothing that a manifest names, a disk is what a build filled. */
export function located(fault: Fault, places: Places = {}): Fault {
  const own = fault.place && besideManifest(fault.place, places[""]);
  const isWritten = ofManifests.includes(fault.class) || fault.code === "store/full";
  const written = isWritten ? (places[fault.about ?? ""] ?? places[""]) : undefined;
  const place = own ?? written;
  const other = places[fault.against ?? ""];
  const isTold = fault.against !== undefined && other !== undefined;
  const related = [...fault.related, ...(isTold ? [{ place: other, message: "the other one" }] : [])];
  return restated(fault, { ...(place && { place }), related, about: undefined, against: undefined });
}

/** A build knows a local file as its manifest writes it: where that is, is the manifest's to say. */
function besideManifest(place: Place, manifest: Place | undefined): Place {
  return manifest !== undefined && /^\.\.?\//.test(place.file)
    ? { ...place, file: join(dirname(manifest.file), place.file) }
    : place;
}

/** The same of whatever was thrown; what is no fault stays. */
export function locatedError(error: unknown, places: Places | undefined): unknown {
  const faults = faultsOf(error);
  return faults.length === 0 ? error : new Faults(faults.map((fault) => located(fault, places)));
}

const ofManifests: readonly FaultClass[] = ["build", "manifest", "unresolved", "network", "digest"];
