// Faults: their exact layout, and that no foreign text can break it.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderDefect, renderError, renderFault, renderFaults } from "../../../cli/render/fault.ts";
import { displayWidth } from "../../../cli/render/text.ts";
import { Fault, type FaultDetails, Faults, type Place } from "../../../store/model/fault.ts";
import { harmful, plain } from "./rig.ts";

const excerpt = "files: [{path: x, form: ./y}]";
const place: Place = { file: "hello.yaml", line: 3, column: 19, excerpt, length: 4 };

const text = (details: FaultDetails, message = "it went wrong", looks = plain) =>
  renderFault(new Fault("build/exit", message, details), looks);

describe("one fault", () => {
  test("where, what, related places, details, causes, hint, code", () => {
    const fault = new Fault("manifest/unknown-key", 'unknown key "form" in files[0]', {
      place,
      related: [
        {
          place: { file: "image.yaml", line: 9, column: 4, excerpt: "  - ./hello.yaml", length: 12 },
          message: "asked for here",
        },
      ],
      details: ["first line", "second line"],
      hint: 'did you mean "from"?',
      cause: new Error("it was read", { cause: new Error("then checked") }),
    });
    expect(renderFault(fault, plain)).toBe(
      `error: hello.yaml:3:19 unknown key "form" in files[0]
    files: [{path: x, form: ./y}]
                      ~~~~
  image.yaml:9:4 asked for here
      - ./hello.yaml
       ~~~~~~~~~~~~
  | first line
  | second line
  cause: it was read
  cause: then checked
  hint: did you mean "from"?
  [manifest/unknown-key, exit 3]
`,
    );
  });

  test("without anything but a message", () => {
    expect(renderFault(new Fault("network/unreachable", "example.org does not answer"), plain)).toBe(
      "error: example.org does not answer\n  [network/unreachable, exit 6]\n",
    );
  });

  test("in colour", () => {
    expect(text({ place, details: ["a"], hint: "b" }, "c", { color: true, width: 80 })).toBe(
      `\x1b[1;31merror:\x1b[0m hello.yaml:3:19 c
    ${excerpt}
    \x1b[1;31m                  ~~~~\x1b[0m
  \x1b[2m|\x1b[0m a
\x1b[36m  hint: b\x1b[0m
\x1b[2m  [build/exit, exit 1]\x1b[0m
`,
    );
  });

  test("messages, details and hints are wrapped", () => {
    const words = "one two three four five six seven";
    expect(text({ details: [words, "x".repeat(20)], hint: words }, words, { color: false, width: 20 })).toBe(
      `error: one two three
       four five six
       seven
  | one two three
  | four five six
  | seven
  | xxxxxxxxxxxxxxxx
  | xxxx
  hint: one two
        three four
        five six
        seven
  [build/exit, exit…
`,
    );
  });

  test("a log's colours go, its lines stay behind the bar, a hint may have several", () => {
    expect(
      text({
        details: [
          "\x1b[1;31mred\x1b[0m\x1b[K \x1b]8;;https://example.org\x1b\\link\x1b]8;;\x07 \x1b(B\nerror: not by kit\r\n\tend\n",
        ],
        hint: "run:\n  apt install uidmap",
      }),
    ).toBe(
      `error: it went wrong
  | red link \\x1b(B
  | error: not by kit
  |     end
  hint: run:
          apt install uidmap
  [build/exit, exit 1]
`,
    );
  });

  test("a cause that the message tells already is not told again", () => {
    const cause = new Error("connect ECONNREFUSED");
    expect(text({ cause }, "connect ECONNREFUSED: example.org")).not.toContain("cause");
    expect(text({ cause: new AggregateError([cause], "") })).toContain("\n  cause: AggregateError\n");
    expect(
      text({ cause: Object.assign(new AggregateError([cause], ""), { code: "ECONNREFUSED" }) }),
    ).toContain("\n  cause: ECONNREFUSED\n");
    expect(text({ cause: { odd: 1 } })).toContain('\n  cause: {"odd":1}\n');
  });

  test("causes in a circle end", () => {
    const cause = new Error("a");
    cause.cause = cause;
    expect(text({ cause }).match(/cause/g)).toHaveLength(1);
  });
});

