// The manifest of an image.
// Knows its keys; does not know how an image is made.

import * as z from "zod";
import { type Kind, referencesIn } from "../../evaluator/kind.ts";
import { header, localPath, reference, text, unique } from "../../evaluator/manifest/value.ts";
import { defaultDistro } from "../../evaluator/manifest/variables.ts";
import { repository } from "../distro/repository.ts";
import { commandLine } from "../machine/schema.ts";
import { architectures, isManifest, packageName, packageOrManifest } from "../package/debian.ts";
import { fileShape, hasOneSource } from "../package/file.ts";
import { group, user } from "./account.ts";
import { output, outputName } from "./output.ts";

const unit = text(
  /^[A-Za-z0-9:_.\\@-]+$/,
  "a systemd unit",
  "like: ssh, ssh.service, apt-daily.timer, getty@tty1.service",
);
const units = z.array(unit).default([]);

const debconfLine = text(
  /^\S+ \S+ (?:select|multiselect|string|boolean|note|text|password|error|seen)(?: [^\n]*)?$/,
  "a line for debconf",
  "package, question, type and answer, as debconf-set-selections(1) takes them: tzdata tzdata/Areas select Etc",
);

const hostname = text(
  /^(?=.{1,64}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/,
  "a host name",
  "letters, digits and -, at most 63 to a part and 64 in all (RFC 1123, hostname(7))",
);

const locale = text(
  /^(?:C|POSIX|[a-z]{2,3}(?:_[A-Z]{2})?)(?:\.[A-Za-z0-9-]+)?(?:@[a-z]+)?$/,
  "a locale",
  "like: C.UTF-8, en_US.UTF-8, de_DE.UTF-8@euro",
);

const timezone = text(
  /^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/,
  "a time zone",
  "as below /usr/share/zoneinfo: Etc/UTC, Europe/Berlin",
);

const network = z.strictObject({
  match: text(
    /^[A-Za-z0-9*?[\]!._:-]+(?: [A-Za-z0-9*?[\]!._:-]+)*$/,
    "an interface",
    "a name with * and ?: en*",
  ).describe("Which interfaces: a name with * and ?."),
  dhcp: z.boolean().default(false).describe("Whether it asks for its address."),
});

const scripts = z.array(localPath).default([]);

const image = z.strictObject({
  kind: z.literal("image"),
  name: text(
    /^[a-z0-9][a-z0-9+._-]*$/,
    "an image's name",
    "lower-case letters, digits, + . _ and -",
  ).describe("What it is called."),
  ...header,
  distro: reference
    .default(defaultDistro)
    .describe("The distribution it is made of: the name of one that ships, or the path of a manifest."),
  architectures: architectures
    .optional()
    .describe("What it is made for; without, its machine's, or else this machine's own."),
  machine: reference
    .optional()
    .describe(
      "The machine it is made for, which brings its kernel and packages: the name of one that ships, or the path of a manifest. ${machine} is its name, also in packages that are built for it.",
    ),
  buildType: z.enum(["debug", "release"]).default("release").describe("Of what is built for it."),
  packages: z
    .array(packageOrManifest)
    .default([])
    .describe("What it holds beside the distro's base: names and manifests of packages."),
  workloads: z
    .array(localPath)
    .default([])
    .describe(
      "Manifests of workloads that it holds too, resolved together with its own packages; with what packages recommend where one of them wants that.",
    ),
  exclude: z.array(packageName).default([]).describe("What does not exist, as far as this image goes."),
  debconf: z.array(debconfLine).default([]).describe("Answers, as debconf-set-selections(1) takes them."),
  hostname: hostname.optional().describe("Its /etc/hostname."),
  locale: locale.optional().describe("Its LANG."),
  timezone: timezone.optional().describe("Its /etc/localtime."),
  users: unique(
    unique(z.array(user), "the name", ({ name }) => name),
    "the number",
    ({ uid }) => uid?.toString(),
  )
    .default([])
    .describe("Users it has."),
  groups: unique(
    unique(z.array(group), "the name", ({ name }) => name),
    "the number",
    ({ gid }) => gid?.toString(),
  )
    .default([])
    .describe("Groups it has."),
  files: unique(z.array(z.strictObject(fileShape).check(hasOneSource)), "the path", ({ path }) => path)
    .default([])
    .describe("Files laid over those of its packages."),
  services: z
    .strictObject({ enable: units, disable: units, mask: units })
    .prefault({})
    .describe("systemd units to enable, disable and mask."),
  networks: z.array(network).default([]).describe("Network interfaces to configure."),
  repositories: z
    .strictObject({
      keep: z
        .array(z.string())
        .optional()
        .describe("The distro's repositories by name; without, all of them."),
      add: unique(z.array(repository), "the name", ({ name }) => name)
        .default([])
        .describe("Further ones."),
    })
    .prefault({})
    .describe("What apt finds inside the image."),
  kernel: z
    .strictObject({
      commandLine: commandLine.optional(),
      modules: z
        .array(text(/^[A-Za-z0-9_-]+$/, "a kernel module", "a name without .ko: virtio_net"))
        .default([])
        .describe("What is loaded at boot."),
    })
    .prefault({})
    .describe("The kernel; which one is a package."),
  scripts: z
    .strictObject({ preInstall: scripts, postInstall: scripts, finalize: scripts })
    .prefault({})
    .describe(
      "Run in the sandboxed root, without network: preInstall in the distro's base, before the image's packages; postInstall when all else is done; finalize last.",
    ),
  outputs: unique(
    z.array(output).min(1, { error: "names no output\nlike: - {type: tar}" }),
    "the name",
    outputName,
  ).describe("What it becomes; each takes `name`, by default its type."),
});

export type ImageManifest = z.infer<typeof image>;

export const imageKind: Kind<ImageManifest> = {
  name: "image",
  schema: image,
  references: (manifest) => [
    ...referencesIn(manifest, "distro", "distro"),
    ...referencesIn(manifest, "machine", "machine"),
    ...referencesIn(manifest, "packages", "package", isManifest),
    ...referencesIn(manifest, "workloads", "workload"),
  ],
  locals: [
    ["files", "*", "from"],
    ["repositories", "add", "*", "signedBy"],
    ["scripts", "*", "*"],
  ],
};
