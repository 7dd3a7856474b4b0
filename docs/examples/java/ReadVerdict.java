import java.io.File;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;

/**
 * Reads a verdict as it is on auth.&lt;trigger&gt;.decided.v1: Avro in single-object encoding.
 *
 * <pre>
 * mvn -q dependency:copy-dependencies -DoutputDirectory=jars
 * java -cp 'jars/*' ReadVerdict.java ../../../schemas/verdict.avsc &lt; record
 * </pre>
 *
 * The record's value is C3 01, the schema's CRC-64-AVRO fingerprint (little-endian), and the body.
 * The decoder finds the writer's schema by the fingerprint: add every schema that may occur.
 */
public final class ReadVerdict {
  public static void main(String[] arguments) throws Exception {
    Schema schema = new Schema.Parser().parse(new File(arguments[0]));
    BinaryMessageDecoder<GenericRecord> decoder =
        new BinaryMessageDecoder<>(GenericData.get(), schema);
    GenericRecord verdict = decoder.decode(System.in.readAllBytes());
    Object claims = ((GenericRecord) verdict.get("claims")).get("id_token"); // JSON text
    for (Map.Entry<String, Object> said :
        Map.of("flow_id", verdict.get("flow_id"), "outcome", verdict.get("outcome")).entrySet()) {
      System.out.println(said.getKey() + "=" + said.getValue());
    }
    System.out.println("claims=" + claims);
  }
}