describe("an excerpt", () => {
  const marked = (at: Place, width = 80) =>
    text({ place: at }, "m", { color: false, width }).split("\n").slice(1, 3);
  const at = (line: string, column: number, length?: number): Place => ({
    file: "a",
    line: 1,
    excerpt: line,
    column,
    ...(length && { length }),
  });

  test.each<[string, Place, string, string]>([
    ["a tab before", at("\tname: a", 8, 1), "            name: a", "                  ~"],
    ["a tab marked", at("ab\tc", 3, 1), "    ab      c", "      ~~~~~~"],
    ["wide characters", at("漢字: 漢字!", 5, 2), "    漢字: 漢字!", "          ~~~~"],
    ["combining characters", at("e\u0301x", 3, 1), "    e\u0301x", "     ~"],
    ["a combining character itself", at("e\u0301x", 2, 1), "    e\u0301x", "    ~"],
    ["half a surrogate pair", at("🎉!", 2, 1), "    🎉!", "    ~~"],
    ["a control character", at("a\x1bb", 2, 1), "    a\\x1bb", "     ~~~~"],
    ["no length", at("abc", 2), "    abc", "     ~"],
    ["the line's end", at("abc", 4, 1), "    abc", "       ~"],
    ["far behind the end", at("abc", 90, 5), "    abc", "       ~"],
    ["too long a length", at("abc", 2, 90), "    abc", "     ~~"],
    ["an empty line", at("", 1, 1), "", "    ~"],
  ])("with %s", (_, where, line, marks) => expect(marked(where)).toEqual([line, marks]));

  const long = "0123456789".repeat(6);
  test.each<[string, Place, string, string]>([
    ["at the start", at(long, 2, 3), "    0123456789012345678901234…", "     ~~~"],
    ["in the middle", at(long, 31, 3), "    …456789012345678901234567…", "           ~~~"],
    ["at the end", at(long, 59, 2), "    …5678901234567890123456789", `${" ".repeat(28)}~~`],
    ["too long for the width", at(long, 11, 40), "    …012345678901234567890123…", `     ${"~".repeat(24)}`],
    ["just one column too long", at(long.slice(0, 27), 1, 1), "    0123456789012345678901234…", "    ~"],
  ])("longer than the width, the place %s", (_, where, line, marks) =>
    expect(marked(where, 30)).toEqual([line, marks]),
  );

  test("is cut so that the whole place is seen where it fits", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 200 }),
        fc.nat(200),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 30, max: 90 }),
        (line, from, length, width) => {
          const column = Math.min(from, line.length) + 1;
          const shown = text({ place: at(line.replaceAll(/[^a-z]/g, "."), column, length) }, "m", {
            color: false,
            width,
          }).split("\n");
          expect(shown[2]?.match(/~/g)?.length).toBe(Math.max(1, Math.min(length, line.length - column + 1)));
        },
      ),
    );
  });
});

describe("several", () => {
  const fault = (file: string, line: number, column: number) =>
    new Fault("manifest/bad-value", "m", { place: { file, line, column } });

  test("are sorted by place and counted", () => {
    const faults = [
      new Fault("host/no-user", "n"),
      fault("b.yaml", 1, 1),
      fault("a.yaml", 10, 1),
      fault("a.yaml", 9, 3),
      fault("a.yaml", 9, 2),
    ];
    expect(renderFaults(faults, plain)).toBe(
      `error: a.yaml:9:2 m
  [manifest/bad-value, exit 3]
error: a.yaml:9:3 m
  [manifest/bad-value, exit 3]
error: a.yaml:10:1 m
  [manifest/bad-value, exit 3]
error: b.yaml:1:1 m
  [manifest/bad-value, exit 3]
error: n
  [host/no-user, exit 7]
5 errors in 2 files
`,
    );
    expect(faults[0]?.message).toBe("n");
  });

  test("in one file are counted alone, and a single one not at all", () => {
    expect(renderFaults([fault("a", 1, 1), fault("a", 2, 1)], plain)).toMatch(/\n2 errors\n$/);
    expect(renderFaults([fault("a", 1, 1)], plain)).toBe(renderFault(fault("a", 1, 1), plain));
    expect(renderFaults([], plain)).toBe("");
  });
});

