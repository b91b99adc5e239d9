// Names of systemd units.
// Knows how they are written (systemd.unit(5)); does not know which exist.

const suffixes = [
  "service",
  "socket",
  "device",
  "mount",
  "automount",
  "swap",
  "target",
  "path",
  "timer",
  "slice",
  "scope",
];

/** The name in full: one without a suffix is a service's, as it is to systemctl(1). */
export function unitName(written: string): string {
  return suffixes.some((suffix) => written.endsWith(`.${suffix}`)) ? written : `${written}.service`;
}
