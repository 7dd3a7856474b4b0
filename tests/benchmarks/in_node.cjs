// Calls an action's handler in this process, as often as asked; prints microseconds of a call.
"use strict";

const fs = require("node:fs");
const { performance } = require("node:perf_hooks");

const [file, count, inFlight] = process.argv.slice(2);
const { onExecutePostLogin } = require(file);
const event = fs.readFileSync(0, "utf8");

/** Records calls of any method, checks nothing. */
function api(commands, path) {
  return new Proxy(() => {}, {
    get: (_, name) => api(commands, `${path}.${name}`),
    apply: (_, __, args) => commands.push([path, ...args]),
  });
}

async function call() {
  const commands = [];
  await onExecutePostLogin(JSON.parse(event), api(commands, ""));
  if (commands.length !== 3) throw new Error(`${commands.length} commands`);
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
