// The live display, as it stands on a small terminal.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lastingRemark } from "../../../cli/render/remark.ts";
import { liveRenderer } from "../../../cli/render/renderer.ts";
import { displayWidth } from "../../../cli/render/text.ts";
import { anyEvent, events, fakeClock, fakeTerminal } from "./rig.ts";

const linux = events("fetch linux.deb");
const root = events("rootfs trixie");
const tar = events("tar hello.tar");

function follow(columns = 80, rows = 24, color = false) {
  const clock = fakeClock();
  const terminal = fakeTerminal(columns, rows);
  const renderer = liveRenderer(terminal, clock.now, clock.schedule, { color });
  return { clock, terminal, renderer };
}

test("how long it will take, as roughly as it is known: it counts down, and small changes do not show", () => {
  const { clock, terminal, renderer } = follow();
  const status = () =>
    terminal
      .screen()
      .at(-1)
      ?.replace(/^.*running {2}/, "");
  renderer.event({ type: "plan", derivations: 10, known: 6 });
  renderer.event(linux.start);
  clock.pass(100);
  expect(status()).toBe("100 ms");
  renderer.event({ type: "estimate", left: 170_000 });
  clock.pass(100);
  expect(status()).toBe("about 3 min left  200 ms");
  clock.pass(95_000);
  expect(status()).toBe("about 80 s left  1 min 35 s");
  renderer.event({ type: "estimate", left: 85_000 });
  clock.pass(100);
  expect(status()).toBe("about 80 s left  1 min 35 s");
  renderer.event({ type: "estimate", left: 8000 });
  clock.pass(100);
  expect(status()).toBe("a few seconds left  1 min 35 s");
  // It takes longer than it did: nobody knows how long.
  clock.pass(8000);
  expect(status()).toBe("1 min 43 s");
  renderer.event({ type: "estimate", left: 6_500_000 });
  clock.pass(100);
  expect(status()).toBe("about 1 h 50 min left  1 min 43 s");
  // What is planned next has a time of its own.
  renderer.event({ type: "plan", derivations: 20, known: 6 });
  clock.pass(100);
  expect(status()).toBe("1 min 43 s");
});

test("what runs, how far, and the counts; failures, warnings and steps stay above; the summary is all that is left", () => {
  const { clock, terminal, renderer } = follow();
  renderer.event({ type: "step", text: "resolving debian/trixie" });
  renderer.event({ type: "plan", derivations: 10, known: 6 });
  renderer.event(linux.start);
  renderer.event(root.start);
  clock.pass(100);
  expect(terminal.screen()).toEqual([
    "resolving debian/trixie",
    "  fetch linux.deb  100 ms",
    "  rootfs trixie    100 ms",
    "[============        ]  6/10  2 running  100 ms",
  ]);
  renderer.event(linux.progress(0, 4 * 1024 * 1024));
  clock.pass(2000);
  renderer.event(linux.progress(3 * 1024 * 1024, 4 * 1024 * 1024));
  renderer.event(root.waiting("another kit builds the same"));
  renderer.event(tar.start);
  clock.pass(1000);
  expect(terminal.screen()).toEqual([
    "resolving debian/trixie",
    "  fetch linux.deb  3.1 s, 3.0 MiB of 4.0 MiB (75 %), 1.0 MiB/s",
    "  tar hello.tar    1.0 s",
    "  rootfs trixie    3.1 s, waits: another kit builds the same",
    "[============        ]  6/10  3 running  3.1 s",
  ]);
  renderer.event(linux.end("built", 3000));
  renderer.event(tar.fails(1000, "build/exit", "hello.tar: status 2", ["no space left"]));
  renderer.event(events("ext4 hello").end("blocked"));
  renderer.event({ type: "warning", text: "the mirror is slow" });
  renderer.event(root.progress(2, 5, "steps"));
  clock.pass(100);
  const above = [
    "resolving debian/trixie",
    "failed: tar hello.tar, 1.0 s",
    "error: hello.tar: status 2",
    "  | no space left",
    "  [build/exit, exit 1]",
    "warning: the mirror is slow",
  ];
  expect(terminal.screen()).toEqual([
    ...above,
    "  rootfs trixie  3.2 s, step 2 of 5",
    "[==================  ]  9/10  1 running  1 failed  1 blocked  3.2 s",
  ]);
  renderer.event(root.end("built", 3200));
  renderer.done({});
  renderer[Symbol.dispose]();
  expect(terminal.everything()).toEqual([
    ...above,
    "failed: tar hello.tar, which blocked 1 other: hello.tar: status 2",
    "1 failed, 1 blocked, 2 built, 6 reused in 3.2 s",
  ]);
  expect(clock.pending()).toBe(0);
});

