// XML as records: what is read, and what is refused.
// Knows what a reader promises; does not know any format of rpm.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  parseXml,
  readXml,
  type XmlElement,
  type XmlLimits,
  xmlLimits,
} from "../../../../builders/repository/rpm/xml.ts";
import { Fault } from "../../../../store/model/fault.ts";
import { refusal } from "../../../rig/refusal.ts";
import { escaped } from "./documents.ts";

async function records(document: string | Uint8Array, size = 1 << 20, limits?: XmlLimits) {
  const found: XmlElement[] = [];
  const roots: string[] = [];
  const sink = {
    root: (name: string) => void roots.push(name),
    record: (element: XmlElement) => void found.push(element),
  };
  const reader = await readXml("some.xml", sink, limits);
  const bytes = Buffer.from(document);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end();
  return { found, roots };
}

const whole = (document: string | Uint8Array, limits?: XmlLimits) =>
  parseXml("some.xml", Buffer.from(document), limits);

describe("what is read", () => {
  test("records with attributes, children and text", async () => {
    const { found, roots } = await records(
      '<?xml version="1.0" encoding="utf-8"?>\n<all a="1"><!-- no --><one x="&lt;&#65;&#x42;">\n  <p:two>T&amp;T<![CDATA[<&]]></p:two>\n  <three/></one><?no no?><four>4</four></all>\n',
    );
    expect(roots).toEqual(["all"]);
    expect(found).toEqual([
      {
        name: "one",
        attributes: { x: "<AB" },
        text: "\n  ",
        children: [
          { name: "p:two", attributes: {}, children: [], text: "T&T<&" },
          { name: "three", attributes: {}, children: [], text: "" },
        ],
      },
      { name: "four", attributes: {}, children: [], text: "4" },
    ]);
  });

  test("a whole document, with a byte order mark and a document type that declares nothing", async () => {
    const root = await whole(
      '\ufeff<?xml version="1.0"?>\n<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">\n<comps>x</comps>',
    );
    expect(root).toMatchObject({ name: "comps", text: "x" });
  });

  test("the same however the bytes are cut", async () => {
    const text = fc.string({ unit: "binary", maxLength: 40 }).map(speakable);
    const names = fc.constantFrom("a", "b:c", "é", "rpm:entry", "__proto__", "constructor");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(names, text, text), { maxLength: 12 }),
        fc.integer({ min: 1, max: 9 }),
        async (items, size) => {
          const written = items.map(([name, value, content]) => {
            return `<${name} ${name}="${escaped(value)}">${escaped(content)}</${name}>`;
          });
          const { found } = await records(`<root>${written.join("\n")}</root>`, size);
          const read = found.map(({ name, attributes, text }) => [name, attributes[name], text]);
          // XML folds white space in attributes into spaces, and line ends into line feeds.
          const folded = items.map(([name, value, content]) => {
            return [name, lines(value).replace(/[\t\n]/g, " "), lines(content)];
          });
          expect(read).toEqual(folded);
        },
      ),
    );
  });
});

/** What XML 1.0 can hold, in a text and in an attribute. */
function speakable(text: string): string {
  return text.toWellFormed().replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "");
}

