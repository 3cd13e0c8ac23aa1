// What is behind `tepui plugin new`, `test`, `bench` and `pack`; loaded when one of them is called.

export { benchPolicy } from "./bench.ts";
export { buildProject } from "./build-project.ts";
export { conformPlugin } from "./conform.ts";
export { newProject } from "./new-project.ts";
export { packPlugin } from "./pack.ts";