describe("what was thrown", () => {
  const fault = new Fault("store/full", "full");

  test("faults, alone or together", () => {
    expect(renderError(fault, plain)).toBe(renderFault(fault, plain));
    expect(renderError(new Faults([fault, fault]), plain)).toBe(renderFaults([fault, fault], plain));
    expect(renderError(new AggregateError([fault]), plain)).toBe(renderFault(fault, plain));
  });

  test("a failure during disposal comes after what led to it", () => {
    const other = new Fault("host/busy", "busy");
    expect(renderError(new SuppressedError(other, fault), plain)).toBe(renderFaults([fault, other], plain));
  });

  test("a defect shows its stack, its causes' too, and what to do", () => {
    const defect = new TypeError("x is no\nfunction", { cause: new Error("inner") });
    defect.stack =
      "TypeError: x is no\nfunction\n    at one (file:///kit/a.ts:1:2)\n    at two (file:///kit/b.ts:3:4)";
    (defect.cause as Error).stack = "Error: inner\n    at three (file:///kit/c.ts:5:6)";
    expect(renderError(defect, plain)).toBe(
      `error: this is a defect of kit: TypeError: x is no\\nfunction
  | at one (file:///kit/a.ts:1:2)
  | at two (file:///kit/b.ts:3:4)
  cause: Error: inner
  | at three (file:///kit/c.ts:5:6)
  hint: nothing you wrote should lead here; please report these lines, with the
        command and what \`kit doctor\` says
`,
    );
    expect(renderDefect("\x1b", plain)).toContain('error: this is a defect of kit: "\\u001b"\n');
    expect(renderDefect(undefined, plain)).toContain("error: this is a defect of kit: undefined\n");
  });
});

test("whatever a fault holds, no control character comes out and no line is wider than asked", () => {
  const foreign = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.string({
      unit: fc.constantFrom(
        "\x1b",
        "[",
        "2",
        "J",
        "\r",
        "\n",
        "\u009b",
        "\u202e",
        "\t",
        "漢",
        "e\u0301",
        "x",
        " ",
      ),
    }),
  );
  const anyPlace = fc.record({
    file: foreign,
    line: fc.nat(),
    column: fc.integer({ min: 1, max: 400 }),
    excerpt: fc.option(
      foreign.map((line) => line.replaceAll("\n", "")),
      { nil: undefined },
    ),
    length: fc.option(fc.nat(400), { nil: undefined }),
  }) as fc.Arbitrary<Place>;
  const fault = fc
    .record({
      message: foreign,
      hint: foreign,
      details: fc.array(foreign, { maxLength: 4 }),
      place: fc.option(anyPlace, { nil: undefined }),
      related: fc.array(fc.record({ place: anyPlace, message: foreign }), { maxLength: 2 }),
      cause: fc.option(
        foreign.map((message) => new Error(message)),
        { nil: undefined },
      ),
    })
    .map(
      ({ message, place: where, ...details }) =>
        new Fault("build/exit", message, { ...details, ...(where && { place: where }) }),
    );
  fc.assert(
    fc.property(
      fc.array(fault, { maxLength: 3 }),
      fc.integer({ min: 20, max: 120 }),
      fc.boolean(),
      (faults, width, color) => {
        const shown =
          renderFaults(faults, { color, width }) + renderDefect(faults[0]?.cause, { color, width });
        for (const line of shown.replaceAll(/\x1b\[(1;31|1;33|32|36|2|0)m/g, "").split("\n")) {
          expect(line).not.toMatch(harmful);
          expect(displayWidth(line)).toBeLessThanOrEqual(width);
        }
        expect(shown.split("\n").filter((line) => /^(\x1b\[1;31m)?error:/.test(line))).toHaveLength(
          faults.length + 1,
        );
      },
    ),
  );
});
