// Macros that rpmbuild is given on its command line.
// Pure. Knows which make its results the same everywhere; does not run it.

/** No date, no host's name and no place of the machine in what is built (rpm's macros.in). */
export const reproducible: Readonly<Record<string, string>> = {
  _buildhost: "kit",
  use_source_date_epoch_as_buildtime: "1",
  // By rpm up to 4.19, and from 4.20 on.
  clamp_mtime_to_source_date_epoch: "1",
  build_mtime_policy: "clamp_to_source_date_epoch",
};

/** What Debian's rpm leaves out of what rpm's own configuration of a distribution has: sources beside debug information. */
export const ofDebs: Readonly<Record<string, string>> = { _debugsource_packages: "1" };

export function definesOf(macros: Readonly<Record<string, string>>): string[] {
  return Object.entries(macros).flatMap(([name, value]) => ["--define", `${name} ${value}`]);
}
