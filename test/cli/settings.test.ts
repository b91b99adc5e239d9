// Settings of caches and keys: where they are read, what wins, and what is refused.

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { readSettings, type Settings } from "../../cli/settings.ts";
import { formatPublicKey, formatSecretKey, generateKey } from "../../store/model/key.ts";
import { refusal } from "../rig/refusal.ts";

const [one, two] = [generateKey("one"), generateKey("two")];
const text = (key: typeof one) => formatPublicKey(key.public);

interface Given {
  readonly environment?: Readonly<Record<string, string>>;
  /** The text of kit.config.yaml, one folder above the working directory. */
  readonly config?: string;
}

type Flags = Parameters<typeof readSettings>[1];

async function read(
  { environment = {}, config }: Given,
  flags: Flags = {},
): Promise<Settings & { readonly base: string }> {
  const base = mkdtempSync(join(inject("scratch"), "settings-"));
  const directory = join(base, "work");
  mkdirSync(directory);
  if (config !== undefined) writeFileSync(join(base, "kit.config.yaml"), config);
  const user = { uid: 1000, gid: 1000, name: "tester" };
  const settings = await readSettings(
    { environment: { HOME: base, ...environment }, directory, user, cores: 2 },
    flags,
  );
  return { ...settings, base };
}

const refused = (given: Given) => refusal(read(given));

describe("what builds may use", () => {
  const used = async (given: Given, flags: Flags = {}) => {
    const { jobs, cores, memory } = await read(given, flags);
    return { jobs, cores, memory };
  };

  it("is all there is, unless it is said: by the command line, the environment, the configuration, in this order", async () => {
    expect(await used({})).toEqual({ jobs: 2, cores: undefined, memory: undefined });
    const config = "jobs: 3\ncores: 4\nmemory: 5GiB\n";
    expect(await used({ config })).toEqual({ jobs: 3, cores: 4, memory: 5 * 2 ** 30 });
    const environment = { KIT_JOBS: "6", KIT_CORES: "7", KIT_MEMORY: "8MiB" };
    expect(await used({ config, environment })).toEqual({ jobs: 6, cores: 7, memory: 8 * 2 ** 20 });
    const flags = { jobs: "9", cores: "10", memory: "11GiB" };
    const all = await used({ config, environment }, flags);
    expect(all).toEqual({ jobs: 9, cores: 10, memory: 11 * 2 ** 30 });
  });

  it.each(["0", "-1", "1.5", "many", "10000"])("refuses %s cores", async (cores) => {
    expect(await refusal(read({}, { cores }))).toMatchObject({ code: "usage/bad-setting" });
    expect(await refused({ environment: { KIT_CORES: cores } })).toMatchObject({ code: "usage/bad-setting" });
  });

  it.each(["0", "0GiB", "5", "5 GiB", "-1GiB", "5gib"])("refuses %s of memory", async (memory) => {
    expect(await refusal(read({}, { memory }))).toMatchObject({ code: "usage/bad-setting" });
    expect(await refused({ environment: { KIT_MEMORY: memory } })).toMatchObject({
      code: "usage/bad-setting",
    });
  });

  it.each(["cores: 0", "cores: all", "memory: 5", "memory: 0GiB"])(
    "refuses the configuration %s",
    async (config) => {
      expect((await refused({ config })).code).toMatch(/^usage\/bad-(?:setting|configuration)$/);
    },
  );
});

