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
  snapshot: text(/^\d{8}T\d{6}Z$/, "a snapshot's date", "like: 20260601T000000Z")
    .optional()
    .describe("A dated archive, and nothing else while locking."),
});

export type Repository = z.infer<typeof repository>;
