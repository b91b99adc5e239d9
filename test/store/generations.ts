// A process that adds generations to a profile: `node generations.ts STORE PROFILE LABEL COUNT`; prints their numbers.
// Knows nothing of the test that starts it.

import { layoutOf } from "../../store/layout.ts";
import { addGeneration } from "../../store/profiles.ts";

const [store = "", profile = "", label = "", count = "0"] = process.argv.slice(2);
const numbers = Array.from({ length: Number(count) }, (_, nth) =>
  addGeneration(layoutOf(store), profile, {
    made: nth,
    label,
    outputs: { tar: `outputs/${label}-${nth}` },
    contents: [],
    requests: [],
  }),
);
process.stdout.write(JSON.stringify(numbers));
