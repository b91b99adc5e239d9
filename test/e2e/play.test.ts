import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDeb } from "./deb.ts";
import { openSmall, type Small } from "./small.ts";

let small: Small;
beforeAll(async () => {
  small = await openSmall();
  small.archive.add(makeDeb("greeting", { "usr/share/greeting": "hello\n" }));
  await small.archive.publish();
});
afterAll(() => small[Symbol.asyncDispose]());
test("works", async () => {
  using attempt = small.attempt();
  attempt.image(["greeting"]);
  const t = performance.now();
  const out = await attempt.run(["realize", "image.yaml"], {patience: 40000});
  console.log(
    out.stderr.split("\n").slice(-12).join("\n"),
    performance.now() - t,
    small.archive.requests.length,
  );
  expect(out.status).toBe(0);
});
