import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, test } from "vitest";
import { makeDeb } from "./deb.ts";
import { openSmall, type Small } from "./small.ts";
let small: Small;
beforeAll(async () => { small = await openSmall(); small.archive.add(makeDeb("greeting", { "usr/share/greeting": "hello\n" })); await small.archive.publish(); });
afterAll(() => small[Symbol.asyncDispose]());
test("works", async () => {
  using attempt = small.attempt();
  attempt.image(["greeting"]);
  writeFileSync("/tmp/e2e-play.sh", `cd ${attempt.folder}; export KIT_STORE=${attempt.store} HOME=$PWD; ${small.binary} "$@"`);
  console.log(attempt.folder);
  await new Promise((r) => setTimeout(r, 220_000));
});
