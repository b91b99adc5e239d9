// Inspections: all of a bundle is believed, or none is, and it is said why.

import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { type Belief, inspect, refuseUnbelieved } from "../../../builders/cache/inspection.ts";
import { folderStorage } from "../../../store/cache/folder.ts";
import { nameOf } from "../../../store/cache/names.ts";
import type { CacheStorage } from "../../../store/cache/storage.ts";
import { contentOf, type Result } from "../../../store/model/derivation.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { type Fault, faultsOf } from "../../../store/model/fault.ts";
import { formatPublicKey, generateKey, type SecretKey } from "../../../store/model/key.ts";
import { encodeSignature, signStatement } from "../../../store/model/signature.ts";
import { encodeStatement, statementDigest } from "../../../store/model/statement.ts";
import { bytes } from "../../store/cache/contract.ts";

const [alice, bob, mallory] = ["alice", "bob", "mallory"].map(generateKey) as [
  SecretKey,
  SecretKey,
  SecretKey,
];
const statement = (request: string, output = request): Result => ({
  format: "kit/result/1",
  request: digestOf(request),
  outputs: { file: contentOf("blob", digestOf(output)) },
  references: [],
});

/** A storage with statements, each with who signed it. */
async function holding(...said: readonly (readonly [Result, ...SecretKey[]])[]) {
  const storage = folderStorage(mkdtempSync(join(inject("scratch"), "inspected-")));
  for (const [result, ...keys] of said) {
    const { request } = result;
    const name = nameOf({ kind: "statement", request, statement: statementDigest(result) });
    await storage.write(name, bytes(encodeStatement(result)));
    for (const key of keys) {
      const file = nameOf({ kind: "signature", request, key: key.public.fingerprint });
      await storage.write(file, bytes(encodeSignature(signStatement(key, result))));
    }
  }
  return storage;
}

const trusting = (keys: readonly SecretKey[], more: Partial<Belief> = {}): Belief => ({
  trusted: keys.map((key) => key.public),
  required: 1,
  ...more,
});

async function refusal(
  storage: Awaited<ReturnType<typeof holding>>,
  belief: Belief,
): Promise<Fault | undefined> {
  const inspection = await inspect(storage, belief);
  try {
    refuseUnbelieved(inspection, "x.kit", belief);
    return undefined;
  } catch (error) {
    return faultsOf(error)[0];
  }
}

describe("a bundle", () => {
  it("may hold any number of files that are wrong: a few are told", async () => {
    const sound = await holding([statement("a")]);
    const names = Array.from({ length: 200_000 }, (_, index) => index.toString(16).padStart(64, "0"));
    const storage: CacheStorage = {
      ...sound,
      list: async (folder) => (folder === "results" ? await sound.list(folder) : names),
      size: async () => 6,
      async *read() {
        yield Buffer.from("<html>");
      },
    };
    const { wrong, refused } = await inspect(storage, trusting([alice]));
    expect([wrong.length, refused]).toEqual([8, 1]);
  });

  it("of a trusted key's is believed, request by request", async () => {
    const storage = await holding([statement("a"), alice], [statement("b"), alice, mallory]);
    const { believed, refused, signers } = await inspect(storage, trusting([alice]));
    expect(believed).toEqual(
      new Map(["a", "b"].map((name) => [digestOf(name), statementDigest(statement(name))])),
    );
    expect(refused).toBe(0);
    expect(signers.map(({ key, trusted, results }) => [key.name, trusted, results]).sort()).toEqual([
      ["alice", true, 2],
      ["mallory", false, 1],
    ]);
    expect(await refusal(storage, trusting([alice]))).toBeUndefined();
  });

  it("of an unknown key's is refused whole, and the key told in full", async () => {
    const storage = await holding([statement("a"), alice], [statement("b"), mallory]);
    const fault = await refusal(storage, trusting([alice]));
    expect(fault?.code).toBe("digest/unknown-key");
    expect(fault?.message).toContain("1 of its 2 results are not signed by a trusted key");
    expect(fault?.details.join()).toContain(mallory.public.fingerprint);
    expect(fault?.hint).toContain(`--trust ${formatPublicKey(mallory.public)}`);
    expect(await refusal(storage, trusting([alice, mallory]))).toBeUndefined();
  });

  it("that too few signed is refused; what else signed it is told", async () => {
    const storage = await holding([statement("a"), alice]);
    const fault = await refusal(storage, trusting([alice, bob], { required: 2 }));
    expect([fault?.code, fault?.hint]).toEqual(["digest/unsigned", "signaturesRequired asks for more keys"]);
  });

  it("that nobody signed is taken only where that was asked for", async () => {
    const storage = await holding([statement("a")], [statement("b")]);
    expect(await refusal(storage, trusting([]))).toMatchObject({
      code: "digest/unsigned",
      hint: expect.stringContaining("--unsigned"),
    });
    const belief = trusting([], { unsigned: true });
    expect(await refusal(storage, belief)).toBeUndefined();
    expect((await inspect(storage, belief)).believed.size).toBe(2);
  });

  it("that contradicts itself is not taken even so", async () => {
    const unsigned = trusting([alice, bob], { unsigned: true });
    const silent = await holding([statement("a", "one")], [statement("a", "two")]);
    expect((await refusal(silent, unsigned))?.code).toBe("digest/unsigned");
    const signed = await holding([statement("a", "one"), alice], [statement("a", "two"), bob]);
    const fault = await refusal(signed, unsigned);
    expect(fault?.code).toBe("digest/not-believed");
    expect(fault?.details.join()).toContain("contradict each other");
  });

  it("with what a trusted key did not sign is told as changed", async () => {
    const storage = await holding();
    const forged = { ...signStatement(alice, statement("a", "one")), statement: statement("a", "two") };
    const name = nameOf({ kind: "signature", request: digestOf("a"), key: alice.public.fingerprint });
    await storage.write(name, bytes(encodeSignature(forged)));
    const fault = await refusal(storage, trusting([alice]));
    expect(fault?.code).toBe("digest/not-believed");
    expect(fault?.details.join()).toContain("it is not what alice signed");
  });

  it("without results is none", async () => {
    expect((await refusal(await holding(), trusting([alice])))?.code).toBe("digest/bad-bundle");
  });
});
