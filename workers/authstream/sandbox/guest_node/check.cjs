// The table's rules for the arguments of a call, checked where the action makes it.
"use strict";

const p = require("./primordials.cjs");
const { Broken, kind, write } = require("./json.cjs");

/** A call on `api` that is not legal, thrown where it is made. */
class ApiError extends Error {}
p.defineProperty(ApiError.prototype, "name", { value: "ApiError", writable: true });

/** Check one argument; `where` is the method. Returns the argument's JSON text. */
function check(rule, value, where) {
  try {
    const text = write(value);
    const type = kind(text);
    if (rule.types && !includes(rule.types, type)) {
      throw new Broken(`must be of type ${p.join(rule.types, " or ")}, not ${type}`);
    }
    if (rule.limited) checkLimits(rule, type, text, where);
    if (rule.max_bytes !== undefined) checkSize(rule.max_bytes, type, text);
    return text;
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    throw new ApiError(`${where}: ${rule.name} ${error.message}`);
  }
}

function checkLimits(rule, type, text, where) {
  if (type === "string") checkText(rule, p.parse(text));
  if (type === "number") checkNumber(rule, p.parse(text));
  if (type === "object" && rule.members) checkMembers(rule, p.parse(text), where);
}

function checkText(rule, value) {
  for (let i = 0; rule.forbidden && i < rule.forbidden.length; i++) {
    if (value === rule.forbidden[i].value) throw new ApiError(rule.forbidden[i].message);
  }
  if (rule.enum && !includes(rule.enum, value)) {
    throw new Broken(`must be one of ${p.join(rule.enum, ", ")}`);
  }
  if (rule.min_length !== undefined && characters(value) < rule.min_length) {
    throw new Broken(`must have at least ${rule.min_length} characters`);
  }
  if (rule.max_length !== undefined && characters(value) > rule.max_length) {
    throw new Broken(`must not exceed ${rule.max_length} characters`);
  }
  if (rule.pattern !== undefined && !p.exec(rule.expression, value)) {
    throw new Broken(`must match ${rule.pattern}`);
  }
}

function checkNumber(rule, value) {
  const largest = 2 ** 53 - 1;
  if (rule.safe && (value > largest || value < -largest)) {
    throw new Broken(`must be a safe number: at most ${largest}`);
  }
  if (rule.minimum !== undefined && value < rule.minimum) {
    throw new Broken(`must be at least ${rule.minimum}`);
  }
  if (rule.maximum !== undefined && value > rule.maximum) {
    throw new Broken(`must be at most ${rule.maximum}`);
  }
}

function checkMembers(rule, value, where) {
  const names = p.keys(value);
  for (let i = 0; i < names.length; i++) {
    let known = false;
    for (let j = 0; j < rule.members.length; j++) known ||= rule.members[j].name === names[i];
    if (!known) throw new Broken(`has no member ${names[i]}`);
  }
  for (let i = 0; i < rule.members.length; i++) {
    const member = rule.members[i];
    if (p.hasOwn(value, member.name)) check(member, value[member.name], `${where}: ${rule.name}`);
    else if (!member.optional) throw new Broken(`needs the member ${member.name}`);
  }
}

function checkSize(limit, type, text) {
  const bytes = p.byteLength(type === "string" ? p.parse(text) : text);
  if (bytes > limit) throw new Broken(`must not exceed ${limit} bytes`);
}

/** Code points, as Python counts. */
function characters(text) {
  let count = 0;
  for (let i = 0; i < text.length; i++, count++) {
    const unit = p.codeAt(text, i);
    if (unit >= 0xd800 && unit < 0xdc00) i++;
  }
  return count;
}

function includes(list, value) {
  for (let i = 0; i < list.length; i++) if (list[i] === value) return true;
  return false;
}

/** Make once, before the action runs, what the rules need. */
function prepare(rules) {
  for (const rule of rules) {
    rule.limited = Object.keys(rule).some((name) => !["name", "types", "optional"].includes(name));
    if (rule.pattern !== undefined) rule.expression = new RegExp(`^(?:${rule.pattern})$`, "u");
    if (rule.members) prepare(rule.members);
  }
}

module.exports = { ApiError, check, prepare };
