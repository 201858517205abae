// Google's libraries for Go as anybody would use them: nothing about credentials, projects or endpoints is said here.
//
// client who | token | identity AUDIENCE | ls BUCKET [PREFIX] | get BUCKET KEY | put BUCKET KEY | loop-get BUCKET KEY SECONDS
// One JSON line on stdout; exit 0, 3 when access was denied, 1 for everything else.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/auth/credentials"
	"cloud.google.com/go/auth/httptransport"
	"cloud.google.com/go/compute/metadata"
	"cloud.google.com/go/storage"
	"golang.org/x/oauth2/google"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/idtoken"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
)

const pause = 250 * time.Millisecond

type answer map[string]any

func who(ctx context.Context) (answer, error) {
	email, err := metadata.EmailWithContext(ctx, "default")
	if err != nil {
		return nil, err
	}
	credentials, err := google.FindDefaultCredentials(ctx, storage.ScopeFullControl)
	if err != nil {
		return nil, err
	}
	return answer{"email": email, "project": credentials.ProjectID}, nil
}

func token(ctx context.Context) (answer, error) {
	credentials, err := google.FindDefaultCredentials(ctx, "https://www.googleapis.com/auth/cloud-platform")
	if err != nil {
		return nil, err
	}
	found, err := credentials.TokenSource.Token()
	if err != nil {
		return nil, err
	}
	return answer{"token": found.AccessToken, "expiresIn": int(time.Until(found.Expiry).Seconds() + 0.5)}, nil
}

func identity(ctx context.Context, audience string) (answer, error) {
	source, err := idtoken.NewTokenSource(ctx, audience)
	if err != nil {
		return nil, err
	}
	found, err := source.Token()
	if err != nil {
		return nil, err
	}
	return answer{"token": found.AccessToken}, nil
}

func list(ctx context.Context, client *storage.Client, bucket, prefix string) (answer, error) {
	keys := []string{}
	items := client.Bucket(bucket).Objects(ctx, &storage.Query{Prefix: prefix})
	for {
		item, err := items.Next()
		if errors.Is(err, iterator.Done) {
			return answer{"keys": keys}, nil
		}
		if err != nil {
			return nil, err
		}
		keys = append(keys, item.Name)
	}
}

func read(ctx context.Context, client *storage.Client, bucket, key string) (string, error) {
	reader, err := client.Bucket(bucket).Object(key).NewReader(ctx)
	if err != nil {
		return "", err
	}
	defer reader.Close()
	body, err := io.ReadAll(reader)
	return string(body), err
}

func write(ctx context.Context, client *storage.Client, bucket, key string) (answer, error) {
	writer := client.Bucket(bucket).Object(key).NewWriter(ctx)
	writer.ChunkSize = 0
	if _, err := writer.Write([]byte("put by go")); err != nil {
		return nil, err
	}
	return answer{"put": key}, writer.Close()
}

// Notes the bearers that the storage client sends.
type noting struct {
	base   http.RoundTripper
	tokens map[string]bool
}

func (n noting) RoundTrip(request *http.Request) (*http.Response, error) {
	n.tokens[request.Header.Get("Authorization")] = true
	return n.base.RoundTrip(request)
}

// The transport that storage.NewClient makes by itself, with an eye on what it sends.
func notingClient(ctx context.Context, tokens map[string]bool) (*storage.Client, error) {
	authorized, err := httptransport.NewClient(&httptransport.Options{
		BaseRoundTripper: noting{http.DefaultTransport, tokens},
		DetectOpts:       &credentials.DetectOptions{Scopes: []string{storage.ScopeFullControl}},
	})
	if err != nil {
		return nil, err
	}
	return storage.NewClient(ctx, storage.WithJSONReads(), option.WithHTTPClient(authorized))
}

func loopGet(ctx context.Context, bucket, key string, seconds float64) (answer, error) {
	reads, failures, firstError := 0, 0, any(nil)
	tokens := map[string]bool{}
	client, err := notingClient(ctx, tokens)
	if err != nil {
		return nil, err
	}
	for until := time.Now().Add(time.Duration(seconds * float64(time.Second))); time.Now().Before(until); time.Sleep(pause) {
		if _, err := read(ctx, client, bucket, key); err == nil {
			reads++
		} else {
			failures++
			if firstError == nil {
				firstError = err.Error()
			}
		}
	}
	return answer{"reads": reads, "errors": failures, "tokens": len(tokens), "firstError": firstError}, nil
}

func run(ctx context.Context, verb string, args []string) (answer, error) {
	switch verb {
	case "who":
		return who(ctx)
	case "token":
		return token(ctx)
	case "identity":
		return identity(ctx, args[0])
	case "loop-get":
		seconds, err := strconv.ParseFloat(args[2], 64)
		if err != nil {
			return nil, err
		}
		return loopGet(ctx, args[0], args[1], seconds)
	}
	client, err := storage.NewClient(ctx, storage.WithJSONReads())
	if err != nil {
		return nil, err
	}
	switch verb {
	case "ls":
		return list(ctx, client, args[0], strings.Join(args[1:], ""))
	case "get":
		body, err := read(ctx, client, args[0], args[1])
		return answer{"body": body}, err
	case "put":
		return write(ctx, client, args[0], args[1])
	}
	return nil, fmt.Errorf("unknown verb %q", verb)
}

func errorCode(err error) string {
	var api *googleapi.Error
	if errors.As(err, &api) && api.Code == http.StatusForbidden {
		return "AccessDenied"
	}
	return fmt.Sprintf("%T", err)
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