test("disposing without a summary leaves what was to stay, even what was not drawn yet", () => {
  const { clock, terminal, renderer } = follow();
  renderer.event(root.start);
  clock.pass(500);
  renderer.event({ type: "warning", text: "careful" });
  renderer[Symbol.dispose]();
  renderer[Symbol.dispose]();
  renderer.event({ type: "warning", text: "too late" });
  renderer.done({});
  clock.pass(5000);
  expect(terminal.everything()).toEqual(["warning: careful"]);
  expect(clock.pending()).toBe(0);
});

test("a run shorter than 100 ms draws its summary alone", () => {
  const { clock, terminal, renderer } = follow();
  renderer.event({ type: "plan", derivations: 113, known: 113 });
  clock.pass(85);
  renderer.done({});
  expect(terminal.raw()).toBe("\r\x1b[J113 reused in 85 ms\r\n\x1b[J");
});

test("drawn ten times a second at most, and once where nothing happens", () => {
  const { clock, terminal, renderer } = follow();
  renderer.event(linux.start);
  for (let i = 0; i < 1000; i++) {
    renderer.event(linux.progress(i, 1000));
    clock.pass(1);
  }
  expect(terminal.writes()).toBe(10);
  clock.pass(10_000);
  expect(terminal.writes()).toBeGreaterThanOrEqual(20);
  expect(terminal.writes()).toBeLessThanOrEqual(21);
});

describe("room", () => {
  const jobs = Array.from({ length: 30 }, (_, i) => events(`unpack package-${i}.deb`));
  const status = "0/0  30 running  100 ms";

  test("there are never more lines than rows, and what is left out is counted", () => {
    const { clock, terminal, renderer } = follow(50, 5);
    for (const job of jobs) renderer.event(job.start);
    clock.pass(100);
    expect(terminal.everything()).toEqual([
      "  unpack package-0.deb  100 ms",
      "  unpack package-1.deb  100 ms",
      "  … and 28 more",
      status,
    ]);
  });

  test.each([
    [1, [status]],
    [2, [status]],
    [3, ["  … and 30 more", status]],
    [4, ["  unpack package-0.deb  100 ms", "  … and 29 more", status]],
  ])("%i rows", (rows, expected) => {
    const { clock, terminal, renderer } = follow(50, rows);
    for (const job of jobs) renderer.event(job.start);
    clock.pass(100);
    expect(terminal.everything()).toEqual(expected);
  });

  test("sixteen jobs are enough on any terminal", () => {
    const { clock, terminal, renderer } = follow(50, 60);
    for (const job of jobs) renderer.event(job.start);
    clock.pass(100);
    expect(terminal.everything()).toHaveLength(17);
    expect(terminal.everything().at(-2)).toBe("  … and 15 more");
  });

  test("long names and states are cut; what does not fit into the last line is left out", () => {
    const { clock, terminal, renderer } = follow(30);
    const long = events("unpack a-very-long-package-name_1.0_amd64.deb");
    renderer.event(long.start);
    renderer.event(long.progress(1, 2000));
    renderer.event({ type: "plan", derivations: 1000, known: 10 });
    renderer.event(tar.fails(1, "build/exit", "x"));
    clock.pass(100);
    expect(terminal.screen().slice(-2)).toEqual([
      "  unpack a-very…  100 ms, 1 …",
      "11/1000  1 running  1 failed",
    ]);
  });

  test.each([
    [undefined, undefined],
    [0, 0],
  ])("a terminal that does not know its size (%s) has 80 columns and 24 rows", (columns, rows) => {
    const clock = fakeClock();
    const terminal = fakeTerminal(80, 24);
    const unsized = { isTTY: true, columns, rows, write: (text: string) => terminal.write(text) };
    const renderer = liveRenderer(unsized, clock.now, clock.schedule);
    renderer.event(events(`unpack ${"x".repeat(100)}`).start);
    clock.pass(100);
    expect(terminal.screen().map(displayWidth)).toEqual([49, 46]);
  });
});

