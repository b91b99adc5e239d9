// Files that a kit process sends in place of what would be fetched: a keeper believes their digests, not their sender.

import { expect, test } from "vitest";
import { fetchDerivation } from "../../builders/fetch/recipe.ts";
import { resolveRequest } from "../../builders/realizer/resolve.ts";
import { contentOf } from "../../store/model/derivation.ts";
import { type FileDigest, parseSha512, sha256Of } from "../../store/model/digest.ts";
import { keeperAt } from "./rig.ts";
import { openTools, storeWithTools } from "./shared.ts";

test("what is sent is recorded where it has the digest that is asked for, and nowhere else", async () => {
  const tools = await openTools();
  const keeper = await keeperAt(tools, storeWithTools(tools), {});
  try {
    const held = contentOf("blob", await keeper.putBlob(Buffer.from("sent")));
    const build = async (wanted: FileDigest, hints: object) => {
      const { digest: id, ...item } = fetchDerivation("x", wanted, { urls: [] });
      const request = resolveRequest({ ...item, digest: id }, new Map());
      if (request === undefined) throw new Error("a fetch has no inputs");
      return await keeper.build({ request, id, label: "x", hints: { urls: [], ...hints }, rebuild: false });
    };
    const refusal = (code: string) => ({ faults: [expect.objectContaining({ code })] });
    await expect(build({ sha256: sha256Of("other") }, { held })).rejects.toMatchObject(
      refusal("digest/mismatch"),
    );
    const sha512 = parseSha512("0".repeat(128));
    await expect(build({ sha512 }, { held })).rejects.toMatchObject(refusal("digest/mismatch"));
    // Sent by nobody, and at no address.
    await expect(build({ sha256: sha256Of("sent") }, {})).rejects.toMatchObject(
      refusal("manifest/missing-file"),
    );
    const { result, how } = await build({ sha256: sha256Of("sent") }, { held });
    expect([result.outputs, how]).toEqual([{ file: held }, "built"]);
  } finally {
    await keeper.close();
  }
});
