// A chain of small cmake packages, against the same commands run by hand in one shell.
// Knows what both build; does not know how kit does it.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { has, inTurn, run, type Side } from "./measure.ts";
import { compared, type Row } from "./row.ts";

const kit = join(import.meta.dirname, "../../cli/kit");
const length = 24;
const changed = 12;

export async function* sysroot(
  folder: string,
  times: number,
  wants: (name: string) => boolean,
): AsyncGenerator<Row> {
  if (!wants("cmake")) return;
  const at = join(folder, "cmake");
  const all = Array.from({ length }, (_, index) => index + 1);
  for (const index of all) writePackage(at, index, "");
  const env = { KIT_STORE: join(at, "store") };
  const realize = () => run([kit, "realize", join(at, `p${length}.yaml`)], { env });
  realize();
  let turn = 0;
  // What both build is new each time: an answer that was given before is nobody's work.
  const salted = (from: number): void => {
    turn++;
    for (const index of all)
      if (index >= from) writePackage(at, index, `int salt${turn}_${index}(void) { return ${turn}; }\n`);
  };
  const changedOnly = (): void => {
    turn++;
    writePackage(at, changed, `int salt${turn}_${changed}(void) { return ${turn}; }\n`);
  };
  const byHand =
    (from: number): Side["run"] =>
    () =>
      run(["sh", "-euc", handScript(at, from)]);
  const peer = (from: number): Side | undefined => {
    if (!has("cmake") || !has("make")) return undefined;
    const prepare = () => {
      for (const index of all)
        if (index >= from) rmSync(join(at, `b${index}`), { recursive: true, force: true });
      if (from === 1) rmSync(join(at, "prefix"), { recursive: true, force: true });
    };
    return { prepare, run: byHand(from) };
  };
  const cores = "cmake and make by hand, warm";
  yield compared(
    `chain of ${length} small cmake packages`,
    cores,
    1.25,
    await inTurn(times, { prepare: () => salted(1), run: realize }, peer(1)),
  );
  yield compared(
    `one of the ${length} changed, with its ${length - changed} dependents`,
    cores,
    1.25,
    await inTurn(times, { prepare: changedOnly, run: realize }, peer(changed)),
  );
}

function handScript(at: string, from: number): string {
  const prefix = join(at, "prefix");
  const lines = Array.from({ length: length - from + 1 }, (_, offset) => {
    const [source, build] = [join(at, `s${from + offset}`), join(at, `b${from + offset}`)];
    return [
      `cmake -S ${source} -B ${build} -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=${prefix} -DCMAKE_PREFIX_PATH=${prefix}`,
      `make -C ${build} -j2`,
      `make -C ${build} install`,
    ];
  });
  return lines.flat().join("\n");
}

function writePackage(at: string, index: number, salt: string): void {
  const source = join(at, `s${index}`);
  mkdirSync(source, { recursive: true });
  const [name, below] = [`p${index}`, index === 1 ? undefined : `p${index - 1}`];
  const link =
    below === undefined
      ? ""
      : `find_package(${below} REQUIRED)\ntarget_link_libraries(${name} PUBLIC ${below}::${below})\n`;
  const config = below === undefined ? "" : `include(CMakeFindDependencyMacro)\nfind_dependency(${below})\n`;
  const files: Record<string, string> = {
    "CMakeLists.txt": `cmake_minimum_required(VERSION 3.16)
project(${name} LANGUAGES CXX)
add_library(${name} STATIC one.cpp two.cpp)
target_include_directories(${name} PUBLIC $<INSTALL_INTERFACE:include>)
${link}install(FILES ${name}.hpp DESTINATION include)
install(TARGETS ${name} EXPORT ${name}Targets)
install(EXPORT ${name}Targets NAMESPACE ${name}:: DESTINATION lib/cmake/${name})
install(FILES ${name}Config.cmake DESTINATION lib/cmake/${name})
`,
    [`${name}Config.cmake`]: `${config}include("\${CMAKE_CURRENT_LIST_DIR}/${name}Targets.cmake")\n`,
    [`${name}.hpp`]: `#pragma once\n#include <string>\nstd::string ${name}();\n`,
    "one.cpp": `#include "${name}.hpp"\n${below ? `#include <${below}.hpp>\n` : ""}std::string ${name}() { return "${name}" + ${below ? `${below}()` : "std::string()"}; }\n${salt}`,
    "two.cpp": `#include <map>\n#include <string>\n#include <vector>\nstd::map<std::string, std::vector<int>> ${name}_table() { return {{"${name}", {1, 2, ${index}}}}; }\n`,
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(source, path), text);
  writeFileSync(
    join(at, `p${index}.yaml`),
    `kind: package\nname: ${name}\nbuilder: cmake\ndistro: debian/bookworm\nsources: [{dir: ./s${index}}]\n${below ? `dependencies: [./${below}.yaml]\n` : ""}`,
  );
}
