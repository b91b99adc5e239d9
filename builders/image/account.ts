// Users and groups in an image's manifest.
// Knows how one is written; does not know how accounts are made.

import * as z from "zod";
import { id, targetPath, text } from "../../evaluator/manifest/value.ts";

/** As adduser(8) and useradd(8) take them. */
const accountName = text(
  /^[a-z_][a-z0-9_-]{0,31}$/,
  "a user's or group's name",
  "at most 32 of a-z, 0-9, _ and -, with a letter or _ first",
);

export const user = z.strictObject({
  name: accountName.describe(
    "One of a package, with a number below 1000, is there before the package configures, which then leaves it: say home and shell too.",
  ),
  uid: id.optional().describe("Its number; without, the next free one."),
  groups: z.array(accountName).default([]).describe("Further groups; its own has its name."),
  shell: targetPath.optional().describe("Without: /bin/bash, and nologin for a system user."),
  home: targetPath.optional().describe("Without: /home/NAME, and none for a system user."),
  passwordHash: text(
    /^(?:[!*]|!?\$[A-Za-z0-9]+\$[A-Za-z0-9./$=,-]+)$/,
    "a password's hash",
    "as mkpasswd or `openssl passwd -6` prints it; without, no password opens the account",
  )
    .optional()
    .describe("As in shadow(5)."),
  sshKeys: z
    .array(
      text(
        /^(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]+={0,2}(?: [^\n]*)?$/,
        "a public key of ssh",
        "the one line of a file like id_ed25519.pub",
      ),
    )
    .default([])
    .describe("Lines of authorized_keys."),
  system: z.boolean().default(false).describe("Whether it is a system user."),
  expires: text(
    /^(?:never|\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))$/,
    "a date",
    "never, or like 2030-12-31",
  )
    .default("never")
    .describe("When the account ends."),
});

export const group = z.strictObject({
  name: accountName.describe(
    "One of a package, with a number below 1000, is there before the package configures.",
  ),
  gid: id.optional().describe("Its number; without, the next free one."),
  system: z.boolean().default(false).describe("Whether it is a system group."),
});
