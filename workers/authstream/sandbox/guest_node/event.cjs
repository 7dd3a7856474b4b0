// Members of an event, as plain JSON has them, whatever an action did to prototypes.
"use strict";

const p = require("./primordials.cjs");

/** Define an ordinary member, whatever setters its prototypes have. */
function put(target, name, value) {
  const member = p.create(null);
  member.value = value;
  member.writable = member.enumerable = member.configurable = true;
  p.defineProperty(target, name, member);
}

/** A member of an object, or undefined: of anything else, or by inheritance. */
function get(target, name) {
  return isObject(target) && p.hasOwn(target, name) ? target[name] : undefined;
}

function isObject(value) {
  return typeof value === "object" && value !== null && !p.isArray(value);
}

module.exports = { get, isObject, put };
