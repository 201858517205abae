import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.core.useragent.BusinessMetricFeatureId;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * AWS SDK for Java v2 as anybody would use it: nothing about credentials, regions or endpoints is said here.
 *
 * <p>identity | creds | s3-ls BUCKET | s3-get BUCKET KEY | s3-put BUCKET KEY | loop-get BUCKET KEY SECONDS
 *
 * <p>One JSON line on stdout; exit 0, 3 when access was denied, 1 for everything else.
 */
public final class Client {
  private static final Duration PAUSE = Duration.ofMillis(250);
  private static final Pattern SIGNED_BY = Pattern.compile("Credential=([^/]+)/");

  private static S3Client s3(ExecutionInterceptor... interceptors) {
    return S3Client.builder()
        .forcePathStyle(true)
        .overrideConfiguration(c -> c.executionInterceptors(List.of(interceptors)))
        .build();
  }

  private static String read(S3Client client, String bucket, String key) {
    return client.getObjectAsBytes(r -> r.bucket(bucket).key(key)).asUtf8String();
  }

  private static Map<String, Object> identity() {
    var who = StsClient.create().getCallerIdentity();
    return answer("arn", who.arn(), "account", who.account());
  }

  private static Map<String, Object> creds() {
    AwsCredentialsIdentity found = DefaultCredentialsProvider.builder().build().resolveCredentials();
    return answer(
        "provider", found.providerName().map(Client::featureName).orElse(null),
        "accessKeyId", found.accessKeyId(),
        "hasToken", found instanceof AwsSessionCredentials,
        "expiration", found.expirationTime().map(Object::toString).orElse(null));
  }

  /** The SDK names a provider by the short id of its user-agent feature ("g"); this is the long one. */
  private static String featureName(String id) {
    return Arrays.stream(BusinessMetricFeatureId.values())
        .filter(feature -> id.equals(feature.value()))
        .map(Enum::name)
        .findFirst()
        .orElse(id);
  }

  private static Map<String, Object> list(String bucket) {
    return answer("keys", s3().listObjectsV2(r -> r.bucket(bucket)).contents().stream().map(S3Object::key).toList());
  }

  private static Map<String, Object> put(String bucket, String key) {
    s3().putObject(r -> r.bucket(bucket).key(key), RequestBody.fromString("put by java-v2"));
    return answer("put", key);
  }

  private static Map<String, Object> loopGet(String bucket, String key, double seconds) throws InterruptedException {
    Set<String> keyIds = new LinkedHashSet<>();
    var client = s3(new ExecutionInterceptor() {
      @Override
      public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
        context.httpRequest().firstMatchingHeader("Authorization").map(SIGNED_BY::matcher)
            .filter(Matcher::find).ifPresent(signed -> keyIds.add(signed.group(1)));
      }
    });
    int reads = 0;
    int errors = 0;
    String firstError = null;
    long until = System.nanoTime() + (long) (seconds * 1e9);
    while (System.nanoTime() - until < 0) {
      try {
        read(client, bucket, key);
        reads++;
      } catch (RuntimeException error) {
        errors++;
        firstError = firstError == null ? errorCode(error) : firstError;
      }
      Thread.sleep(PAUSE.toMillis());
    }
    return answer("reads", reads, "errors", errors, "accessKeyIds", keyIds, "firstError", firstError);
  }

  private static Map<String, Object> run(String... args) throws InterruptedException {
    return switch (args[0]) {
      case "identity" -> identity();
      case "creds" -> creds();
      case "s3-ls" -> list(args[1]);
      case "s3-get" -> answer("body", read(s3(), args[1], args[2]));
      case "s3-put" -> put(args[1], args[2]);
      case "loop-get" -> loopGet(args[1], args[2], Double.parseDouble(args[3]));
      default -> throw new IllegalArgumentException("unknown verb " + args[0]);
    };
  }

  public static void main(String[] args) throws InterruptedException {
    int status;
    try {
      Map<String, Object> result = run(args);
      System.out.println(json(result));
      status = Integer.valueOf(0).equals(result.getOrDefault("errors", 0)) ? 0 : 1;
    } catch (RuntimeException error) {
      System.out.println(json(answer("error", errorCode(error), "message", String.valueOf(error.getMessage()))));
      status = errorCode(error).equals("AccessDenied") ? 3 : 1;
    }
    System.exit(status);
  }

  private static String errorCode(RuntimeException error) {
    if (error instanceof AwsServiceException service && service.awsErrorDetails() != null) {
      return service.awsErrorDetails().errorCode();
    }
    return error.getClass().getSimpleName();
  }

  private static Map<String, Object> answer(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) map.put((String) pairs[i], pairs[i + 1]);
    return map;
  }

  private static String json(Object value) {
    if (value == null || value instanceof Number || value instanceof Boolean) return String.valueOf(value);
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream().map(e -> json(e.getKey()) + ":" + json(e.getValue())).collect(Collectors.joining(",", "{", "}"));
    }
    if (value instanceof Iterable<?> items) {
      List<String> parts = new ArrayList<>();
      items.forEach(item -> parts.add(json(item)));
      return "[" + String.join(",", parts) + "]";
    }
    return "\"" + value.toString().replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
  }
}
