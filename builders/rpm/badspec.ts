// Why rpmbuild packs no source package of a spec, as its last lines tell.
// Pure. Knows rpm's words; does not know where the manifest names the spec.

import { Fault } from "../../store/model/fault.ts";

/**
 * @param said what rpmbuild logged, a line each
 * @param cause what packing failed with
 */
export function badSpec(spec: string, said: readonly string[], cause: Fault): Fault {
  const missing = said.flatMap((line) => lacking.exec(line)?.[1] ?? []);
  if (missing.length > 0) {
    const names = [...new Set(missing)].join(", ");
    return new Fault("manifest/missing-source", `${spec} names ${names}, which the manifest does not bring`, {
      cause,
      hint: "name it under `sources` in the manifest, by the name that the spec's Source or Patch line has: [{file: ./it.patch}]",
    });
  }
  const where = said.flatMap((line) => misread.exec(line)?.slice(1) ?? []);
  const [number, why] = where;
  const what = number === undefined ? "rpmbuild cannot read it" : `line ${number}: ${why}`;
  return new Fault("manifest/bad-spec", `${spec}: ${what}`, {
    cause,
    hint: "is it for another distribution, whose macros are not known here? rpm: {macros: {NAME: value}} has further ones",
  });
}

/** Of a Source or a Patch, by rpm from 4.14 on. */
const lacking = /^error: Bad (?:file|source): \S*\/SOURCES\/(\S+): No such file or directory$/;

const misread = /^error: (?:\S+: )?line (\d+): (.*)$/;
