// JSON text of what an action passes, checked on the way.
"use strict";

const { types } = require("node:util");
const p = require("./primordials.cjs");

// As `contracts/parameter.py`, which the worker checks by.
const JSON_DEPTH = 100;
const JSON_INTEGER_END = 2 ** 63;
// Above it a number's text has an exponent, and readers take it for a fraction.
const EXPONENT_FROM = 1e21;

const { isMap, isSet, isWeakMap, isWeakSet, isPromise, isRegExp, isNativeError } = types;
const { isArrayBufferView, isAnyArrayBuffer, isBoxedPrimitive } = types;
// Their members are not what they hold: `JSON.stringify` makes `{}` of most of them.
const OPAQUE = [
  ["Map", isMap],
  ["Set", isSet],
  ["WeakMap", isWeakMap],
  ["WeakSet", isWeakSet],
  ["Promise", isPromise],
  ["RegExp", isRegExp],
  ["Error", isNativeError],
  ["ArrayBuffer", isAnyArrayBuffer],
  ["typed array", isArrayBufferView],
  ["boxed primitive", isBoxedPrimitive],
];

/** A rule is broken; the text says which, the caller knows whose. */
class Broken extends Error {
  constructor(text, rule) {
    super(text);
    this.rule = rule;
  }
}

/** JSON text of a value, as `JSON.stringify` makes it; what that would lose is refused. */
function write(value, depth = JSON_DEPTH) {
  switch (typeof value) {
    case "string":
      if (!p.isWellFormed(value)) throw new Broken("must be valid Unicode text");
      return p.stringify(value);
    case "number":
      return number(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      return value === null ? "null" : container(value, depth);
    default:
      throw new Broken(`must be a JSON value, not ${typeof value}`);
  }
}

function number(value) {
  if (!p.isFinite(value)) throw new Broken(`must be a finite number: JSON has no ${value}`);
  const size = value < 0 ? -value : value;
  if (p.isInteger(value) && size < EXPONENT_FROM) {
    if (value >= JSON_INTEGER_END || value < -JSON_INTEGER_END) {
      throw new Broken("must be a number of at most 64 bits: use a string");
    }
  }
  return `${value}`;
}

function container(value, depth) {
  if (depth === 0) {
    throw new Broken(`must not be nested deeper than ${JSON_DEPTH} levels`);
  }
  const { toJSON } = value;
  if (typeof toJSON === "function") return write(p.apply(toJSON, value, [""]), depth - 1);
  for (let i = 0; i < OPAQUE.length; i++) {
    const is = OPAQUE[i][1];
    if (is(value)) throw new Broken(`must be a JSON value, not ${OPAQUE[i][0]}`);
  }
  return p.isArray(value) ? array(value, depth) : object(value, depth);
}

function array(value, depth) {
  let text = "";
  for (let i = 0; i < value.length; i++) {
    const item = value[i];
    text += (i ? "," : "") + (item === undefined ? "null" : write(item, depth - 1));
  }
  return `[${text}]`;
}

function object(value, depth) {
  const names = p.keys(value);
  let text = "";
  for (let i = 0; i < names.length; i++) {
    const item = value[names[i]];
    if (item === undefined) continue;
    text += `${text && ","}${write(names[i])}:${write(item, depth - 1)}`;
  }
  return `{${text}}`;
}

/** The JSON type of a JSON text. */
function kind(text) {
  switch (text[0]) {
    case '"':
      return "string";
    case "{":
      return "object";
    case "[":
      return "array";
    case "t":
    case "f":
      return "boolean";
    case "n":
      return "null";
    default:
      return "number";
  }
}

module.exports = { Broken, write, kind };
