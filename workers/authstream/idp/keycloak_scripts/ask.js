// Authstream: what both scripts need. Nashorn, so ECMAScript 5 with Java's classes.
var Json = Java.type("org.keycloak.util.JsonSerialization");

// AUTHSTREAM_URL, _SECRET, _TIMEOUT_MS and _ON_FAILURE of Keycloak's environment.
function setting(name, otherwise) {
  var said = Java.type("java.lang.System").getenv("AUTHSTREAM_" + name);
  return said === null ? otherwise : String(said);
}

function parsed(json) {
  return Json.readValue(json, Java.type("java.util.HashMap").class);
}

// A Java text as JavaScript's own, so that JSON.stringify knows it.
function text(value) {
  return value === null || value === undefined ? null : String(value);
}

// The gateway's answer to a question, as a java.util.Map. Throws when there is none.
function ask(session, hook, question) {
  var RequestConfig = Java.type("org.apache.http.client.config.RequestConfig");
  var StringEntity = Java.type("org.apache.http.entity.StringEntity");
  var millis = parseInt(setting("TIMEOUT_MS", "3000"), 10);
  var url = setting("URL", "http://127.0.0.1:8300/hooks/keycloak") + "/" + hook;
  var call = new (Java.type("org.apache.http.client.methods.HttpPost"))(url);
  call.setConfig(RequestConfig.custom().setConnectTimeout(millis).setSocketTimeout(millis)
    .setConnectionRequestTimeout(millis).build());
  call.setHeader("content-type", "application/json");
  call.setHeader("x-api-key", setting("SECRET", ""));
  var span = spanOf(session);
  if (span !== null) call.setHeader("traceparent", span);
  call.setEntity(new StringEntity(JSON.stringify(question), "UTF-8"));
  var clients = Java.type("org.keycloak.connections.httpclient.HttpClientProvider").class;
  var answer = session.getProvider(clients).getHttpClient().execute(call);
  try {
    var status = answer.getStatusLine().getStatusCode();
    var body = Java.type("org.apache.http.util.EntityUtils").toString(answer.getEntity(), "UTF-8");
    if (status !== 200) throw "the gateway answered " + status;
    return parsed(body);
  } finally {
    answer.close();
  }
}

// W3C trace context of the request, null where Keycloak does not trace.
function spanOf(session) {
  try {
    var tracing = session.getProvider(Java.type("org.keycloak.tracing.TracingProvider").class);
    var span = tracing.getCurrentSpan().getSpanContext();
    var said = "00-" + span.getTraceId() + "-" + span.getSpanId() + "-" + span.getTraceFlags();
    return span.isValid() ? said : null;
  } catch (error) {
    return null;
  }
}

// Who logs in, to what and from where.
function question(session, realm, user, client) {
  var context = session.getContext();
  var form = context.getHttpRequest().getDecodedFormParameters();
  return {
    realm: text(realm.getName()),
    client: {id: text(client.getClientId()), name: text(client.getName())},
    grant_type: text(form.getFirst("grant_type")),
    request: {
      ip: text(context.getConnection().getRemoteAddr()),
      user_agent: text(context.getRequestHeaders().getHeaderString("User-Agent")),
    },
    user: {
      id: text(user.getId()),
      username: text(user.getUsername()),
      email: text(user.getEmail()),
      email_verified: user.isEmailVerified(),
      first_name: text(user.getFirstName()),
      last_name: text(user.getLastName()),
      attributes: attributes(user),
      roles: texts(user.getRealmRoleMappingsStream().map(function (role) {
        return role.getName();
      }).toArray()),
    },
  };
}

function texts(values) {
  return Java.from(values).map(text);
}

function attributes(user) {
  var found = {};
  for each (var entry in user.getAttributes().entrySet()) {
    found[text(entry.getKey())] = texts(entry.getValue().toArray());
  }
  return found;
}
