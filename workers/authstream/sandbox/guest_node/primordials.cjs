// The language's own functions as they were before the action's code ran.
//
// An action may change any prototype, by mistake or by a library it loads. What runs per event here
// calls these, and neither iterates (no spread, no `for…of`) nor looks members up by inheritance.
"use strict";

const { apply } = Reflect;

/** A method as a function whose first argument is what it is called on. */
const uncurry = (method) => (self, ...rest) => apply(method, self, rest);

const SafePromise = Promise;
const toText = uncurry(Buffer.prototype.toString);

function join(list, separator) {
  let text = "";
  for (let i = 0; i < list.length; i++) text += (i ? separator : "") + list[i];
  return text;
}

module.exports = {
  apply,
  join,
  uncurry,
  defineProperty: Object.defineProperty,
  dateNow: Date.now,
  hasOwn: Object.hasOwn,
  isArray: Array.isArray,
  isFinite: Number.isFinite,
  isInteger: Number.isInteger,
  isWellFormed: uncurry(String.prototype.isWellFormed),
  keys: Object.keys,
  create: Object.create,
  freeze: Object.freeze,
  parse: JSON.parse,
  stringify: JSON.stringify,
  then: uncurry(Promise.prototype.then),
  promise: (body) => new SafePromise(body),
  reject: (error) => new SafePromise((_, no) => no(error)),
  exec: uncurry(RegExp.prototype.exec),
  split: uncurry(String.prototype.split),
  slice: uncurry(String.prototype.slice),
  codeAt: uncurry(String.prototype.charCodeAt),
  indexOf: uncurry(String.prototype.indexOf),
  startsWith: uncurry(String.prototype.startsWith),
  trim: uncurry(String.prototype.trim),
  toWellFormed: uncurry(String.prototype.toWellFormed),
  mapGet: uncurry(Map.prototype.get),
  mapSet: uncurry(Map.prototype.set),
  mapDelete: uncurry(Map.prototype.delete),
  byteLength: Buffer.byteLength,
  bufferFrom: Buffer.from,
  toText: (buffer, encoding) => toText(buffer, encoding),
  allocUnsafe: Buffer.allocUnsafe,
  concat: Buffer.concat,
  subarray: uncurry(Buffer.prototype.subarray),
  utf8Slice: uncurry(Buffer.prototype.utf8Slice),
  utf8Write: uncurry(Buffer.prototype.utf8Write),
  readUInt8: uncurry(Buffer.prototype.readUInt8),
  readUInt32BE: uncurry(Buffer.prototype.readUInt32BE),
  writeUInt8: uncurry(Buffer.prototype.writeUInt8),
  writeUInt32BE: uncurry(Buffer.prototype.writeUInt32BE),
  setImmediate: globalThis.setImmediate,
};
