import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.core.util.BinaryData;
import com.azure.core.util.serializer.JacksonAdapter;
import com.azure.core.util.serializer.SerializerEncoding;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.identity.ManagedIdentityCredentialBuilder;
import com.azure.storage.blob.BlobClient;
import com.azure.storage.blob.BlobClientBuilder;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Microsoft's libraries for Java as anybody would use them: nothing about credentials or endpoints is said here.
 *
 * <p>managed AUDIENCE [CLIENT-ID] | default AUDIENCE | put ACCOUNT-URL CONTAINER BLOB | get ACCOUNT-URL CONTAINER BLOB |
 * loop ACCOUNT-URL CONTAINER BLOB SECONDS
 *
 * <p>One JSON line on stdout; exit 0, 1 for a failure.
 */
public final class Client {
  private static final long PAUSE_MS = 250;

  private Client() {}

  private static TokenCredential found() {
    return new DefaultAzureCredentialBuilder().build();
  }

  private static TokenCredential managed(String... args) {
    var builder = new ManagedIdentityCredentialBuilder();
    return args.length > 2 ? builder.clientId(args[2]).build() : builder.build();
  }

  private static Map<String, Object> token(TokenCredential credential, String audience) {
    var got = credential.getTokenSync(new TokenRequestContext().addScopes(audience + "/.default"));
    return Map.of("token", got.getToken(), "expiresAt", got.getExpiresAt().toInstant().toEpochMilli());
  }

  private static BlobClient blob(TokenCredential credential, String... args) {
    return new BlobClientBuilder()
        .endpoint(args[1])
        .containerName(args[2])
        .blobName(args[3])
        .credential(credential)
        .buildClient();
  }

  private static Map<String, Object> put(String... args) {
    blob(found(), args).upload(BinaryData.fromString("put by java"), true);
    return Map.of("put", args[3]);
  }

  private static Map<String, Object> loop(String... args) throws InterruptedException {
    Set<String> tokens = new LinkedHashSet<>();
    TokenCredential credential = found();
    // Notes the tokens that the storage client is given.
    BlobClient client =
        blob(asked -> credential.getToken(asked).doOnNext(got -> tokens.add(got.getToken())), args);
    int reads = 0;
    int errors = 0;
    String firstError = null;
    long until = System.nanoTime() + (long) (Double.parseDouble(args[4]) * 1e9);
    while (System.nanoTime() - until < 0) {
      try {
        client.downloadContent();
        reads++;
      } catch (RuntimeException error) {
        errors++;
        firstError = firstError == null ? String.valueOf(error.getMessage()) : firstError;
      }
      Thread.sleep(PAUSE_MS);
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("reads", reads);
    result.put("errors", errors);
    result.put("tokens", tokens.size());
    result.put("firstError", firstError);
    return result;
  }

  private static Map<String, Object> run(String... args) throws InterruptedException {
    return switch (args[0]) {
      case "managed" -> token(managed(args), args[1]);
      case "default" -> token(found(), args[1]);
      case "get" -> Map.of("body", blob(found(), args).downloadContent().toString());
      case "put" -> put(args);
      case "loop" -> loop(args);
      default -> throw new IllegalArgumentException("unknown verb " + args[0]);
    };
  }

  /** All of it: the outer error says only that there is an inner one. */
  private static String message(Throwable error) {
    String own = String.valueOf(error.getMessage());
    return error.getCause() == null ? own : own + ": " + message(error.getCause());
  }

  private static void print(Map<String, Object> line) throws IOException {
    var adapter = JacksonAdapter.createDefaultSerializerAdapter();
    System.out.println(adapter.serialize(line, SerializerEncoding.JSON));
  }

  public static void main(String[] args) throws InterruptedException, IOException {
    int status = 0;
    try {
      print(run(args));
    } catch (RuntimeException error) {
      print(Map.of("name", error.getClass().getSimpleName(), "message", message(error)));
      status = 1;
    }
    System.exit(status);
  }
}
