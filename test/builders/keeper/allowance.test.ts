// What a process may, as the kernel tells it.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { refuseAllowance } from "../../../builders/keeper/allowance.ts";

const head = "Limit                     Soft Limit           Hard Limit           Units     \n";
const limits = (files: string, size = "unlimited") =>
  `${head}Max file size             ${size.padEnd(20)} unlimited            bytes     \nMax open files            ${files.padEnd(20)} 1048576              files     \n`;

test("too few open files and too small ones are refused, all else is not", () => {
  expect(() => refuseAllowance(limits("40"))).toThrow(expect.objectContaining({ code: "host/open-files" }));
  const small = () => refuseAllowance(limits("1024", "51200"));
  expect(small).toThrow(expect.objectContaining({ code: "host/file-size" }));
  expect(small).toThrow("no file larger than 50 KiB");
  for (const text of [limits("1024"), limits("unlimited"), limits("256", String(2 ** 30)), ""])
    refuseAllowance(text);
  refuseAllowance(readFileSync("/proc/self/limits", "utf8"));
});
