// The suite in a page: `run(name)` runs one case on a simulator of its own, and says how it went.
import { Simulator } from "jetstream-sim";
import { wsconnect } from "@nats-io/nats-core";
import { cases } from "./suite.mjs";

globalThis.run = async (name) => {
  const simulator = await Simulator.create();
  simulator.play();
  const nc = await wsconnect({ servers: "ws://sim", wsFactory: simulator.webSocketFactory() });
  try {
    await cases[name](nc);
    return "passed";
  } catch (error) {
    return String(error.stack ?? error);
  } finally {
    await nc.close();
    simulator.dispose();
  }
};
