// Values that manifests of every kind are written with: paths, sizes, digests, dates, modes.
// Knows how each is written and what to say of one that is not; does not know any kind, nor any distribution.

import * as z from "zod";
import { builtinVariables } from "./variables.ts";

/** A text of one form. `what` completes "… is not", `right` says what would be one. */
export function text(form: RegExp, what: string, right: string): z.ZodString {
  return z.string().regex(form, { error: `is not ${what}\n${right}` });
}

/** A file or folder beside the manifest. */
export const localPath = text(
  /^\.\.?\/[^\0]*$/,
  "a path relative to the manifest",
  "it begins with ./ or ../, so that the manifest means the same wherever it lies",
);

/** Another manifest: by path, or by the name of one that ships. */
export const reference = text(
  /^(?:\.\.?\/[^\0]+|[a-z0-9][a-z0-9.+-]*(?:\/[a-z0-9][a-z0-9.+-]*)*)$/,
  "a manifest's path or name",
  "a path begins with ./ or ../; one that ships is named like debian/trixie",
);

/** A path in the root being built. */
export const targetPath = text(
  /^(?:\/(?!\.{1,2}(?:\/|$))[^/\0-\x1f]{1,255})+$/,
  "an absolute path",
  "it begins with /, ends without one, and holds no . or .. part: /etc/motd",
);

export const mode = text(
  /^[0-7]{3,4}$/,
  "a file mode",
  'three or four octal digits, in quotes: "0644", "4755" with the setuid bit',
);

export const owner = text(/^\d{1,5}:\d{1,5}$/, "an owner", 'the numbers of user and group, in quotes: "0:0"');

/** Numeric ids: those above name nobody, and are not mapped into a sandbox. */
export const id = z
  .int()
  .min(0, { error: "is not an id\n0 to 65534" })
  .max(65_534, { error: "is not an id\n0 to 65534: 65535 and above are reserved (Debian Policy 9.2.2)" });

export const size = text(
  /^[1-9]\d{0,11}(?:B|KiB|MiB|GiB|TiB)$/,
  "a size",
  "a whole number and B, KiB, MiB, GiB or TiB: 512MiB",
);

const units: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** A {@link size} in bytes. */
export function bytesOf(written: string): number {
  const [, digits, unit] = /^(\d+)([A-Za-z]+)$/.exec(written) ?? [];
  const bytes = Number(digits) * (units[unit ?? ""] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes)) throw new RangeError(`not a size: ${written}`);
  return bytes;
}

export const sha256 = text(
  /^[0-9a-f]{64}$/,
  "a SHA-256",
  "64 lower-case hex digits, as sha256sum prints them",
);

export const url = text(/^https?:\/\/[^\s/?#]+[^\s]*$/, "an address", "it begins with https:// or http://");

/** Seconds since 1970, up to where squashfs and ext4 without extra bits end. */
export const epoch = z
  .int()
  .min(0, { error: "is before 1970\nseconds since 1970-01-01T00:00:00Z" })
  .max(4_294_967_295, { error: "is after 2106\nseconds since 1970-01-01T00:00:00Z" });

const variableName = text(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  "a variable's name",
  "letters, digits and _, no digit first",
).refine((name) => !(builtinVariables as readonly string[]).includes(name), {
  error: "is a name kit gives a value itself\nchoose another name",
});

/** The keys every kind takes. */
export const header = {
  description: z.string().optional().describe("What this is, for people."),
  sourceDateEpoch: epoch.optional().describe("The date of everything built, in seconds since 1970."),
  vars: z
    .record(variableName, z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe("Variables of this manifest's own, used as ${NAME}."),
};

/** Refuses a list two of whose members have the same key; what else is wrong with them is told beside it. */
export function unique<T>(
  list: z.ZodType<T[]>,
  what: string,
  keyOf: (item: T) => string | undefined,
): z.ZodType<T[]> {
  const repeats = z.superRefine<T[]>(
    (items, context) => {
      const seen = new Set<string>();
      items.forEach((item, index) => {
        const key = typeof item === "object" && item !== null ? keyOf(item) : undefined;
        if (typeof key === "string" && seen.has(key)) {
          const message = `has ${what} of an earlier entry: ${key}\nremove or rename one of them`;
          context.addIssue({ code: "custom", path: [index], message });
        }
        if (typeof key === "string") seen.add(key);
      });
    },
    { when: ({ value }) => Array.isArray(value) },
  );
  return list.check(repeats);
}
