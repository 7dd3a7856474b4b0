// What JavaScript may try against its host: an action, and a program that shows each attack works.
"use strict";

const dgram = require("node:dgram");
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const { Worker } = require("node:worker_threads");

const DEADLINE_MS = 3000;
const ENVIRONMENT = ["PATH", "LANG", "TZ", "RES_OPTIONS"];

/** Resolves when a connection is there and something could be sent. */
function connected(options) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(options, () => socket.end("x", () => resolve(true)));
    socket.on("error", reject);
  });
}

function listening(options) {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(options, () => server.close(() => resolve(true)));
  });
}

function sent(port) {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket("udp4");
    socket.on("error", reject);
    socket.send("x", port, "127.0.0.1", (error) => {
      socket.close();
      if (error) reject(error);
      else resolve(true);
    });
  });
}

/** In a thread of its own, where Node's permissions may not hold. */
function inThread(code, workerData) {
  return new Promise((resolve, reject) => {
    const thread = new Worker(code, { eval: true, workerData });
    thread.on("message", resolve);
    thread.on("error", reject);
  });
}

const READ_IN_THREAD = `
  const { parentPort, workerData } = require("node:worker_threads");
  parentPort.postMessage(require("node:fs").readFileSync(workerData, "utf8").length > 0);
`;

/** By name: true, or what was got. An exception: it is blocked. */
const ATTACKS = {
  "read /etc/passwd": () => fs.readFileSync("/etc/passwd", "utf8").includes("root:"),
  "read a secret file": (g) => fs.readFileSync(g.secret_file, "utf8") === g.secret,
  "list a folder of the host": (g) =>
    fs.readdirSync(path.dirname(g.secret_file)).includes(path.basename(g.secret_file)),
  "stat a secret file": (g) => fs.statSync(g.secret_file).size > 0,
  "write to the host": (g) => fs.writeFileSync(path.join(g.public_folder, "js"), "x") ?? true,
  "write to its own folder": () => fs.writeFileSync(path.join(__dirname, "js"), "x") ?? true,
  "environment of its own": () => Object.keys(process.env).some((n) => !ENVIRONMENT.includes(n)),
  "environment of the worker": (g) => fs.readFileSync(`/proc/${g.parent}/environ`).length > 0,
  "descriptors of the worker": (g) => fs.readdirSync(`/proc/${g.parent}/fd`).length > 0,
  "command line of the worker": (g) => fs.readFileSync(`/proc/${g.parent}/cmdline`).length > 0,
  "connect to the broker": (g) => connected({ host: "127.0.0.1", port: g.tcp_port }),
  "connect AF_UNIX": (g) => connected({ path: g.unix_path }),
  "send UDP": (g) => sent(g.udp_port),
  listen: () => listening({ host: "127.0.0.1", port: 0 }),
  "listen AF_UNIX": (g) => listening({ path: path.join(g.public_folder, "socket") }),
  "kill the worker": (g) => process.kill(g.parent, 0),
  "kill another process": (g) => process.kill(g.victim, "SIGTERM"),
  "execute /bin/sh": () => spawnSync("/bin/sh", ["-c", "exit 7"]).status === 7,
  "read in a thread": (g) => inThread(READ_IN_THREAD, g.secret_file),
  "load native code": () => {
    const library = fs.readdirSync("/usr/lib").length > 0 && process.execPath;
    try {
      process.dlopen({ exports: {} }, library);
    } catch (error) {
      return error.code === "ERR_DLOPEN_FAILED"; // the loader looked at the file
    }
    return true;
  },
  debugger: () => {
    const inspector = require("node:inspector");
    inspector.open(0, "127.0.0.1");
    const opened = inspector.url() !== undefined;
    inspector.close();
    return opened;
  },
  "host name": (g) => os.hostname() === g.host_name,
};

/** The outcome of each: `open`, or `blocked: why`. */
async function tried(ground) {
  const outcomes = {};
  for (const [name, attack] of Object.entries(ATTACKS)) {
    let timer;
    const over = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("no answer")), DEADLINE_MS);
    });
    try {
      const got = await Promise.race([attack(ground), over]);
      outcomes[name] = got ? "open" : "blocked: nothing was got";
    } catch (error) {
      outcomes[name] = `blocked: ${error.code ?? error.message}`;
    }
    clearTimeout(timer);
  }
  return outcomes;
}

exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim("outcomes", await tried(event.ground));
};

if (require.main === module) {
  tried(JSON.parse(fs.readFileSync(0, "utf8"))).then((outcomes) => {
    console.log(JSON.stringify(outcomes));
    process.exit();
  });
}
