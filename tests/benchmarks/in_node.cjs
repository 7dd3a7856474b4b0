// Calls an action's handler in this process, as often as asked; prints microseconds of a call.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { performance } = require("node:perf_hooks");

const [guest, file, count, inFlight] = process.argv.slice(2);
const { Action } = require(path.join(guest, "action.cjs"));
const { Recorder, build } = require(path.join(guest, "api.cjs"));
const { Cache } = require(path.join(guest, "cache.cjs"));
const COMMANDS_BYTES = 256 * 1024;

const { api, event } = JSON.parse(fs.readFileSync(0, "utf8"));
const handler = new Action(file, null).handler("onExecutePostLogin");
const make = build(JSON.parse(api));
const cache = new Cache();

async function call() {
  const members = JSON.parse(event);
  const recorder = new Recorder(members, cache, COMMANDS_BYTES);
  await handler(members, make(recorder));
  if (!recorder.commands) throw new Error("no commands");
}

async function drive(calls) {
  for (let done = 0; done < calls; done += Number(inFlight)) {
    await Promise.all(Array.from({ length: Number(inFlight) }, call));
  }
}

(async () => {
  await drive(count / 4);
  const began = performance.now();
  await drive(count);
  console.log(((performance.now() - began) * 1000) / count);
})();
