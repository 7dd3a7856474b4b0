// `api.redirect`: signed tokens to and from the page that a browser is sent to.
"use strict";

const { createHmac, timingSafeEqual } = require("node:crypto");
const p = require("./primordials.cjs");
const { ApiError, includes } = require("./check.cjs");
const { get, isObject, put } = require("./event.cjs");

// Seconds that a token lives (Auth0).
const LIFETIME = 900;
const PARAMETER = "session_token";
// Nobody is there to follow a redirect in these.
const NOT_INTERACTIVE = [
  "oauth2-resource-owner",
  "oauth2-refresh-token",
  "oauth2-password",
  "oauth2-webauthn",
];
const ALGORITHM = "HS256";
const HEADER = encode(JSON.stringify({ alg: ALGORITHM, typ: "JWT" }));
const JWT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

const Hmac = createHmac("sha256", "").constructor;
const update = p.uncurry(Hmac.prototype.update);
const digest = p.uncurry(Hmac.prototype.digest);

/** The methods of `api.redirect` that the guest answers by itself. */
class Redirect {
  #event;
  #interactive;

  constructor(event, interactive) {
    this.#event = event;
    this.#interactive = interactive;
  }

  /** A JWT, signed with HS256, for this user. */
  encodeToken(options) {
    const request = get(this.#event, "request");
    const now = (p.dateNow() - (p.dateNow() % 1000)) / 1000;
    const claims = {};
    put(claims, "iat", now);
    put(claims, "iss", get(request, "hostname") ?? undefined);
    put(claims, "sub", get(get(this.#event, "user"), "user_id") ?? undefined);
    put(claims, "exp", now + (get(options, "expiresInSeconds") ?? LIFETIME));
    put(claims, "ip", get(request, "ip") ?? undefined);
    const names = p.keys(options.payload);
    for (let i = 0; i < names.length; i++) put(claims, names[i], options.payload[names[i]]);
    const body = `${HEADER}.${encode(p.stringify(claims))}`;
    return `${body}.${signature(body, options.secret)}`;
  }

  /** The payload of the token that the page sent back; throws `ApiError`. */
  validateToken(options) {
    const request = get(this.#event, "request");
    const name = get(options, "tokenParameterName") ?? PARAMETER;
    const query = get(request, "query");
    const body = get(request, "body");
    const sent = (key) => get(body, key) === undefined ? get(query, key) : get(body, key);
    if (!sent(name)) {
      throw new ApiError(
        `There is no parameter called '${name}' available in either the POST body or query string.`,
      );
    }
    const claims = verified(sent(name), options.secret);
    this.#check(claims, sent("state"));
    return claims;
  }

  /** Whether someone is there to follow a redirect. */
  canRedirect() {
    if (!this.#interactive) return false;
    const query = get(get(this.#event, "request"), "query");
    const transaction = get(this.#event, "transaction");
    const silent = get(query, "prompt") === "none" || includes(get(transaction, "prompt") ?? [], "none");
    return !silent && !includes(NOT_INTERACTIVE, get(transaction, "protocol"));
  }

  #check(claims, state) {
    const expiry = get(claims, "exp") ?? null;
    if (expiry !== null && !(typeof expiry === "number" && expiry > p.dateNow() / 1000)) {
      throw invalid("jwt expired");
    }
    if ((get(claims, "state") ?? null) !== (state ?? null)) {
      throw invalid("the state in the token is not the state of this request");
    }
    const user = get(get(this.#event, "user"), "user_id");
    const host = get(get(this.#event, "request"), "hostname");
    for (let i = 0; i < 2; i++) {
      const name = i ? "iss" : "sub";
      if (p.hasOwn(claims, name) && claims[name] !== (i ? host : user)) {
        throw invalid(`its ${name} is another one`);
      }
    }
  }
}

function invalid(reason) {
  return new ApiError(`The session token is invalid: ${reason}`);
}

/** The claims of a token that the secret signed; throws `ApiError`. */
function verified(token, secret) {
  const parts = typeof token === "string" ? p.exec(JWT, token) : null;
  if (!parts) throw invalid("jwt malformed");
  if (get(decoded(parts[1]), "alg") !== ALGORITHM) throw invalid("invalid algorithm");
  const expected = p.bufferFrom(signature(`${parts[1]}.${parts[2]}`, secret));
  const given = p.bufferFrom(parts[3]);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw invalid("invalid signature");
  }
  return decoded(parts[2]);
}

function decoded(part) {
  let content;
  try {
    content = p.parse(p.toText(p.bufferFrom(part, "base64url")));
  } catch {
    throw invalid("jwt malformed");
  }
  if (!isObject(content)) throw invalid("jwt malformed");
  return content;
}

function signature(body, secret) {
  return digest(update(createHmac("sha256", secret), body), "base64url");
}

function encode(text) {
  return p.toText(p.bufferFrom(text), "base64url");
}

module.exports = { Redirect };
