// What runs inside the root, in order: one command a step.
// Pure: decides argv; does not run anything. Where there is no step, no sandbox is needed.

import { Fault } from "../../store/model/fault.ts";
import { configureEnvironment } from "../rootfs/script.ts";
import type { Lookup } from "./draft.ts";
import type { CustomizeParameters } from "./recipe.ts";

/** Where scripts are bound inside the sandbox: below /tmp, which is no part of the root. */
export const workFolder = "/tmp/kit";

/** systemctl asks nobody and starts nothing, as in a chroot, which the sandbox does not look like (systemctl(1)). */
export const stepEnvironment: Readonly<Record<string, string>> = {
  ...configureEnvironment,
  SYSTEMD_OFFLINE: "1",
};

/** A script to be run, and its name in the work folder. */
export interface Script {
  readonly input: string;
  readonly name: string;
}

export interface Steps {
  readonly argvs: readonly (readonly string[])[];
  readonly scripts: readonly Script[];
}

/**
 * Services and locales, then scripts.
 *
 * @throws {Fault} `manifest/no-systemctl`
 */
export function planSteps(parameters: CustomizeParameters, root: Lookup, generate: boolean): Steps {
  const { services, networks } = parameters;
  const enable = [
    ...new Set([...services.enable, ...(networks.length > 0 ? ["systemd-networkd.service"] : [])]),
  ];
  const verbs = [
    ["disable", services.disable],
    ["enable", enable],
    ["mask", services.mask],
  ] as const;
  const systemctl = verbs
    .filter(([, units]) => units.length > 0)
    .map(([verb, units]) => ["/usr/bin/systemctl", verb, "--", ...units]);
  if (systemctl.length > 0 && root.find("usr/bin/systemctl") === undefined) {
    throw new Fault(
      "manifest/no-systemctl",
      "`services` are set with systemctl, which the root does not have",
      {
        hint: "add systemd-sysv to `packages`",
      },
    );
  }
  const scripts = nameScripts(parameters.scripts);
  return {
    argvs: [
      ...systemctl,
      ...(generate ? [["/usr/sbin/locale-gen"]] : []),
      ...scripts.map(({ name }) => [`${workFolder}/${name}`]),
    ],
    scripts,
  };
}

/** Each has the name of its file; where several have the same, the later ones are numbered. */
function nameScripts(inputs: readonly string[]): Script[] {
  const taken = new Set<string>();
  return inputs.map((input) => {
    const base = input.slice(input.lastIndexOf("/") + 1);
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
    taken.add(name);
    return { input, name };
  });
}