function lines(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

describe("what is refused", () => {
  const laughs = `<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;</a>`;
  test.each([
    ["nothing", ""],
    ["no XML", "hello"],
    ["a page", "<!DOCTYPE html><html><p>Sign in<br></html>"],
    ["an element left open", "<a><b></a>"],
    ["an attribute twice", '<a><b x="1" x="2"/></a>'],
    ["an attribute without quotes", "<a><b x=1/></a>"],
    ["two documents", "<a/><b/>"],
    ["text after the end", "<a/>b"],
    ["entities of its own", laughs],
    ["an external entity", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    ["an entity nobody declared", "<a>&nbsp;</a>"],
    ["an entity called as what every object has", "<a>&toString;</a>"],
    ["another such", "<a>&__proto__;</a>"],
    ["a character reference to NUL", "<a>&#0;</a>"],
    ["a character reference to half a character", "<a>&#xd800;</a>"],
    ["NUL", "<a>\0</a>"],
    ["an escape character", "<a>\x1b[2J</a>"],
    ["XML 1.1", '<?xml version="1.1"?><a/>'],
    ["another encoding", '<?xml version="1.0" encoding="ISO-8859-1"?><a/>'],
    ["UTF-16", Buffer.from("\ufeff<a/>", "utf16le")],
    ["Latin 1", Buffer.from("<a>na\u00efve</a>", "latin1")],
    ["half a character at the end", Buffer.from("<a/>\u00ef").subarray(0, -1)],
    ["an overlong slash", Buffer.from([0x3c, 0x61, 0x3e, 0xc0, 0xaf, 0x3c, 0x2f, 0x61, 0x3e])],
  ])("%s", async (_, document) => {
    expect((await refusal(() => records(document))).code).toBe("digest/bad-xml");
    expect((await refusal(() => whole(document))).code).toBe("digest/bad-xml");
  });

  test("tells where", async () => {
    const fault = await refusal(() => records("<a>\n  <b>\n   <c></d>\n</a>"));
    expect(fault.place).toEqual({ file: "some.xml", line: 3, column: 11 });
    expect(fault.message).toBe("not sound XML: unexpected close tag");
  });

  test("what ends too early, wherever", async () => {
    const document = Buffer.from(
      '<?xml version="1.0"?><!DOCTYPE a><a b="\u00ef"><c>x&amp;<![CDATA[y]]></c><!-- d --><e/></a>',
    );
    expect((await records(document)).found.length).toBe(2);
    for (let end = 0; end < document.length; end++) {
      expect((await refusal(() => records(document.subarray(0, end)))).code, `${end}`).toBe("digest/bad-xml");
    }
  });

  test("whatever else is damaged is read or refused, and nothing else", async () => {
    const document = Buffer.from('<a b="\u00ef"><c d="1">x&amp;y</c><e/></a>');
    const damaged = fc.array(fc.tuple(fc.nat(document.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(damaged, async (changes) => {
        const bytes = Buffer.from(document);
        for (const [at, byte] of changes) bytes[at] = byte;
        await records(bytes, 7).catch((error) => expect(error).toBeInstanceOf(Fault));
      }),
      { numRuns: 500 },
    );
  });
});

describe("limits", () => {
  const limits = { records: 60, depth: 4, elements: 10, record: 200_000, piece: 70_000 };
  const long = "x".repeat(300_000);

  test.each([
    ["depth", "<a><b><c><d><e/></d></c></b></a>"],
    ["elements", `<a><b>${"<c/>".repeat(10)}</b></a>`],
    ["a record", `<a><b>${`<c>${"x".repeat(40_000)}</c>`.repeat(9)}</b></a>`],
    ["a text", `<a><b>${long}</b></a>`],
    ["an attribute", `<a><b c="${long}"/></a>`],
    ["a name", `<a><${long}/></a>`],
    ["an entity", `<a>&${long};</a>`],
    ["a comment", `<a><!--${long}--></a>`],
    ["an instruction", `<a><?x ${long}?></a>`],
    ["a document type", `<!DOCTYPE a "${long}"><a/>`],
    ["what has no end", `<a><b c="${long}`],
  ])("of %s", async (_, document) => {
    const fault = await refusal(() => records(document, 10_000, limits));
    expect(fault.code).toBe("digest/too-large");
    expect((await refusal(() => whole(document, limits))).code).toBe("digest/too-large");
  });

  test("hold for each record, not for all", async () => {
    const many = `<a>${`<b>${"<c/>".repeat(9)}${"x".repeat(60_000)}</b>`.repeat(50)}</a>`;
    expect((await records(many, 10_000, limits)).found.length).toBe(50);
  });

  test("hold for how many records there are", async () => {
    const document = (count: number) => `<a>${"<b/>".repeat(count)}</a>`;
    expect((await records(document(60), 10_000, limits)).found.length).toBe(60);
    expect((await refusal(() => records(document(61), 10_000, limits))).code).toBe("digest/too-large");
  });

  test("are what stops a document nested without end", async () => {
    const fault = await refusal(() => records("<a>".repeat(1_000_000)));
    expect(fault.message).toContain(`more than ${xmlLimits.depth} deep`);
  });
});
