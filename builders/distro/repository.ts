// Repositories: where a distribution's packages come from, as manifests have it.
// Knows how one is written; does not know how an index is read or a mirror chosen.

import * as z from "zod";
import { localPath, text, url } from "../../evaluator/manifest/value.ts";

const suite = text(
  /^[A-Za-z0-9][A-Za-z0-9._/-]*$/,
  "a suite",
  "as it is below dists/ in the archive: trixie, trixie-updates",
);
const component = text(/^[a-z][a-z0-9/-]*$/, "a component", "like: main, contrib, non-free-firmware");

/** An apt pin's priority, apt_preferences(5). */
export const priority = z
  .int()
  .min(-32_768, { error: "is not a priority\n-32768 to 32767, as in apt_preferences(5)" })
  .max(32_767, { error: "is not a priority\n-32768 to 32767, as in apt_preferences(5)" })
  .describe("As an apt pin: 500 is usual, above 990 wins over what a target release has.");

export const debPattern = text(
  /^[a-z0-9*?][a-z0-9*?+.-]*$/,
  "a package pattern",
  "a package name, in which * and ? may stand",
);

export const rpmPattern = text(
  /^[A-Za-z0-9*?][A-Za-z0-9*?+._-]*$/,
  "a package pattern",
  "a package name, in which * and ? may stand",
);

const exclude = (pattern: typeof debPattern) =>
  z
    .array(pattern)
    .default([])
    .describe("Packages of it that do not exist, whoever asks: names, with * and ?. Others may have them.");

export const repository = z.strictObject({
  name: text(/^[a-z0-9][a-z0-9-]*$/, "a repository's name", "lower-case letters, digits and -").describe(
    "What it is called.",
  ),
  uri: url.describe("Where to look when nothing nearer is configured."),
  suites: z
    .array(suite)
    .min(1, { error: "names no suite\nwrite at least one: [trixie]" })
    .describe("Its suites."),
  components: z
    .array(component)
    .min(1, { error: "names no component\nwrite at least one: [main]" })
    .default(["main"])
    .describe("The components of each suite."),
  signedBy: localPath.describe("The armoured public keys that sign its indexes."),
  priority: priority.default(500),
  exclude: exclude(debPattern),
  snapshot: text(/^\d{8}T\d{6}Z$/, "a snapshot's date", "like: 20260601T000000Z")
    .optional()
    .describe("A dated archive, and nothing else while locking."),
});

export type Repository = z.infer<typeof repository>;

/** Of rpm packages: one folder in which `repodata/` lies, or a document that says where such folders are. */
export const rpmRepository = z
  .strictObject({
    name: repository.shape.name,
    uri: url.optional().describe("The folder in which repodata/ lies."),
    metalink: url.optional().describe("A metalink that tells its mirrors, in place of uri."),
    mirrorlist: url.optional().describe("A list of its mirrors, in place of uri."),
    signedBy: localPath.optional().describe("The armoured public keys that sign its repomd.xml."),
    unsigned: z
      .literal(true)
      .optional()
      .describe("Its repomd.xml is not signed: a metalink vouches for it, or the connection alone."),
    sources: z
      .boolean()
      .default(false)
      .describe("Whether it holds source packages, which say what building takes, and no others."),
    priority: z
      .int()
      .min(1, { error: "is not a priority\n1 to 9999, as in dnf.conf(5): the lowest wins" })
      .max(9999, { error: "is not a priority\n1 to 9999, as in dnf.conf(5): the lowest wins" })
      .default(99)
      .describe("As dnf's: 99 is usual, the lowest wins."),
    exclude: exclude(rpmPattern),
  })
  .check((context) => {
    const { uri, metalink, mirrorlist, signedBy, unsigned, sources, exclude } = context.value;
    const refuse = (message: string) =>
      context.issues.push({ code: "custom", input: context.value, message, path: [] });
    if ([uri, metalink, mirrorlist].filter((place) => place !== undefined).length !== 1)
      refuse("has not just one of uri, metalink and mirrorlist\nsay where it is, once");
    if ((signedBy === undefined) === (unsigned === undefined))
      refuse("says not just one of signedBy and unsigned\nname its keys, or say unsigned: true");
    if (sources && exclude.length > 0)
      refuse("holds source packages, of which none can be excluded\nleave exclude out");
  });

export type RpmRepository = z.infer<typeof rpmRepository>;
