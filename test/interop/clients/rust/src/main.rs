//! AWS SDK for Rust as anybody would use it: nothing about credentials, regions or endpoints is said here.
//!
//! client identity | creds | s3-ls BUCKET | s3-get BUCKET KEY | s3-put BUCKET KEY | loop-get BUCKET KEY SECONDS
//! One JSON line on stdout; exit 0, 3 when access was denied, 1 for everything else.

use std::error::Error;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::{BoxError, ProvideErrorMetadata};
use aws_sdk_s3::primitives::{ByteStream, DateTime, DateTimeFormat};

const PAUSE: Duration = Duration::from_millis(250);

struct Failure {
    code: String,
    message: String,
}

/// Service errors carry their code; everything else is told by the chain of causes.
fn failure<E: ProvideErrorMetadata + Error + 'static>(error: E) -> Failure {
    let code = error.code().unwrap_or("Unknown").to_owned();
    let mut message = error.to_string();
    let mut cause: Option<&dyn Error> = error.source();
    while let Some(inner) = cause {
        message = format!("{message}: {inner}");
        cause = inner.source();
    }
    Failure { code, message }
}

fn other(code: &str, message: impl ToString) -> Failure {
    Failure { code: code.to_owned(), message: message.to_string() }
}

/// Which access key signed each request that really left.
#[derive(Clone, Debug, Default)]
struct KeyIds(Arc<Mutex<Vec<String>>>);

impl Intercept for KeyIds {
    fn name(&self) -> &'static str {
        "KeyIds"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let header = context.request().headers().get("authorization").unwrap_or_default();
        if let Some(id) = header.split("Credential=").nth(1).and_then(|rest| rest.split('/').next()) {
            let mut seen = self.0.lock().unwrap();
            if !seen.iter().any(|known| known == id) {
                seen.push(id.to_owned());
            }
        }
        Ok(())
    }
}

fn s3(config: &SdkConfig, key_ids: &KeyIds) -> aws_sdk_s3::Client {
    let options = aws_sdk_s3::config::Builder::from(config).force_path_style(true).interceptor(key_ids.clone());
    aws_sdk_s3::Client::from_conf(options.build())
}

async fn read(client: &aws_sdk_s3::Client, bucket: &str, key: &str) -> Result<String, Failure> {
    let object = client.get_object().bucket(bucket).key(key).send().await.map_err(failure)?;
    let body = object.body.collect().await.map_err(|error| other("Body", error))?;
    Ok(String::from_utf8_lossy(&body.into_bytes()).into_owned())
}

async fn creds(config: &SdkConfig) -> Result<String, Failure> {
    let provider = config.credentials_provider().ok_or_else(|| other("NoProvider", "no provider"))?;
    let found = provider.provide_credentials().await.map_err(|error| other("CredentialsError", format!("{error:?}")))?;
    // The provider's name has no getter; the redacted debug form begins with it.
    let debug = format!("{found:?}");
    let expiration = found
        .expiry()
        .and_then(|at| DateTime::from(at).fmt(DateTimeFormat::DateTime).ok())
        .map_or("null".to_owned(), |at| format!("{at:?}"));
    Ok(format!(
        r#"{{"provider":{:?},"accessKeyId":{:?},"hasToken":{},"expiration":{expiration}}}"#,
        debug.split('"').nth(1).unwrap_or(""),
        found.access_key_id(),
        found.session_token().is_some(),
    ))
}

async fn loop_get(config: &SdkConfig, bucket: &str, key: &str, seconds: f64) -> String {
    let key_ids = KeyIds::default();
    let client = s3(config, &key_ids);
    let (mut reads, mut errors, mut first_error) = (0, 0, "null".to_owned());
    let until = Instant::now() + Duration::from_secs_f64(seconds);
    while Instant::now() < until {
        match read(&client, bucket, key).await {
            Ok(_) => reads += 1,
            Err(error) => {
                if errors == 0 {
                    first_error = format!("{:?}", error.code);
                }
                errors += 1;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    let key_ids = key_ids.0.lock().unwrap();
    format!(r#"{{"reads":{reads},"errors":{errors},"accessKeyIds":{key_ids:?},"firstError":{first_error}}}"#)
}

async fn run(args: &[&str]) -> Result<String, Failure> {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
    let client = || s3(&config, &KeyIds::default());
    match *args {
        ["identity"] => {
            let who = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await.map_err(failure)?;
            Ok(format!(r#"{{"arn":{:?},"account":{:?}}}"#, who.arn().unwrap_or(""), who.account().unwrap_or("")))
        }
        ["creds"] => creds(&config).await,
        ["s3-ls", bucket] => {
            let list = client().list_objects_v2().bucket(bucket).send().await.map_err(failure)?;
            let keys: Vec<_> = list.contents().iter().filter_map(|item| item.key()).collect();
            Ok(format!(r#"{{"keys":{keys:?}}}"#))
        }
        ["s3-get", bucket, key] => Ok(format!(r#"{{"body":{:?}}}"#, read(&client(), bucket, key).await?)),
        ["s3-put", bucket, key] => {
            let body = ByteStream::from_static(b"put by rust");
            client().put_object().bucket(bucket).key(key).body(body).send().await.map_err(failure)?;
            Ok(format!(r#"{{"put":{key:?}}}"#))
        }
        ["loop-get", bucket, key, seconds] => {
            let seconds = seconds.parse().map_err(|error| other("Usage", error))?;
            Ok(loop_get(&config, bucket, key, seconds).await)
        }
        _ => Err(other("Usage", "unknown verb")),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args.iter().map(String::as_str).collect::<Vec<_>>()).await {
        Ok(line) => {
            println!("{line}");
            let failed = line.contains(r#""errors":"#) && !line.contains(r#""errors":0"#);
            ExitCode::from(u8::from(failed))
        }
        Err(Failure { code, message }) => {
            println!(r#"{{"error":{code:?},"message":{message:?}}}"#);
            ExitCode::from(if code == "AccessDenied" { 3 } else { 1 })
        }
    }
}
