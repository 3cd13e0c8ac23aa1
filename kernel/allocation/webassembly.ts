/** A compiled module. */
export type WasmModule = { readonly compiled?: never };

/** A linear memory. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** An exported global. */
export interface WasmGlobal {
  readonly value: unknown;
}

interface ExportOrImport {
  readonly name: string;
  readonly kind: string;
}

/** The part of the WebAssembly API that the policy host uses. */
interface WasmApi {
  readonly Module: {
    new (bytes: Uint8Array): WasmModule;
    exports(module: WasmModule): ExportOrImport[];
    imports(module: WasmModule): (ExportOrImport & { readonly module: string })[];
  };
  readonly Instance: new (
    module: WasmModule,
    imports: object,
  ) => { readonly exports: Record<string, unknown> };
}

/**
 * Node has WebAssembly, but the type libraries that declare it are the browser's, which would bring
 * the whole DOM with them; so its part is declared here.
 */
export const wasm = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly;
