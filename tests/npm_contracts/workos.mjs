// WorkOS's own library: does it take our signed calls and answers, and what does it sign itself?
import { WorkOS } from "@workos-inc/node";

const { secret, calls, answers } = JSON.parse(await new Response(process.stdin).text());
const { actions } = new WorkOS("sk_test");
for (const { body, header } of calls) {
  await actions.verifyHeader({ payload: JSON.parse(body), sigHeader: header, secret });
}
for (const { payload, signature } of answers) {
  const sigHeader = `t=${payload.timestamp}, v1=${signature}`;
  await actions.verifyHeader({ payload, sigHeader, secret });
}
const said = { type: "authentication", verdict: "Deny", errorMessage: "Blocked by policy" };
process.stdout.write(JSON.stringify(await actions.signResponse(said, secret)));
