import fc from "fast-check";

// What lands a change has to answer the same when it is asked twice, so CI runs every property with
// the same seed. Elsewhere each run tries others; TEPUI_SEED repeats one.
const given = process.env["TEPUI_SEED"] ?? (process.env["TEPUI_CI"] === "1" ? "20261123" : "");
if (given !== "") fc.configureGlobal({ seed: Number(given) });
