// Plain lines and JSON: exact outputs along a clock that is set by hand.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Event } from "../../../builders/event.ts";
import { jsonRenderer, plainRenderer } from "../../../cli/render/renderer.ts";
import { displayWidth } from "../../../cli/render/text.ts";
import { anyEvent, events, fakeClock, harmful } from "./rig.ts";

const linux = events("fetch linux.deb");
const root = events("rootfs trixie");
const tar = events("tar hello.tar");
const oci = events("oci hello");

function follow(options: { scheduled?: boolean; width?: number } = {}) {
  const clock = fakeClock();
  const written: string[] = [];
  const renderer = plainRenderer((text) => written.push(text), clock.now, {
    ...(options.scheduled && { schedule: clock.schedule }),
    ...(options.width && { width: options.width }),
  });
  return { clock, renderer, text: () => written.join("") };
}

describe("plain", () => {
  test("a whole run", () => {
    const { clock, renderer, text } = follow();
    const tell: (Event | number)[] = [
      { type: "step", text: "resolving debian/trixie" },
      { type: "warning", text: "the index is two days old" },
      { type: "plan", derivations: 12, known: 7 },
      linux.start,
      root.start,
      500,
      linux.end("built", 500),
      root.waiting("another kit builds the same"),
      2000,
      root.end("reused", 2500),
      oci.start,
      oci.end("reused", 3),
      tar.start,
      1200,
      tar.progress(1, 3, "steps"),
      tar.fails(1200, "build/exit", "hello.tar: status 2", ["no space left"]),
      events("ext4 hello").end("blocked"),
    ];
    for (const item of tell) {
      if (typeof item === "number") clock.pass(item);
      else renderer.event(item);
    }
    renderer.done({});
    expect(text()).toBe(
      `resolving debian/trixie
warning: the index is two days old
plan: 12 derivations, 7 known
built: fetch linux.deb, 500 ms
waiting: trixie, another kit builds the same
reused: rootfs trixie, 2.5 s
running: tar hello.tar, 1.2 s, step 1 of 3
failed: tar hello.tar, 1.2 s
error: hello.tar: status 2
  | no space left
  [build/exit, exit 1]
blocked: ext4 hello
failed: tar hello.tar, which blocked 1 other: hello.tar: status 2
1 failed, 1 blocked, 1 built, 9 reused in 3.7 s
`,
    );
  });

  test("of many failures the summary names ten, and how many more there are", () => {
    const { renderer, text } = follow();
    for (let i = 0; i < 12; i++)
      renderer.event(events(`fetch ${i}.deb`).fails(1, "offline/missing", "lacking"));
    renderer.done({});
    const lines = text().split("\n").slice(-13);
    expect(lines.slice(0, 10)).toEqual(lines.slice(0, 10).map((_, i) => `failed: fetch ${i}.deb: lacking`));
    expect(lines.slice(10)).toEqual(["failed: 2 others, told above", "12 failed in 0 ms", ""]);
  });

  test("what runs long is told of after a second, then every ten, with its rate", () => {
    const { clock, renderer, text } = follow();
    renderer.event(linux.start);
    for (let second = 0; second < 32; second++) {
      renderer.event(linux.progress(second * 1024 * 1024, 64 * 1024 * 1024));
      clock.pass(1000);
    }
    expect(text()).toBe(
      `running: fetch linux.deb, 1.0 s, 1.0 MiB of 64.0 MiB (1 %), 1.0 MiB/s
running: fetch linux.deb, 11.0 s, 11.0 MiB of 64.0 MiB (17 %), 1.0 MiB/s
running: fetch linux.deb, 21.0 s, 21.0 MiB of 64.0 MiB (32 %), 1.0 MiB/s
running: fetch linux.deb, 31.0 s, 31.0 MiB of 64.0 MiB (48 %), 1.0 MiB/s
`,
    );
  });

  test("also while nothing happens, where a schedule is given, and not after it is disposed of", () => {
    const { clock, renderer, text } = follow({ scheduled: true });
    renderer.event(root.start);
    clock.pass(15_000);
    renderer[Symbol.dispose]();
    renderer[Symbol.dispose]();
    expect(clock.pending()).toBe(0);
    clock.pass(60_000);
    renderer.event(root.end("built", 1));
    renderer.done({});
    expect(text()).toBe("running: rootfs trixie, 1.0 s\nrunning: rootfs trixie, 11.0 s\n");
  });

  test("the schedule stops with the last job", () => {
    const { clock, renderer } = follow({ scheduled: true });
    renderer.event(root.start);
    renderer.event(root.end("built", 1));
    clock.pass(1000);
    expect(clock.pending()).toBe(0);
  });

  test("the rate is that of the last seconds, and falls while nothing comes", () => {
    const { clock, renderer, text } = follow({ scheduled: true });
    renderer.event(linux.start);
    for (let second = 0; second <= 8; second++) {
      renderer.event(linux.progress(second < 4 ? 0 : (second - 4) * 1000, 0));
      if (second < 8) clock.pass(1000);
    }
    clock.pass(12_000);
    expect(text()).toBe(
      `running: fetch linux.deb, 1.0 s, 0 B, 0 B/s
running: fetch linux.deb, 11.0 s, 3.9 KiB, 571 B/s
`,
    );
  });

  test("a download that starts anew has a new rate", () => {
    const { clock, renderer, text } = follow();
    renderer.event(linux.start);
    renderer.event(linux.progress(900_000, 1_000_000));
    clock.pass(2000);
    renderer.event(linux.progress(0, 1_000_000));
    expect(text()).toBe("running: fetch linux.deb, 2.0 s, 0 B of 976.6 KiB (0 %)\n");
  });

  test("what is interrupted has not failed", () => {
    const { renderer, text } = follow();
    renderer.event(root.start);
    renderer.event(root.fails(10, "interrupted/signal", "interrupted"));
    renderer.event(tar.end("blocked"));
    renderer.done({ interrupted: true });
    expect(text()).toBe(
      `stopped: rootfs trixie, 10 ms
blocked: tar hello.tar
interrupted: 1 blocked, 1 stopped in 0 ms
`,
    );
  });

  test("root causes are sorted by how many each blocked; what differs is told", () => {
    const { clock, renderer, text } = follow();
    renderer.event(linux.fails(1, "network/unreachable", "no answer"));
    renderer.event(root.fails(1, "build/exit", "status 1"));
    renderer.event(tar.end("blocked"));
    renderer.event(oci.end("blocked"));
    clock.pass(185_000);
    const before = text().length;
    renderer.done({ differing: ["hello.deb\n"] });
    expect(text().slice(before)).toBe(
      `failed: rootfs trixie, which blocked 2 others: status 1
failed: fetch linux.deb: no answer
differs: hello.deb\\n
2 failed, 2 blocked in 3 min 05 s
`,
    );
  });

  test("what of a set is not planned counts with the rest, and where it began", () => {
    const { renderer, text } = follow();
    const fails = root.fails(1, "build/exit", "status 1");
    renderer.event(fails);
    const fault = { code: "build/bad", message: "is bad" };
    const blocked = (name: string, cause: string) =>
      renderer.event({ type: "unplanned", file: `/${name}.yaml`, name, how: "blocked", cause });
    renderer.event({ type: "unplanned", file: "/a.yaml", name: "a", how: "failed", fault });
    blocked("b", "/a.yaml");
    blocked("c", "/a.yaml");
    blocked("d", "id" in fails ? fails.id : "");
    const before = text().length;
    renderer.done({});
    expect(text().slice(before)).toBe(
      `failed: package a, which blocked 2 others: is bad
failed: rootfs trixie, which blocked 1 other: status 1
2 failed, 3 blocked in 0 ms
`,
    );
  });

  test("what one plan built is not counted again where the next finds it known", () => {
    const { renderer, text } = follow();
    renderer.event({ type: "plan", derivations: 2, known: 1 });
    renderer.event(root.end("built", 1));
    renderer.event({ type: "plan", derivations: 5, known: 4 });
    renderer.event(tar.end("built", 1));
    renderer.done({});
    expect(text()).toMatch(/\n2 built, 3 reused in 0 ms\n$/);
  });

  test("a run that never came to a plan has no summary, unless it was interrupted", () => {
    const { renderer, text } = follow();
    renderer.event({ type: "step", text: "resolving debian/trixie" });
    renderer.done({});
    expect(text()).toBe("resolving debian/trixie\n");
    const interrupted = follow();
    interrupted.renderer.done({ interrupted: true });
    expect(interrupted.text()).toBe("interrupted: nothing done in 0 ms\n");
  });

  test("whatever events tell, no control character comes out and no line is wider than asked", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyEvent, fc.nat(5000))),
        fc.integer({ min: 20, max: 100 }),
        (run, width) => {
          const { clock, renderer, text } = follow({ scheduled: true, width });
          for (const [event, time] of run) {
            renderer.event(event);
            clock.pass(time);
          }
          renderer.done({ differing: run.map(([event]) => JSON.stringify(event)) });
          for (const line of text().split("\n")) {
            expect(line).not.toMatch(harmful);
            expect(displayWidth(line)).toBeLessThanOrEqual(width);
          }
        },
      ),
    );
  });
});

