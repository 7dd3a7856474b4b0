const namespace = "https://shop.example.com/";

const claim = (name) => `${namespace}${name}`;
const pick = (source, names) =>
  Object.fromEntries(names.filter((name) => source[name] !== undefined).map((name) => [name, source[name]]));

module.exports = { claim, pick };
