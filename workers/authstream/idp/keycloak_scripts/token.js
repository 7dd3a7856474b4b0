// A protocol mapper: sets the claims of each token. The first tokens of a login have those that
// the authenticator was given; later ones, and logins without it, ask once for all their tokens.
var ASKED = "authstream";
// Claims that a token has as members of its own: put beside them they would be there twice.
var OWN = {
  email: "setEmail", name: "setName", given_name: "setGivenName", family_name: "setFamilyName",
  middle_name: "setMiddleName", nickname: "setNickName", preferred_username: "setPreferredUsername",
  profile: "setProfile", picture: "setPicture", website: "setWebsite", gender: "setGender",
  birthdate: "setBirthdate", zoneinfo: "setZoneinfo", locale: "setLocale",
  phone_number: "setPhoneNumber",
};

function claims() {
  var known = keycloakSession.getAttribute(ASKED);
  if (known !== null) return known;
  var note = userSession.getNote(ASKED);
  if (note !== null) {
    userSession.removeNote(ASKED);
    known = parsed(note);
  } else {
    var client = keycloakSession.getContext().getClient();
    var asked = question(keycloakSession, realm, user, client);
    asked.session = text(userSession.getId());
    // Should there be no answer, the next token of this request does not wait for another.
    keycloakSession.setAttribute(ASKED, parsed('{"id_token": {}, "access_token": {}}'));
    known = ask(keycloakSession, "token", asked).get("claims");
  }
  keycloakSession.setAttribute(ASKED, known);
  return known;
}

function set(mine) {
  for each (var entry in mine.entrySet()) {
    var name = text(entry.getKey()), value = entry.getValue();
    if (name in OWN) token[OWN[name]](value === null ? null : text(value));
    else if (value === null) token.getOtherClaims().remove(name);
    else token.getOtherClaims().put(name, value);
  }
}

// Nothing is set when there is no answer: Keycloak logs the error and goes on without these claims.
set(claims().get(text(token.getType()) === "ID" ? "id_token" : "access_token"));
null;