describe("JSON", () => {
  test("an event a line, with its time; at last the counts", () => {
    const clock = fakeClock();
    const written: string[] = [];
    const renderer = jsonRenderer((text) => written.push(text), clock.now);
    renderer.event({ type: "plan", derivations: 3, known: 1 });
    clock.pass(12.6);
    renderer.event({ type: "warning", text: "a\u001b[2J\u009b\u202e\u2028\n\u{e0041}" });
    renderer.event(root.fails(7, "build/exit", "status 1", ["x"]));
    renderer.event(tar.end("blocked"));
    renderer.done({ differing: ["hello.deb"] });
    renderer.done({});
    renderer.event(root.start);
    const { id } = root.start;
    const failed = `"fault":{"code":"build/exit","message":"status 1","details":["x"]}`;
    expect(written).toEqual([
      `{"time":0,"type":"plan","derivations":3,"known":1}\n`,
      `{"time":13,"type":"warning","text":"a\\u001b[2J\\u009b\\u202e\\u2028\\n\\udb40\\udc41"}\n`,
      `{"time":13,"type":"end","id":"${id}","label":"trixie","builder":"rootfs","how":"failed","duration":7,${failed}}\n`,
      `{"time":13,"type":"end","id":"${tar.start.id}","label":"hello.tar","builder":"tar","how":"blocked","duration":0}\n`,
      `{"time":13,"type":"done","built":0,"reused":1,"brought":0,"failed":1,"blocked":1,"stopped":0,"done":3,"total":3,"failures":[{"id":"${id}","builder":"rootfs","label":"trixie",${failed},"blocked":1}],"differing":["hello.deb"]}\n`,
    ]);
  });

  test("each line is the event, and no line has a control character", () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const written: string[] = [];
        jsonRenderer(
          (text) => written.push(text),
          () => 0,
        ).event(event);
        expect(JSON.parse(written.join(""))).toEqual({ time: 0, ...event });
        expect(written.join("").slice(0, -1)).not.toMatch(harmful);
      }),
    );
  });
});
