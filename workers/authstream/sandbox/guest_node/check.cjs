// The table's rules for the arguments of a call, checked where the action makes it.
"use strict";

const p = require("./primordials.cjs");
const { Broken, kind, write } = require("./json.cjs");

const SAFE_INTEGER = 2 ** 53 - 1;

/** A call on `api` that is not legal, thrown where it is made. */
class ApiError extends Error {}
p.defineProperty(ApiError.prototype, "name", { value: "ApiError", writable: true });

/** Check one argument; `where` is the method. Returns the argument's JSON text, as recorded. */
function check(rule, value, where) {
  try {
    if (value === undefined) refuseType(rule, "undefined", "absent");
    const text = write(rule.changes ? normal(rule, value) : value);
    const type = kind(text);
    if (rule.types && !includes(rule.types, type)) {
      refuseType(rule, type, type === "null" ? "absent" : "types");
    }
    if (rule.limited) checkLimits(rule, type, text, where);
    if (rule.max_bytes !== undefined) checkSize(rule.max_bytes, type, text);
    return text;
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    for (let i = 0; rule.says && i < rule.says.length; i++) {
      const said = rule.says[i];
      if (said.rule === error.rule || (said.rule === "types" && error.rule === "absent")) {
        throw new ApiError(said.message);
      }
    }
    throw new ApiError(`${where}: ${rule.name} ${error.message}`);
  }
}

function refuseType(rule, type, broken) {
  const types = p.join(rule.types, " or ");
  throw new Broken(`must be of type ${types}, not ${type}${hint(rule)}`, broken);
}

function hint(rule) {
  return rule.hint ? `: ${rule.hint}` : "";
}

/** The value trimmed, and without repetitions, where the table says so. */
function normal(rule, value) {
  if (rule.trimmed && typeof value === "string") return p.trim(value);
  if (!rule.items || !p.isArray(value)) return value;
  const kept = [];
  for (let i = 0; i < value.length; i++) {
    const item = normal(rule.items, value[i]);
    const seen = rule.distinct && typeof item === "string" && includes(kept, item);
    if (!seen) p.defineProperty(kept, kept.length, member(item));
  }
  return kept;
}

function member(value) {
  const made = p.create(null);
  made.value = value;
  made.writable = made.enumerable = made.configurable = true;
  return made;
}

function checkLimits(rule, type, text, where) {
  if (type === "string") checkText(rule, p.parse(text));
  if (type === "number") checkNumber(rule, p.parse(text));
  if (type === "array") checkItems(rule, p.parse(text), where);
  if (type === "object") checkObject(rule, p.parse(text), where);
}

function checkText(rule, value) {
  for (let i = 0; rule.forbidden && i < rule.forbidden.length; i++) {
    if (value === rule.forbidden[i].value) throw new ApiError(rule.forbidden[i].message);
  }
  if (rule.enum && !includes(rule.enum, value)) {
    throw new Broken(`must be one of ${p.join(rule.enum, ", ")}`, "enum");
  }
  if (rule.min_length !== undefined && characters(value) < rule.min_length) {
    throw new Broken(`must have at least ${rule.min_length} characters`, "min_length");
  }
  if (rule.max_length !== undefined && characters(value) > rule.max_length) {
    throw new Broken(`must not exceed ${rule.max_length} characters`, "max_length");
  }
  if (rule.pattern !== undefined && !p.exec(rule.expression, value)) {
    throw new Broken(`must match ${rule.pattern}`, "pattern");
  }
}

function checkNumber(rule, value) {
  if (rule.integer && !p.isInteger(value)) throw new Broken("must be a whole number", "integer");
  if (rule.safe && (value > SAFE_INTEGER || value < -SAFE_INTEGER)) {
    throw new Broken(`must be a safe number: at most ${SAFE_INTEGER}`, "maximum");
  }
  if (rule.minimum !== undefined && value < rule.minimum) {
    throw new Broken(`must be at least ${rule.minimum}`, "minimum");
  }
  if (rule.maximum !== undefined && value > rule.maximum) {
    throw new Broken(`must be at most ${rule.maximum}`, "maximum");
  }
}

function checkItems(rule, value, where) {
  if (rule.min_items !== undefined && value.length < rule.min_items) {
    throw new Broken(`must have at least ${rule.min_items} items`, "min_items");
  }
  for (let i = 0; rule.items && i < value.length; i++) {
    check(rule.items, value[i], `${where}: ${rule.name}`);
  }
  if (rule.max_items !== undefined && value.length > rule.max_items) {
    throw new Broken(`must not have more than ${rule.max_items} items`, "max_items");
  }
}

function checkObject(rule, value, where) {
  const within = `${where}: ${rule.name}`;
  const members = rule.members ?? [];
  const names = p.keys(value);
  const others = [];
  for (let i = 0; i < names.length; i++) {
    let known = false;
    for (let j = 0; j < members.length; j++) known ||= members[j].name === names[i];
    if (!known) p.defineProperty(others, others.length, member(names[i]));
  }
  if (rule.entries) {
    checkCount(rule.entries, rule.entries.counts_all ? names.length : others.length);
    checkEntries(rule.entries, others, value, within);
  } else if (members.length && others.length) {
    throw new Broken(`has no member ${others[0]}`, "members");
  }
  for (let i = 0; i < members.length; i++) {
    const { name, optional } = members[i];
    if (p.hasOwn(value, name)) check(members[i], value[name], within);
    else if (!optional) throw new Broken(`needs the member ${name}${hint(members[i])}`, "members");
  }
}

function checkCount(entries, count) {
  if (entries.at_most !== undefined && count > entries.at_most) {
    throw new Broken(`must not have more than ${entries.at_most} members`, "entries");
  }
}

function checkEntries(entries, names, value, within) {
  for (let i = 0; i < names.length; i++) {
    if (entries.name) check(entries.name, names[i], within);
    if (entries.value) check(entries.value, value[names[i]], `${within}.${names[i]}`);
  }
}

function checkSize(limit, type, text) {
  const bytes = p.byteLength(type === "string" ? p.parse(text) : text);
  if (bytes > limit) throw new Broken(`must not exceed ${limit} bytes`, "max_bytes");
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

const PLAIN = ["name", "types", "optional", "default", "says", "suggests", "hint"];

/** Make once, before the action runs, what the rules need. */
function prepare(rules) {
  for (const rule of rules) {
    rule.limited = Object.keys(rule).some((name) => !PLAIN.includes(name));
    rule.changes = Boolean(rule.trimmed || rule.items);
    if (rule.pattern !== undefined) rule.expression = new RegExp(`^(?:${rule.pattern})$`, "u");
    prepare(rule.members ?? []);
    prepare([rule.items, rule.entries?.name, rule.entries?.value].filter(Boolean));
  }
}

module.exports = { ApiError, check, includes, prepare };
