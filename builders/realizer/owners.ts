// A failed build, told with the packages of its distribution's archive that have what it did not find.
// Knows of which distribution its root is; does not know what is missing, nor how lists are read.

import { allDerivations, type World } from "../../evaluator/evaluate.ts";
import type { Lock } from "../../evaluator/lock.ts";
import { type Derivation, type Request, requestDigest } from "../../store/model/derivation.ts";
import { faultsOf, restated } from "../../store/model/fault.ts";
import type { Keeper } from "../keeper/client.ts";
import { withSuggestions } from "../keeper/suggestion.ts";
import { filesQuestions, type IndexParts } from "../lock/indexes.ts";
import { assemblyOf } from "./asking.ts";

export interface OwnersMeans extends Pick<IndexParts, "mirrors"> {
  readonly keeper: () => Promise<Pick<Keeper, "owners">>;
  /** The architecture builds run on, as Debian calls it. */
  readonly host: string;
}

/** The error, with what the archive knows. Whatever goes wrong meanwhile, it is this error that is told. */
export async function withOwners(
  error: unknown,
  { derivation, request }: { readonly derivation: Derivation; readonly request: Request },
  world: World,
  { keeper, host, mirrors }: OwnersMeans,
): Promise<unknown> {
  const [fault] = faultsOf(error);
  if (fault?.code !== "build/failed") return error;
  try {
    const distro = distroOf(derivation, world.lock);
    if (distro === undefined) return error;
    const assembly = assemblyOf({ source: { distro } }, world);
    const lists = filesQuestions(distro, derivation.system ?? host, assembly, mirrors);
    if (lists === undefined) return error;
    const question = { request: requestDigest(request), builder: derivation.builder, lists };
    const found = await (await keeper()).owners(question);
    return found.length === 0
      ? error
      : restated(fault, { details: withSuggestions(fault.details, found, derivation.builder) });
  } catch {
    return error;
  }
}

/** The one that most of the files come from which its root is made of. */
function distroOf({ inputs }: Derivation, { distros }: Lock): string | undefined {
  const root = Object.entries(inputs).flatMap(([name, input]) =>
    "derivation" in input && !tools.has(name) ? [input] : [],
  );
  const fetched = new Set(
    allDerivations(root).flatMap(({ builder, parameters }) =>
      builder === "fetch" ? [(parameters as { sha256?: string }).sha256] : [],
    ),
  );
  const shares = Object.entries(distros).map(([name, { packages }]) => ({
    name,
    files: Object.values(packages).filter(({ stanza }) => fetched.has(stanza["SHA256"])).length,
  }));
  return shares.filter(({ files }) => files > 0).sort((a, b) => b.files - a.files)[0]?.name;
}

/** What is beside the root that a build sees. */
const tools: ReadonlySet<string> = new Set(["launcher", "tools", "source"]);