describe("resizing", () => {
  const warning = { type: "warning", text: "stays" } as const;

  test("narrower: lines that were broken in two are erased whole", () => {
    const { clock, terminal, renderer } = follow(80, 12);
    renderer.event(warning);
    renderer.event(events("unpack a-package-with-a-long-name.deb").start);
    renderer.event(linux.start);
    renderer.event(linux.progress(5, 10));
    clock.pass(100);
    terminal.resize(30, 12);
    expect(terminal.screen()).toHaveLength(8);
    clock.pass(1000);
    expect(terminal.screen()).toEqual([
      "warning: stays",
      "  unpack a-pack…  1.1 s",
      "  fetch linux.d…  1.1 s, 5 B…",
      "0/0  2 running  1.1 s",
    ]);
    renderer[Symbol.dispose]();
    expect(terminal.everything()).toEqual(["warning: stays"]);
  });

  test("wider and higher, then lower", () => {
    const { clock, terminal, renderer } = follow(40, 4);
    renderer.event(warning);
    for (const job of ["a", "b", "c", "d"]) renderer.event(events(`unpack ${job}`).start);
    clock.pass(100);
    terminal.resize(90, 12);
    clock.pass(1000);
    expect(terminal.screen()).toEqual([
      "warning: stays",
      "  unpack a  1.1 s",
      "  unpack b  1.1 s",
      "  unpack c  1.1 s",
      "  unpack d  1.1 s",
      "[                    ]  0/0  4 running  1.1 s",
    ]);
    terminal.resize(90, 4);
    clock.pass(1000);
    expect(terminal.screen()).toEqual([
      "  unpack a  2.1 s",
      "  … and 3 more",
      "[                    ]  0/0  4 running  2.1 s",
    ]);
    renderer[Symbol.dispose]();
    expect(terminal.screen()).toEqual([]);
  });
});

test("in colour the same can be read", () => {
  const screens = [false, true].map((color) => {
    const { clock, terminal, renderer } = follow(40, 10, color);
    renderer.event(linux.start);
    renderer.event(linux.progress(1000, 2000));
    renderer.event(
      tar.fails(1, "build/exit", "some long message that has to be wrapped", ["漢字".repeat(20)]),
    );
    clock.pass(1000);
    expect(terminal.raw().includes("\x1b[1;31m")).toBe(color);
    return terminal.screen();
  });
  expect(screens[1]).toEqual(screens[0]);
});

test("what is no terminal gets plain lines", () => {
  const clock = fakeClock();
  const written: string[] = [];
  const renderer = liveRenderer(
    { isTTY: false, write: (text) => written.push(text) },
    clock.now,
    clock.schedule,
  );
  renderer.event(root.start);
  clock.pass(3000);
  renderer.event(root.end("built", 3000));
  renderer.done({});
  expect(written.join("")).toBe(
    "running: rootfs trixie, 1.0 s\nbuilt: rootfs trixie, 3.0 s\n1 built in 3.0 s\n",
  );
});

test("whatever happens, nothing is scrolled by the frame, nothing obeyed, and only what lasts is left", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyEvent, fc.nat(300))),
      fc.integer({ min: 21, max: 100 }),
      fc.integer({ min: 1, max: 12 }),
      (run, columns, rows) => {
        const { clock, terminal, renderer } = follow(columns, rows);
        const lasting: string[] = [];
        for (const [event, time] of run) {
          renderer.event(event);
          lasting.push(...lastingRemark(event, { color: false, width: columns - 1 }));
          clock.pass(time);
          expect(terminal.everything().length).toBeLessThanOrEqual(lasting.length + Math.max(1, rows - 1));
        }
        renderer[Symbol.dispose]();
        // What has no width and combines with nothing is shown by no two terminals in the same way; empty lines at
        // the end are not seen.
        const bare = (lines: readonly string[]) =>
          lines
            .map((line) =>
              [...line]
                .filter((character) => displayWidth(character) > 0)
                .join("")
                .trimEnd(),
            )
            .join("\n")
            .trimEnd();
        expect(bare(terminal.everything())).toBe(bare(lasting));
      },
    ),
    { examples: [[[[{ type: "step", text: "\u{115b2}" }, 0]], 21, 1]] },
  );
});

test("whatever the sizes become, what lasts is left on the screen", () => {
  const sizes = fc.tuple(fc.integer({ min: 40, max: 100 }), fc.constant(60));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(300), fc.option(sizes)), { maxLength: 40 }), (run) => {
      const { clock, terminal, renderer } = follow(100, 60);
      for (const [number, time, size] of run) {
        renderer.event(events(`unpack ${`package${number}-`.repeat(number)}.deb`).start);
        clock.pass(time);
        if (size) terminal.resize(...size);
      }
      renderer.event({ type: "warning", text: "last" });
      renderer[Symbol.dispose]();
      expect(terminal.everything()).toEqual(["warning: last"]);
    }),
  );
});
