// The order in which builds begin, how many run beside each other, and how many processes they start together.

import { afterAll, beforeAll, expect, test } from "vitest";
import { done, kit, type Outcome, told } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { refuses } from "./refusal.ts";
import { flawsOf } from "./sound.ts";
import { manifest } from "./trees.ts";

let place: Place;
beforeAll(() => {
  place = openPlace("schedule");
});
afterAll(() => {
  expect(flawsOf(place.store)).toEqual([]);
  place[Symbol.dispose]();
});

const at = () => ({ cwd: place.folder, store: place.store });
const run = (...words: string[]): Promise<Outcome> => kit(["realize", "set", ...words, "--json"], at());
const install = "mkdir -p $OUT$PREFIX/share; echo $text > $OUT$PREFIX/share/$name";

/** Four packages, `cc` made of `bb`, that differ from one time to the next by a text. */
function write(text: string, sleeps: Readonly<Record<string, number>>): void {
  const one = (name: string, rest = "") =>
    manifest(
      name,
      `version: "${text}"\nsources: [{dir: ./empty}]\nscript: {install: "name=${name} text=${text}; sleep ${sleeps[name] ?? 0}; ${install}"}\n${rest}`,
    );
  place.write({
    "set/empty/nothing": "",
    "set/aa.yaml": one("aa"),
    "set/bb.yaml": one("bb"),
    "set/cc.yaml": one("cc", "dependencies: [./bb.yaml]\n"),
    "set/zz.yaml": one("zz"),
  });
}

/** Beginnings and ends of packages, in the order in which they were told. */
const course = (outcome: Outcome): string[] =>
  told(outcome).flatMap(({ type, builder, label }) =>
    builder === "tree" && (type === "start" || type === "end") ? [`${type} ${label?.split("_")[0]}`] : [],
  );
const begun = (outcome: Outcome) => course(outcome).flatMap((line) => /^start (.*)$/.exec(line)?.[1] ?? []);

test("the longest remaining path begins first, by what it took before, whichever version that was", async () => {
  write("first", { zz: 4, cc: 9 });
  const first = done(await run("--jobs", "1"));
  // Nothing is known: what others need comes first, the rest as it is planned.
  expect(begun(first)).toEqual(["bb", "aa", "cc", "zz"]);
  expect(told(first).filter(({ type }) => type === "estimate")).toEqual([]);
  write("second", {});
  const second = done(await run("--jobs", "1"));
  expect(begun(second)).toEqual(["bb", "cc", "zz", "aa"]);
  const [estimate] = told(second).filter(({ type }) => type === "estimate") as { left?: number }[];
  expect(estimate?.left).toBeGreaterThan(12_000);
});

test("builds that would take more memory together than they may wait for each other", async () => {
  write("third", {});
  const lines = course(done(await run("--jobs", "4", "--memory", "1MiB")));
  expect(lines).toHaveLength(8);
  for (let index = 0; index < lines.length; index += 2)
    expect(lines[index + 1]).toBe(lines[index]?.replace("start", "end"));
  await refuses(["realize", "set", "--memory", "some"], { ...at(), keepsLock: true }, 2, "usage/bad-setting");
});

/** Each waits until three of them run at once, and tells how many did. */
const makefile = `all: $(foreach i,1 2 3 4 5 6,step$i)
step%:
\t@mkdir -p run; touch run/$@; echo running $$(ls run | wc -l)
\t@test -e met || for turn in $$(seq 300); do test $$(ls run | wc -l) -lt 3 || { touch met; break; }; test -e met && break; sleep 0.1; done
\t@test -e met; rm run/$@
install:
\t@mkdir -p $(DESTDIR)$(PREFIX)/share; nproc; touch $(DESTDIR)$(PREFIX)/share/done
`;

test.each(["bookworm", "trixie"])(
  "make starts as many processes as there are tokens, by the jobserver: %s",
  async (suite) => {
    place.write({
      [`${suite}/source/Makefile`]: makefile,
      [`${suite}/made.yaml`]: manifest("made", "sources: [{dir: ./source}]", "make").replace(
        "bookworm",
        suite,
      ),
    });
    const words = [`${suite}/made.yaml`, "--jobs", "1", "--cores", "3", "--json"];
    done(await kit(["realize", ...words], at()));
    const log = done(await kit(["log", `${suite}/made.yaml`, "made"], at())).stdout;
    const most = Math.max(...[...log.matchAll(/^running (\d+)$/gm)].map(([, count]) => Number(count)));
    expect(most).toBe(3);
    expect(log).toMatch(/^3$/m);
    expect(log).not.toMatch(/jobserver|warning/i);
  },
);
