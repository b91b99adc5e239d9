// The oci builder: what a layer cannot hold.
// Over a store of the test's own; no tar is written.

import { expect, test } from "vitest";
import type { BuildContext } from "../../../builders/builder.ts";
import { ociBuilder } from "../../../builders/oci/builder.ts";
import { contentOf } from "../../../store/model/derivation.ts";
import { openTestStore, plant } from "../../store/rig.ts";

const store = openTestStore();

test.each([".wh.foo", "opt/.wh.foo", "opt/.wh..wh..opq"])(
  "refuses %s, which would delete a file",
  async (path) => {
    const root = contentOf("tree", store.records.writeTree(plant(store.pool, { [path]: "" })));
    const request = {
      builder: "oci",
      parameters: { architecture: "amd64", epoch: 1, entrypoint: [], environment: {}, labels: {} },
      inputs: { root },
    };
    const context = { request, store } as unknown as BuildContext;
    await expect(ociBuilder.run(context)).rejects.toMatchObject({ code: "build/whiteout" });
  },
);
