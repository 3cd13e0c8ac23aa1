import { createHash } from "node:crypto";
import { checkBounds, checkCompilable } from "./bounds.ts";
import { PolicyFault } from "./faults.ts";
import { ABI_MARKER, ABI_MINOR } from "./slots.ts";
import { type WasmModule, wasm } from "./webassembly.ts";

/** A module that passed every check that needs none of its code to run. */
export interface AdmittedPolicy {
  readonly name: string;
  /** SHA-256 of the file, in lower-case hexadecimal. */
  readonly digest: string;
  /** The file. */
  readonly bytes: Uint8Array;
  readonly module: WasmModule;
}

/** Largest file that is taken for a policy; the shipped ones are tens of kilobytes. */
const MODULE_BYTES_MAX = 4 << 20;

/**
 * How a module begins: its first word, and its version. Of anything else the host says it is none.
 */
const MAGIC = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0] as const;

const FUNCTIONS = ["header", "init", "allocate", "restore"] as const;

/**
 * Checks a policy's file in a fixed order, without running any of it: digest, what a compiler could
 * not bear, module, marker, imports, exports, bounds. Throws a `PolicyFault` for the first check
 * that fails.
 */
export function admitPolicy(name: string, bytes: Uint8Array, digest?: string): AdmittedPolicy {
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (digest !== undefined && digest !== actual) {
    throw new PolicyFault("POLICY_DIGEST", `${name} has ${actual}, the manifest says ${digest}`);
  }
  const module = compiled(name, bytes);
  const exported = new Map(wasm.Module.exports(module).map((e) => [e.name, e.kind]));
  // The marker may be a function too: a C compiler exports a global's address, not its value.
  const marker = exported.get(ABI_MARKER);
  if (marker !== "global" && marker !== "function") {
    const has = [...exported.keys()].filter((known) => known.startsWith("allocator_abi"));
    const said = has.length > 0 ? `it has ${has.join(", ")}` : "it has no such export";
    throw new PolicyFault("POLICY_ABI_MISSING", `${name} should export ${ABI_MARKER}; ${said}`);
  }
  const imports = wasm.Module.imports(module).map((i) => `${i.module}.${i.name}`);
  if (imports.length > 0) {
    throw new PolicyFault("POLICY_IMPORTS", `${name} imports ${imports.join(", ")}`);
  }
  for (const wanted of FUNCTIONS) {
    if (exported.get(wanted) === "function") continue;
    throw new PolicyFault("POLICY_EXPORTS", `${name} should export the function ${wanted}`);
  }
  const schema = exported.get("state_schema");
  if (schema !== "global" && schema !== "function") {
    throw new PolicyFault("POLICY_EXPORTS", `${name} should export state_schema`);
  }
  if (exported.get("memory") !== "memory") {
    throw new PolicyFault("POLICY_EXPORTS", `${name} should export its memory as "memory"`);
  }
  checkBounds(name, bytes);
  return { name, digest: actual, bytes, module };
}

/** Checks the value of the marker, which takes an instance. */
export function checkMinor(name: string, minor: number): void {
  if (Number.isInteger(minor) && minor >= 0 && minor <= ABI_MINOR) return;
  throw new PolicyFault(
    "POLICY_ABI_TOO_NEW",
    `${name} needs minor ${minor}, this host speaks up to ${ABI_MINOR}`,
  );
}

function compiled(name: string, bytes: Uint8Array): WasmModule {
  if (bytes.length > MODULE_BYTES_MAX) {
    throw new PolicyFault("POLICY_NOT_WASM", `${name} is larger than ${MODULE_BYTES_MAX} bytes`);
  }
  if (MAGIC.every((byte, at) => bytes[at] === byte)) checkCompilable(name, bytes);
  try {
    return new wasm.Module(new Uint8Array(bytes));
  } catch (cause) {
    throw new PolicyFault("POLICY_NOT_WASM", `${name}: ${(cause as Error).message}`, { cause });
  }
}