describe("caches", () => {
  it("are none, unless they are named", async () => {
    const { caches, signingKey } = await read({});
    expect(caches).toEqual({ places: [], trusted: [], required: 1, deadline: 10_000 });
    expect(signingKey).toBeUndefined();
  });

  it("come from the environment, or from the configuration, each relative to where it is written", async () => {
    const config = `
caches:
  - far
  - {at: "HTTP://Other.example.org//", priority: 7, tokenFile: secrets/token}
trustedKeys: ["${text(two)}"]
signaturesRequired: 2
cacheDeadline: 3
signingKey: theirs.key
`;
    const configured = await read({ config });
    expect(configured.caches).toEqual({
      places: [
        { address: join(configured.base, "far") },
        {
          address: "http://Other.example.org",
          priority: 7,
          tokenFile: join(configured.base, "secrets/token"),
        },
      ],
      trusted: [two.public],
      required: 2,
      deadline: 3000,
    });
    const environment = {
      KIT_CACHES: "https://cache.example.org/a/  ../near, /srv/cache",
      KIT_TRUSTED_KEYS: text(one),
    };
    const { caches, base } = await read({ environment, config });
    expect(caches).toEqual({
      places: [
        { address: "https://cache.example.org/a" },
        { address: join(base, "near") },
        { address: "/srv/cache" },
      ],
      trusted: [one.public],
      required: 2,
      deadline: 3000,
    });
    expect(
      (await read({ environment: { KIT_CACHES: "", KIT_TRUSTED_KEYS: "" }, config })).caches,
    ).toMatchObject({
      places: [],
      trusted: [],
    });
  });

  it("and the key: the environment's is relative to the working directory", async () => {
    const config = "signingKey: keys/theirs.key\n";
    const first = await read({ config });
    expect(first.signingKey).toBe(join(first.base, "keys/theirs.key"));
    const second = await read({ config, environment: { KIT_SIGNING_KEY: "mine.key" } });
    expect(second.signingKey).toBe(join(second.base, "work/mine.key"));
  });
});

describe("what is refused, and where it stands", () => {
  it.each(["ftp://cache.example.org", "file:///srv/cache", "http://", "https://a b", "s3://bucket"])(
    "the place %s",
    async (place) => {
      for (const given of [
        { config: `caches: ["${place}"]\n` },
        ...(place.includes(" ") ? [] : [{ environment: { KIT_CACHES: place } }]),
      ]) {
        const fault = await refused(given);
        expect(fault).toMatchObject({ code: "usage/bad-setting", hint: expect.stringContaining("https://") });
        expect(fault.message).toContain(place);
      }
    },
  );

  it("a key that is none is named by its place, and a secret one is not quoted", async () => {
    const secret = formatSecretKey(one).trim();
    for (const [environment, config, where] of [
      [{ KIT_TRUSTED_KEYS: `${text(two)} ${secret}` }, "jobs: 1\n", "KIT_TRUSTED_KEYS: "],
      [{}, `trustedKeys: ["${secret}"]\n`, "trustedKeys: "],
    ] as const) {
      const fault = await refused({ environment, config });
      expect(fault).toMatchObject({ code: "digest/bad-key", exit: 8 });
      expect(fault.message.startsWith(`${where}not a public key: it is a secret key`)).toBe(true);
      expect(`${fault.message}${fault.hint}`).not.toContain(secret.split(":")[2]);
    }
    const fault = await refused({ environment: { KIT_TRUSTED_KEYS: "key" } });
    expect(fault.message).toContain("no name and colon");
  });

  it.each([
    ["caches: /srv/cache", 1],
    ["caches:\n  - {place: /srv}", 2],
    ["caches:\n  - {at: /srv, priority: -1}", 2],
    ["caches:\n  - {at: /srv, priority: high}", 2],
    ['caches:\n  - ""', 2],
    ["trustedKeys: one:abc", 1],
    ["signaturesRequired: 0", 1],
    ["signaturesRequired: 65", 1],
    ["cacheDeadline: 0", 1],
    ["cacheDeadline: 2.5", 1],
    ["cacheDeadline: 4000", 1],
    ["signingKey: [a]", 1],
    ["chaches: [a]", 1],
  ])("%j", async (config, line) => {
    expect(await refused({ config })).toMatchObject({
      code: "usage/bad-configuration",
      exit: 2,
      place: { file: expect.stringContaining("kit.config.yaml"), line },
    });
  });

  it("a member that is misspelt: the nearest one is named", async () => {
    expect((await refused({ config: "trustedkeys: []\n" })).hint).toContain("trustedKeys");
  });
});
