// Runs the command that follows with the address of a fresh server in NATS_URL; with REAL set, of a real nats-server.
import { spawn } from "node:child_process";
import { startServer } from "./process.mjs";

const [program, ...words] = process.argv.slice(2);
const server = await startServer({ config: "jetstream: {}", real: Boolean(process.env.REAL) });
const child = spawn(program, words, { stdio: "inherit", env: { ...process.env, NATS_URL: server.url } });
const code = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
await server.stop();
process.exitCode = code ?? 1;
