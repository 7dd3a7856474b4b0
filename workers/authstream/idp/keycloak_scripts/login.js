// An authenticator: put it after the password, REQUIRED, in the browser and direct grant flows.
// It asks whether the user is let in, and keeps the claims of the same answer for the tokens.
var FAILED = Java.type("org.keycloak.authentication.AuthenticationFlowError").ACCESS_DENIED;
var Response = Java.type("jakarta.ws.rs.core.Response");

function authenticate(context) {
  var login = context.getAuthenticationSession();
  var asked = question(context.getSession(), context.getRealm(), context.getUser(), login.getClient());
  asked.session = text(login.getParentSession().getId());
  var answer;
  try {
    answer = ask(context.getSession(), "login", asked);
  } catch (error) {
    LOG.error("Authstream cannot be asked: " + error);
    if (setting("ON_FAILURE", "deny") === "allow") context.success();
    else refuse(context, "This sign-in cannot be checked right now. Please try again later.");
    return;
  }
  if (answer.get("allowed") === true) {
    login.setUserSessionNote("authstream", Json.writeValueAsString(answer.get("claims")));
    context.success();
  } else {
    refuse(context, text(answer.get("message")));
  }
}

// A page in the browser; OAuth's JSON where a client asked for a token by password.
function refuse(context, message) {
  context.getEvent().user(context.getUser()).error("access_denied");
  var sent = context.getHttpRequest().getDecodedFormParameters();
  if (text(sent.getFirst("grant_type")) === "password") {
    var said = JSON.stringify({error: "access_denied", error_description: message});
    context.failure(FAILED, Response.status(403).type("application/json").entity(said).build());
  } else {
    var form = context.form().setError(message, Java.to([], "java.lang.Object[]"));
    context.failure(FAILED, form.createErrorPage(Response.Status.FORBIDDEN));
  }
}
