import com.google.api.client.http.ByteArrayContent;
import com.google.api.client.http.GenericUrl;
import com.google.api.client.http.HttpContent;
import com.google.api.client.http.HttpRequestFactory;
import com.google.api.client.http.HttpResponseException;
import com.google.api.client.http.javanet.NetHttpTransport;
import com.google.api.client.json.GenericJson;
import com.google.api.client.json.JsonObjectParser;
import com.google.api.client.json.gson.GsonFactory;
import com.google.api.client.util.Data;
import com.google.auth.ServiceAccountSigner;
import com.google.auth.http.HttpCredentialsAdapter;
import com.google.auth.oauth2.ComputeEngineCredentials;
import com.google.auth.oauth2.GoogleCredentials;
import com.google.auth.oauth2.IdTokenCredentials;
import com.google.auth.oauth2.IdTokenProvider;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Google's library for Java as anybody would use it: nothing about credentials, projects or endpoints is said here.
 *
 * <p>who | token | identity AUDIENCE | ls BUCKET [PREFIX] | get BUCKET KEY | put BUCKET KEY | loop-get BUCKET KEY SECONDS
 *
 * <p>One JSON line on stdout; exit 0, 3 when access was denied, 1 for everything else.
 */
public final class Client {
  private static final String SCOPE = "https://www.googleapis.com/auth/cloud-platform";
  private static final Duration PAUSE = Duration.ofMillis(250);
  private static final GsonFactory JSON = GsonFactory.getDefaultInstance();

  private Client() {}

  private static GoogleCredentials credentials() throws IOException {
    return GoogleCredentials.getApplicationDefault().createScoped(SCOPE);
  }

  /** The storage's JSON API, asked with the library's own HTTP client. */
  private static HttpRequestFactory http(GoogleCredentials credentials) {
    return new NetHttpTransport().createRequestFactory(new HttpCredentialsAdapter(credentials));
  }

  private static GenericUrl objects(String... parts) {
    GenericUrl url = new GenericUrl("https://storage.googleapis.com");
    url.setPathParts(Arrays.asList(parts));
    return url;
  }

  private static Map<String, Object> who() throws IOException {
    GoogleCredentials found = credentials();
    String email = ((ServiceAccountSigner) found).getAccount();
    return Map.of("email", email, "project", found.getProjectId());
  }

  private static Map<String, Object> token() throws IOException {
    var found = credentials().refreshAccessToken();
    long left = Math.round((found.getExpirationTime().getTime() - System.currentTimeMillis()) / 1000.0);
    return Map.of("token", found.getTokenValue(), "expiresIn", left);
  }

  private static Map<String, Object> identity(String audience) throws IOException {
    var options = List.of(IdTokenProvider.Option.FORMAT_FULL, IdTokenProvider.Option.LICENSES_TRUE);
    var found = IdTokenCredentials.newBuilder()
        .setIdTokenProvider((ComputeEngineCredentials) GoogleCredentials.getApplicationDefault())
        .setTargetAudience(audience)
        .setOptions(options)
        .build();
    return Map.of("token", found.refreshAccessToken().getTokenValue());
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> list(String bucket, String prefix) throws IOException {
    GenericUrl url = objects("", "storage", "v1", "b", bucket, "o");
    if (!prefix.isEmpty()) url.put("prefix", prefix);
    var answer = http(credentials()).buildGetRequest(url).setParser(new JsonObjectParser(JSON)).execute();
    var items = (List<Map<String, Object>>) answer.parseAs(GenericJson.class).getOrDefault("items", List.of());
    return Map.of("keys", items.stream().map(item -> item.get("name")).toList());
  }

  private static String read(HttpRequestFactory http, String bucket, String key) throws IOException {
    GenericUrl url = objects("", "storage", "v1", "b", bucket, "o", key);
    url.put("alt", "media");
    return http.buildGetRequest(url).execute().parseAsString();
  }

  private static Map<String, Object> write(String bucket, String key) throws IOException {
    GenericUrl url = objects("", "upload", "storage", "v1", "b", bucket, "o");
    url.put("uploadType", "media");
    url.put("name", key);
    HttpContent body = new ByteArrayContent("text/plain", "put by java".getBytes(StandardCharsets.UTF_8));
    http(credentials()).buildPostRequest(url, body).execute().disconnect();
    return Map.of("put", key);
  }

  private static Map<String, Object> loopGet(String bucket, String key, double seconds)
      throws IOException, InterruptedException {
    GoogleCredentials credentials = credentials();
    HttpRequestFactory http = http(credentials);
    Set<String> tokens = new LinkedHashSet<>();
    int reads = 0;
    int errors = 0;
    String firstError = "";
    long until = System.nanoTime() + (long) (seconds * 1e9);
    while (System.nanoTime() - until < 0) {
      try {
        read(http, bucket, key);
        tokens.add(credentials.getAccessToken().getTokenValue());
        reads++;
      } catch (IOException error) {
        errors++;
        firstError = firstError.isEmpty() ? String.valueOf(error.getMessage()) : firstError;
      }
      Thread.sleep(PAUSE.toMillis());
    }
    Map<String, Object> result = new GenericJson();
    result.putAll(Map.of("reads", reads, "errors", errors, "tokens", tokens.size()));
    result.put("firstError", firstError.isEmpty() ? Data.NULL_STRING : firstError);
    return result;
  }

  private static Map<String, Object> run(String... args) throws IOException, InterruptedException {
    return switch (args[0]) {
      case "who" -> who();
      case "token" -> token();
      case "identity" -> identity(args[1]);
      case "ls" -> list(args[1], args.length > 2 ? args[2] : "");
      case "get" -> Map.of("body", read(http(credentials()), args[1], args[2]));
      case "put" -> write(args[1], args[2]);
      case "loop-get" -> loopGet(args[1], args[2], Double.parseDouble(args[3]));
      default -> throw new IllegalArgumentException("unknown verb " + args[0]);
    };
  }

  private static String errorCode(Exception error) {
    boolean denied = error instanceof HttpResponseException answer && answer.getStatusCode() == 403;
    return denied ? "AccessDenied" : error.getClass().getSimpleName();
  }

  public static void main(String[] args) throws InterruptedException, IOException {
    int status;
    try {
      Map<String, Object> result = run(args);
      System.out.println(JSON.toString(result));
      status = Integer.valueOf(0).equals(result.getOrDefault("errors", 0)) ? 0 : 1;
    } catch (IOException | RuntimeException error) {
      var line = Map.of("error", errorCode(error), "message", String.valueOf(error.getMessage()));
      System.out.println(JSON.toString(line));
      status = errorCode(error).equals("AccessDenied") ? 3 : 1;
    }
    System.exit(status);
  }
}
