// Entry for Node: reads the WebAssembly beside this file, once, when the first simulator is made.
import { readFileSync } from "node:fs";
import { initSync } from "./core.js";
import { setLoader } from "./simulator.js";

setLoader(async () => initSync({ module: readFileSync(new URL("./core_bg.wasm", import.meta.url)) }));

export { JetStreamError, Simulator } from "./simulator.js";
