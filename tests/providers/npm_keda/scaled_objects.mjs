// What KEDA's own schema says of the ScaledObjects on stdin, a JSON list: one complaint for each, or null.
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";

const complaint = (manifest) => {
  try {
    new ScaledObject(manifest).validate();
    return null;
  } catch (error) {
    return error.message;
  }
};
const manifests = JSON.parse(await new Response(process.stdin).text());
process.stdout.write(JSON.stringify(manifests.map(complaint)));
