// The parts of maintainer scripts that look after systemd units.
// Pure text; does what debhelper's installsystemd does, in fewer lines.

import { Fault } from "../../store/model/fault.ts";
import { quoted } from "../sandbox/spec.ts";

/** Snippets for units that are to be enabled, started and stopped with their package. */
export function unitSnippets(units: readonly string[]): { postinst: string; prerm: string; postrm: string } {
  if (units.length === 0) return { postinst: "", prerm: "", postrm: "" };
  const names = units.map(shellWord).join(" ");
  // Of a template there is nothing to start before somebody names an instance.
  const running = units
    .filter((unit) => !unit.includes("@."))
    .map(shellWord)
    .join(" ");
  const whenRunning = (verb: string) =>
    running === "" ? ":" : `deb-systemd-invoke ${verb} ${running} >/dev/null || true`;
  return {
    postinst: `
if [ "$1" = configure ] || [ "$1" = abort-upgrade ] || [ "$1" = abort-deconfigure ] || [ "$1" = abort-remove ]; then
  for unit in ${names}; do
    if command -v deb-systemd-helper >/dev/null; then
      deb-systemd-helper unmask "$unit" >/dev/null || true
      if deb-systemd-helper --quiet was-enabled "$unit"; then
        deb-systemd-helper enable "$unit" >/dev/null || true
      else
        deb-systemd-helper update-state "$unit" >/dev/null || true
      fi
    fi
  done
  if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
    ${whenRunning("start")}
  fi
fi
`,
    prerm: `
if [ -d /run/systemd/system ] && [ "$1" = remove ]; then
  ${whenRunning("stop")}
fi
`,
    postrm: `
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
fi
if [ "$1" = purge ] && command -v deb-systemd-helper >/dev/null; then
  deb-systemd-helper purge ${names} >/dev/null || true
fi
`,
  };
}

/** systemd escapes by backslashes (systemd-escape(1)). */
function shellWord(unit: string): string {
  return unit.includes("\\") ? quoted(unit) : unit;
}

/**
 * A maintainer script: the package's own text, then the snippet; absent where both are. The own one ends where it says so,
 * by `exit` too, and the snippet comes after it wherever that is.
 *
 * @throws {Fault} `build/bad-script` where the own one is no shell's
 */
export function maintainerScript(name: string, own: string | undefined, snippet: string): string | undefined {
  if (own === undefined && snippet === "") return undefined;
  if (own === undefined) return `#!/bin/sh\nset -e\n${snippet}\nexit 0\n`;
  if (snippet === "") return own;
  const [head = "", ...lines] = own.trimEnd().split("\n");
  if (!shellHead.test(head)) throw otherInterpreter(name, head);
  return `${head}\n(\n:\n${lines.join("\n")}\n)\nstatus=$?\ntest $status = 0 || exit $status\nset -e\n${snippet}\nexit 0\n`;
}

const shellHead = /^#!\s*(?:\/usr)?\/bin\/(?:sh|dash|bash)(?:\s+-\S+)?\s*$/;

function otherInterpreter(name: string, head: string): Fault {
  const what = head.startsWith("#!") ? `is run by ${head.slice(2).trim()}` : "says nobody to run it";
  return new Fault("build/bad-script", `its ${name} ${what}, and what enables its units is added in sh`, {
    about: `script ${name}`,
    hint: "begin it with #!/bin/sh; or leave `units` out, install them as files, and do what they need in your script",
  });
}
