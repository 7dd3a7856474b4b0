// The event as an action sees it: plain JSON, with secrets, configuration and earlier commands.
"use strict";

const p = require("./primordials.cjs");

/** Define an ordinary member, whatever setters its prototypes have. */
function put(target, name, value) {
  const member = p.create(null);
  member.value = value;
  member.writable = member.enumerable = member.configurable = true;
  p.defineProperty(target, name, member);
}

/** The object at a dotted path of the event, made where there is none. */
function reach(event, path) {
  const names = p.split(path, ".");
  let target = event;
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    const there = p.hasOwn(target, name) ? target[name] : null;
    if (typeof there !== "object" || there === null || p.isArray(there)) put(target, name, {});
    target = target[name];
  }
  return target;
}

/** Make earlier commands visible: `["set", path, key, value]`, `["unset", path, key]`. */
function apply(event, operations) {
  for (let i = 0; i < operations.length; i++) {
    const operation = operations[i];
    const target = reach(event, operation[1]);
    if (operation[0] === "set") put(target, operation[2], operation[3]);
    else delete target[operation[2]];
  }
}

module.exports = { apply, put, reach };
