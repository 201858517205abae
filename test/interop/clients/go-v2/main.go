// AWS SDK for Go v2 as anybody would use it: nothing about credentials, regions or endpoints is said here.
//
// client identity | creds | s3-ls BUCKET | s3-get BUCKET KEY | s3-put BUCKET KEY | loop-get BUCKET KEY SECONDS
// One JSON line on stdout; exit 0, 3 when access was denied, 1 for everything else.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const pause = 250 * time.Millisecond

type answer map[string]any

var signedBy = regexp.MustCompile(`Credential=([^/]+)/`)

func s3Client(cfg aws.Config, options ...func(*s3.Options)) *s3.Client {
	return s3.NewFromConfig(cfg, append(options, func(o *s3.Options) { o.UsePathStyle = true })...)
}

func read(ctx context.Context, client *s3.Client, bucket, key string) (string, error) {
	object, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return "", err
	}
	defer object.Body.Close()
	body, err := io.ReadAll(object.Body)
	return string(body), err
}

func errorCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprintf("%T", err)
}

func creds(ctx context.Context, cfg aws.Config) (answer, error) {
	found, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	var expiration any
	if found.CanExpire {
		expiration = found.Expires.UTC().Format(time.RFC3339)
	}
	return answer{"provider": found.Source, "accessKeyId": found.AccessKeyID, "hasToken": found.SessionToken != "", "expiration": expiration}, nil
}

func loopGet(ctx context.Context, cfg aws.Config, bucket, key string, seconds float64) answer {
	reads, failures, firstError := 0, 0, any(nil)
	keyIDs := []string{}
	note := middleware.FinalizeMiddlewareFunc("NoteAccessKeyID", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if request, ok := in.Request.(*smithyhttp.Request); ok {
			if signed := signedBy.FindStringSubmatch(request.Header.Get("Authorization")); signed != nil && !slices.Contains(keyIDs, signed[1]) {
				keyIDs = append(keyIDs, signed[1])
			}
		}
		return next.HandleFinalize(ctx, in)
	})
	client := s3Client(cfg, func(o *s3.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Finalize.Insert(note, "Signing", middleware.After)
		})
	})
	for until := time.Now().Add(time.Duration(seconds * float64(time.Second))); time.Now().Before(until); time.Sleep(pause) {
		if _, err := read(ctx, client, bucket, key); err == nil {
			reads++
		} else {
			failures++
			if firstError == nil {
				firstError = errorCode(err)
			}
		}
	}
	return answer{"reads": reads, "errors": failures, "accessKeyIds": keyIDs, "firstError": firstError}
}

func run(ctx context.Context, verb string, args []string) (answer, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	switch verb {
	case "identity":
		who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return nil, err
		}
		return answer{"arn": who.Arn, "account": who.Account}, nil
	case "creds":
		return creds(ctx, cfg)
	case "s3-ls":
		list, err := s3Client(cfg).ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &args[0]})
		if err != nil {
			return nil, err
		}
		keys := []string{}
		for _, item := range list.Contents {
			keys = append(keys, *item.Key)
		}
		return answer{"keys": keys}, nil
	case "s3-get":
		body, err := read(ctx, s3Client(cfg), args[0], args[1])
		return answer{"body": body}, err
	case "s3-put":
		_, err := s3Client(cfg).PutObject(ctx, &s3.PutObjectInput{Bucket: &args[0], Key: &args[1], Body: strings.NewReader("put by go-v2")})
		return answer{"put": args[1]}, err
	case "loop-get":
		seconds, err := strconv.ParseFloat(args[2], 64)
		if err != nil {
			return nil, err
		}
		return loopGet(ctx, cfg, args[0], args[1], seconds), nil
	}
	return nil, fmt.Errorf("unknown verb %q", verb)
}

func main() {
	result, err := run(context.Background(), os.Args[1], os.Args[2:])
	status := 0
	if err != nil {
		result = answer{"error": errorCode(err), "message": err.Error()}
		status = 1
		if errorCode(err) == "AccessDenied" {
			status = 3
		}
	} else if failures, ok := result["errors"].(int); ok && failures > 0 {
		status = 1
	}
	line, _ := json.Marshal(result)
	fmt.Println(string(line))
	os.Exit(status)
}
